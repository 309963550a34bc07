"""Studies in memory whose values are drawn as those of ``qsim tune``: by a sampler made anew for
each draw, with the seed of that draw.
"""

import logging
import math
import warnings
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import pytest

from quantamm_cli.tuning.optuna import optuna
from quantamm_cli.tuning.samplers.base import Sampler, draw_seed
from quantamm_cli.tuning.space import Choices, Range

needs_cmaes = pytest.mark.skipif(find_spec("cmaes") is None, reason="the package cmaes")
Space = Mapping[str, Range | Choices]
Values = dict[str, Any]
Score = Callable[[Values], float | tuple[float, ...]]
Exists = Callable[[str, Values], bool]


def everywhere(key: str, values: Values) -> bool:
    """A space without conditions."""
    return True


def study(objectives: int = 1) -> optuna.Study:
    """In memory; what Optuna would say of its samplers is an error."""
    optuna.logging.set_verbosity(logging.CRITICAL)
    return optuna.create_study(directions=["maximize"] * objectives)


def draw(
    sampler: Sampler,
    trial: optuna.Trial,
    space: Space,
    seed: int = 0,
    exists: Exists = everywhere,
) -> Values:
    """The values of a trial."""

    def reseed(key: str) -> None:
        made = sampler.make(draw_seed(seed, trial.number, key), seed, trial.number)
        trial.study.sampler = made

    reseed("")
    _ = trial.relative_params
    values: Values = {}
    for key, spec in space.items():
        if not exists(key, values):
            continue
        reseed(key)
        if isinstance(spec, Choices):
            values[key] = trial.suggest_categorical(key, list(spec.values))
        elif spec.integer:
            values[key] = trial.suggest_int(key, int(spec.low), int(spec.high), log=spec.log)
        else:
            values[key] = trial.suggest_float(key, spec.low, spec.high, log=spec.log)
    return values


def searched(
    sampler: Sampler,
    space: Space,
    score: Score,
    trials: int,
    seed: int = 0,
    exists: Exists = everywhere,
    into: optuna.Study | None = None,
) -> optuna.Study:
    """A study of so many trials, or one that is continued to so many."""
    into = into or study()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        while len(into.get_trials(deepcopy=False)) < trials:
            trial = into.ask()
            values = score(draw(sampler, trial, space, seed, exists))
            into.tell(trial, values)
    return into


FLOATS = {f"x{number}": Range(1e-4, 1.0, True, None, False) for number in range(4)}
MIXED6: Space = {
    **FLOATS,
    "count": Range(1, 20, False, None, True),
    "kind": Choices(("one", "two", "three")),
}
ROSEN6: Space = {f"x{number}": Range(-2.0, 2.0, False, None, False) for number in range(6)}


def mixed6(values: Values) -> float:
    """Distance from the best of four floats on a log scale, a whole number and a choice: a bowl
    that is steeper in some settings than in others, and the choice adds to it.
    """
    best, weights = (3e-2, 1e-3, 0.2, 5e-3), (1.0, 0.5, 0.25, 0.1)
    bowl = sum(
        weight * math.log10(values[f"x{number}"] / place) ** 2
        for number, (place, weight) in enumerate(zip(best, weights, strict=True))
    )
    bowl += ((values["count"] - 7) / 10) ** 2
    return -(math.sqrt(bowl) + {"one": 0.3, "two": 0.0, "three": 0.6}[values["kind"]])


def rosen6(values: Values) -> float:
    """Square root of Rosenbrock's function in six dimensions: a bent valley."""
    x = [values[f"x{number}"] for number in range(6)]
    total = sum(
        100 * (following - each**2) ** 2 + (1 - each) ** 2 for each, following in pairwise(x)
    )
    return -math.sqrt(total)
