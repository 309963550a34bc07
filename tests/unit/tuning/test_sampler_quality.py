"""``tpe`` and ``cmaes`` find better points than ``random``: a guard against a sampler that silently
is random.

The functions, trials and seeds were written down before any result was seen. ``-m long`` has the
full form.
"""

import math
import statistics
from functools import cache
from typing import Any

import drawn
import pytest
from drawn import needs_cmaes

from quantamm_cli.tuning.samplers.base import Sampler
from quantamm_cli.tuning.samplers.cmaes import CmaEs
from quantamm_cli.tuning.samplers.random import Random
from quantamm_cli.tuning.samplers.tpe import TPE

FUNCTIONS = {"mixed6": (drawn.MIXED6, drawn.mixed6), "rosen6": (drawn.ROSEN6, drawn.rosen6)}
LEARNERS = [pytest.param(TPE(), id="tpe"), pytest.param(CmaEs(), id="cmaes", marks=needs_cmaes)]


@cache
def best(sampler: Sampler, name: str, trials: int, seed: int) -> float:
    space, score = FUNCTIONS[name]
    return drawn.searched(sampler, space, score, trials, seed).best_value


def lead(sampler: Sampler, name: str, trials: int, seeds: int) -> tuple[float, float]:
    """How much better than random search in the mean of the seeds, and its standard error."""
    apart: list[list[Any]] = [
        [best(each, name, trials, seed) for seed in range(seeds)] for each in (sampler, Random())
    ]
    means = [statistics.fmean(values) for values in apart]
    error = math.sqrt(sum(statistics.variance(values) for values in apart) / seeds)
    return means[0] - means[1], error


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("sampler", LEARNERS)
def test_it_beats_random_search_early(sampler: Sampler, name: str) -> None:
    """By two standard errors over 4 seeds at 60 trials."""
    ahead, error = lead(sampler, name, trials=60, seeds=4)
    assert ahead > 2 * error


@pytest.mark.long
@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("sampler", LEARNERS)
def test_it_beats_random_search(sampler: Sampler, name: str) -> None:
    """By more than two standard errors over 8 seeds at 120 trials."""
    ahead, error = lead(sampler, name, trials=120, seeds=8)
    assert ahead > 2 * error
