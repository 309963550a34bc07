"""Every sampler draws values of the space, the same ones for the same seeds."""

from importlib.util import find_spec
from typing import Any

import drawn
import pytest
from kinds import build, components

from quantamm_cli.tuning.samplers.base import Sampler
from quantamm_cli.tuning.shape import StudyShape
from quantamm_cli.tuning.space import Choices, Range

GROUP = "study/sampler"
PACKAGES = {"cmaes": "cmaes", "gp": "torch"}
"""What a sampler needs that need not be installed."""


def marked(name: str) -> Any:
    """A case that is skipped where a package is missing."""
    package = PACKAGES.get(name, "optuna")
    missing = pytest.mark.skipif(find_spec(package) is None, reason=f"the package {package}")
    return pytest.param(name, marks=missing)


samplers = pytest.mark.parametrize("name", list(map(marked, components(GROUP))))
SPACE: drawn.Space = {
    "rate": Range(1e-3, 1.0, True, None, False),
    "count": Range(1, 9, False, None, True),
    "kind": Choices(("one", "two", "three")),
}
TRIALS = 14


def sampler(name: str) -> Sampler:
    shape = StudyShape(TRIALS, ranges=2, choices=1)
    return Sampler.typed(build(GROUP, name)).resolved(shape)


def score(values: drawn.Values) -> float:
    return -abs(values["rate"] - 0.1) - (values["count"] - 5) ** 2 + len(values["kind"])


@samplers
def test_its_values_are_in_the_space(name: str) -> None:
    """From the first trial to those that it has learned from."""
    study = drawn.searched(sampler(name), SPACE, score, TRIALS)
    for trial in study.get_trials(deepcopy=False):
        assert trial.params.keys() == SPACE.keys()
        assert all(SPACE[key].holds(value) for key, value in trial.params.items())


@samplers
def test_it_draws_the_same_again(name: str) -> None:
    """In another study of one seed, and not of another seed."""
    one, again, other = (
        [trial.params for trial in drawn.searched(sampler(name), SPACE, score, TRIALS, seed).trials]
        for seed in (0, 0, 1)
    )
    assert one == again
    assert one != other


@samplers
def test_it_is_resolved_once(name: str) -> None:
    """What it is resolved to depends on nothing any more."""
    own = sampler(name)
    shape = StudyShape(TRIALS, ranges=1, conditional=True)
    assert own.resolved(shape) == own
    assert own.kind != "auto"
