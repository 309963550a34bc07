"""Samplers: each draw depends on its seeds and on the trials before, each learns what it should,
and what a sampler cannot search is refused.
"""

import inspect
import math
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import drawn
import pytest
from drawn import needs_cmaes
from kinds import build, components

from quantamm_cli.errors import ConfigError
from quantamm_cli.tuning.optuna import optuna, quietly
from quantamm_cli.tuning.samplers import base
from quantamm_cli.tuning.samplers.auto import Auto
from quantamm_cli.tuning.samplers.base import Sampler
from quantamm_cli.tuning.samplers.cmaes import CmaEs
from quantamm_cli.tuning.samplers.nsga2 import NSGA2
from quantamm_cli.tuning.samplers.qmc import QuasiMonteCarlo
from quantamm_cli.tuning.samplers.random import Random
from quantamm_cli.tuning.samplers.tpe import TPE
from quantamm_cli.tuning.samplers.tpe_independent import IndependentTPE
from quantamm_cli.tuning.shape import StudyShape
from quantamm_cli.tuning.space import Choices, Range

SHAPE = StudyShape(trials=60, ranges=3, choices=1)
PACKAGES = {"cmaes": "cmaes", "gp": "torch"}
DRAWING = [name for name in components("study/sampler") if name not in ("auto", "gp")]
drawing = pytest.mark.parametrize(
    "name", [pytest.param(each, marks=needs_cmaes if each == "cmaes" else ()) for each in DRAWING]
)
LEARNING = ("cmaes", "nsga2", "nsga3", "tpe", "tpe_independent")
TRIALS = 34
SPACE: drawn.Space = {
    "rate": Range(1e-3, 1.0, True, None, False),
    "count": Range(1, 9, False, None, True),
    "kind": Choices(("one", "two", "three")),
    "width": Range(0.0, 1.0, False, None, False),
}
BRANCHES = {"width": "one"}


def score(values: drawn.Values) -> float:
    return (
        -(math.log(values["rate"] / 0.02) ** 2)
        - (values["count"] - 6) ** 2
        + len(values["kind"])
        - values.get("width", 1.0)
    )


def exists(key: str, values: drawn.Values) -> bool:
    """``width`` is a setting of kind one only."""
    return key not in BRANCHES or values["kind"] == BRANCHES[key]


def sampler(name: str, shape: StudyShape = SHAPE) -> Sampler:
    return Sampler.typed(build("study/sampler", name)).resolved(shape)


def conditional(name: str) -> Sampler:
    return sampler(name, StudyShape(trials=60, ranges=3, choices=1, conditional=True))


def params(study: optuna.Study) -> list[dict[str, Any]]:
    return [trial.params for trial in study.get_trials(deepcopy=False)]


@drawing
def test_a_study_is_the_same_twice_and_after_a_kill(name: str) -> None:
    """In a space with a condition: killed after it drew, a trial is drawn anew under its number."""
    whole = drawn.searched(conditional(name), SPACE, score, TRIALS, exists=exists)
    halved = drawn.study()
    for stop in (1, 17, 29):
        drawn.searched(conditional(name), SPACE, score, stop, exists=exists, into=halved)
        killed = halved.ask()
        drawn.draw(conditional(name), killed, SPACE, exists=exists)
        again = optuna.Trial(halved, killed._trial_id)
        halved.tell(again, score(drawn.draw(conditional(name), again, SPACE, exists=exists)))
    drawn.searched(conditional(name), SPACE, score, TRIALS, exists=exists, into=halved)
    assert params(whole) == params(halved)
    assert all(("width" in each) == (each["kind"] == "one") for each in params(whole))


@drawing
def test_a_trial_killed_before_its_values_were_stored_has_the_same(name: str) -> None:
    """The values that are drawn together are drawn once more."""
    whole = drawn.searched(sampler(name), SPACE, score, 24)
    halved = drawn.searched(sampler(name), SPACE, score, 23)
    killed = halved.ask()
    halved.sampler = sampler(name).make(base.draw_seed(0, 23, ""), 0, 23)
    _ = killed.relative_params
    again = optuna.Trial(halved, killed._trial_id)
    drawn.draw(sampler(name), again, SPACE)
    assert params(whole)[23] == params(halved)[23]


@drawing
def test_the_seed_of_the_study_matters(name: str) -> None:
    one, other = (drawn.searched(sampler(name), SPACE, score, 4, seed) for seed in (0, 1))
    assert all(mine != its for mine, its in zip(params(one)[1:], params(other)[1:], strict=True))


@drawing
def test_it_is_not_silently_random(name: str) -> None:
    """From where it has learned, no float is the one that ``random`` draws with the same seed."""
    random = params(drawn.searched(Random(), SPACE, score, TRIALS))
    own = params(drawn.searched(sampler(name), SPACE, score, TRIALS))
    alike = [mine["rate"] == its["rate"] for mine, its in zip(own, random, strict=True)]
    if name in ("random", "grid"):
        assert all(alike)
    else:
        startup = {"cmaes": 1, "qmc": 1, "nsga2": 10, "nsga3": 10}.get(name, 10)
        assert sum(alike[startup:]) <= 0.3 * (TRIALS - startup)
        assert name in LEARNING or name == "qmc"


@pytest.mark.parametrize("name", LEARNING)
def test_it_learns(name: str) -> None:
    """The last trials are better than the first in the median."""
    if name == "cmaes":
        pytest.importorskip("cmaes")
    scores = [
        trial.value or 0.0 for trial in drawn.searched(sampler(name), SPACE, score, 60).trials
    ]
    first, last = sorted(scores[:10])[5], sorted(scores[-10:])[5]
    assert last > first + 2


def test_groups_change_nothing_without_conditions() -> None:
    """They would model the space as one: the same trials."""
    apart, together = (
        drawn.searched(TPE(by_branch=grouped), SPACE, score, TRIALS) for grouped in (True, False)
    )
    assert params(apart) == params(together)


def test_branches_are_modelled_where_there_are_conditions() -> None:
    """Only then: with the default, the settings of a branch are drawn together with the rest."""
    assert conditional("tpe") == TPE(by_branch=True)
    assert sampler("tpe") == TPE(by_branch=False)
    assert TPE(by_branch=False).resolved(StudyShape(9, 1, 1, conditional=True)) == TPE(
        by_branch=False
    )
    study = drawn.searched(conditional("tpe"), SPACE, score, 20, exists=exists)
    trial = study.ask()
    study.sampler = conditional("tpe").make(1, 0, trial.number)
    assert trial.relative_params.keys() == SPACE.keys()


@pytest.mark.parametrize("objectives", [1, 2])
def test_tpe_is_that_of_optuna(objectives: int) -> None:
    """Joint with one objective, each setting by itself with several."""
    made = TPE(by_branch=False).make(0, 0, 0)
    assert made._is_multivariate(drawn.study(objectives)) == (objectives == 1)  # type: ignore[attr-defined]
    assert not IndependentTPE().make(0, 0, 0)._is_multivariate(drawn.study(1))  # type: ignore[attr-defined]


def test_quasi_random_points_are_those_of_the_sequence() -> None:
    """Trial n has point n, whatever was drawn before it and however often."""
    from scipy.stats.qmc import Sobol

    space = {"a": Range(0.0, 1.0), "b": Range(0.0, 1.0)}
    study = drawn.searched(QuasiMonteCarlo(), space, lambda values: values["a"], 9, seed=5)
    points = Sobol(2, scramble=True, seed=5).random(16)
    for number, each in enumerate(params(study)[1:], 1):
        assert [each["a"], each["b"]] == pytest.approx(points[number], abs=1e-12)


@needs_cmaes
def test_a_replayed_distribution_is_the_one_that_optuna_pickles() -> None:
    """On the same finished trials: mean, step size and covariance."""
    import numpy as np
    from optuna._transform import _SearchSpaceTransform
    from optuna.study import StudyDirection

    study = drawn.study()
    with quietly():
        study.sampler = optuna.samplers.CmaEsSampler(seed=3)
    space = {f"x{number}": Range(0.0, 1.0) for number in range(3)}
    while len(study.trials) < 40:
        trial = study.ask()
        values = [trial.suggest_float(key, each.low, each.high) for key, each in space.items()]
        study.tell(trial, -sum((value - 0.3) ** 2 for value in values))
    trials = study.get_trials(deepcopy=False)
    theirs = optuna.samplers.CmaEsSampler()._restore_optimizer(trials)
    ours: Any = CmaEs().make(1, 0, 40)
    ours._restore_optimizer(trials)
    trans = _SearchSpaceTransform(trials[0].distributions, transform_0_1=True)
    mine = ours._init_optimizer(trans, StudyDirection.MAXIMIZE)
    assert theirs is not None and mine.generation == theirs.generation >= 4
    for name in ("_mean", "_C", "_sigma"):  # pickling keeps half of a symmetric matrix: last bits
        np.testing.assert_allclose(getattr(mine, name), getattr(theirs, name), rtol=1e-12)


@needs_cmaes
def test_nothing_is_pickled_into_a_study() -> None:
    study = drawn.searched(sampler("cmaes"), SPACE, score, 40)
    keys = {key for trial in study.trials for key in trial.system_attrs}
    assert "cma:generation" in keys
    assert not any("optimizer" in key for key in keys)


def test_the_private_parts_of_optuna_are_there() -> None:
    """What ``tuning/stateless.py`` overrides and calls; an update that renames it stops here."""
    cma, qmc = optuna.samplers.CmaEsSampler, optuna.samplers.QMCSampler
    expected: dict[Callable[..., Any], list[str]] = {
        qmc._find_sample_id: ["self", "study", "search_space"],
        cma._restore_optimizer: ["self", "completed_trials"],
        cma._init_optimizer: ["self", "trans", "direction"],
        cma._get_solution_trials: ["self", "trials", "generation"],
    }
    for method, names in expected.items():
        assert list(inspect.signature(method).parameters) == names
    source = inspect.getsource(qmc._sample_qmc)
    assert "self._find_sample_id(study, search_space)" in source
    assert inspect.getsource(cma.sample_relative).count("pickle.dumps") == 1


@pytest.mark.parametrize(
    ("name", "shape", "error"),
    [
        ("cmaes", StudyShape(60, 0, 2), "cmaes searches numbers, and this space has choices only"),
        ("cmaes", StudyShape(60, 2, objectives=2), "cmaes has one objective, and this study has 2"),
        ("cmaes", StudyShape(60, 2, constrained=True), "cmaes knows no constraints; use tpe"),
    ],
)
def test_what_it_cannot_search_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, shape: StudyShape, error: str
) -> None:
    monkeypatch.setattr(base, "find_spec", lambda package: ModuleType(package))
    with pytest.raises(ConfigError, match=error) as refused:
        sampler(name, shape)
    assert refused.value.where == "study.sampler"


@pytest.mark.parametrize(("name", "package"), PACKAGES.items())
def test_a_package_that_is_not_installed_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, package: str
) -> None:
    """In one line, with what to type."""
    monkeypatch.setattr(base, "find_spec", lambda package: None)
    with pytest.raises(ConfigError) as refused:
        sampler(name)
    assert refused.value.message == (
        f"{name} needs the package {package}; install it (pip install 'quantamm-cli[{name}]'), or "
        "choose another sampler: qsim show samplers"
    )
    assert "\n" not in str(refused.value)


@needs_cmaes
@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        (StudyShape(40, 3), "cmaes"),
        (StudyShape(39, 3), "tpe"),
        (StudyShape(40, 3, choices=1), "tpe"),
        (StudyShape(40, 3, conditional=True), "tpe"),
        (StudyShape(40, 3, objectives=2), "tpe"),
        (StudyShape(40, 3, constrained=True), "tpe"),
    ],
)
def test_auto_is_cmaes_where_that_suits(shape: StudyShape, kind: str) -> None:
    chosen = Auto().resolved(shape)
    assert chosen.kind == kind
    assert chosen == sampler(kind, shape)


def test_auto_does_without_cmaes(monkeypatch: pytest.MonkeyPatch) -> None:
    module = sys.modules[Auto.__module__]
    monkeypatch.setattr(module, "find_spec", lambda package: None)
    assert Auto().resolved(StudyShape(40, 3)).kind == "tpe"
    with pytest.raises(TypeError, match="before it is resolved"):
        Auto().make(0, 0, 0)


def test_a_generation_as_long_as_the_study_is_noted() -> None:
    """All of its trials are random."""
    few = StudyShape(10, 2)
    assert NSGA2().advice(few).startswith("all 10 trials are random: nsga2 learns after its first")
    assert NSGA2().advice(StudyShape(11, 2)) == NSGA2(population=5).advice(few) == ""


@pytest.mark.parametrize("name", ["nsga2", "nsga3", "tpe", "tpe_independent", "qmc", "random"])
def test_several_objectives(name: str) -> None:
    """Trials come nearer to the front, from which they keep no distance in the sum."""
    space = {"a": Range(0.0, 1.0), "b": Range(0.0, 1.0)}

    def both(values: drawn.Values) -> tuple[float, float]:
        return values["a"] - values["b"], 1 - values["a"] - values["b"]

    study = drawn.searched(sampler(name), space, both, 60, into=drawn.study(2))
    sums = [sum(trial.values) for trial in study.trials]
    if name in LEARNING:
        assert sorted(sums[-10:])[5] > sorted(sums[:10])[5] + 0.15
    assert all(sum(trial.values) > 0.5 for trial in study.best_trials)
