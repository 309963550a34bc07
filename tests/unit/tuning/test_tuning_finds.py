"""Studies find a best memory that is known: ``tpe`` does where ``random`` does not, and ``wilcoxon``
with fewer cycles.

The market, the trials and the seeds are those of ``trending``.
"""

import math
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import trending

from quantamm_cli.tuning.leases import Lease, lease
from quantamm_cli.tuning.pruners.base import Pruner
from quantamm_cli.tuning.pruners.none import NoPruner
from quantamm_cli.tuning.pruners.wilcoxon import Wilcoxon
from quantamm_cli.tuning.samplers.base import Sampler
from quantamm_cli.tuning.samplers.random import Random
from quantamm_cli.tuning.samplers.tpe import TPE
from quantamm_cli.tuning.settings import Study as StudySettings
from quantamm_cli.tuning.shape import StudyShape
from quantamm_cli.tuning.study import Attempt, Study, create_study

TRIALS, SEEDS, FACTOR = 40, range(5), 1.25
IN_TIME = tuple(range(trending.CYCLES))


@dataclass(frozen=True)
class Found:
    """What a study found, and what it took."""

    memory_days: float
    value: float
    cycles: int
    pruned: int

    @property
    def near(self) -> bool:
        return abs(math.log(self.memory_days / trending.BEST)) <= math.log(FACTOR)


def study_of(
    folder: Path,
    sampler: Sampler,
    pruner: Pruner,
    seed: int,
    score: trending.Score,
    order: Sequence[int] = IN_TIME,
) -> Found:
    """A study of walk-forwards in a journal, by a worker of its own, as ``qsim tune`` does it."""
    shape = StudyShape.of(trending.SPACE, TRIALS, cycles=len(order))
    settings = StudySettings(
        trials=TRIALS, seed=seed, sampler=sampler.resolved(shape), pruner=pruner.resolved(shape)
    )
    (folder / "workers").mkdir(parents=True)
    create_study(folder / "study.journal", "study", 1, {})
    study = Study(folder / "study.journal", "study", settings, len(order))
    study.add_slots(TRIALS)
    memories, cycles = {}, 0
    with lease(study.workers, "1", time.time()) as own:
        while (attempt := study.claim(own)) is not None:
            attempt.draw()
            values = {key: attempt.suggest(key, spec) for key, spec in trending.SPACE.items()}
            memories[attempt.number] = values["params.memory_days"]
            scores: list[float] = []
            for part, cycle in enumerate(order, 1):
                scores.append(score(values, cycle))
                mean = statistics.fmean(scores)
                told = scores[-1] if settings.pruner.by_cycle_scores else mean
                if attempt.report(part, told) and part < len(order):
                    attempt.prune(f"after cycle {part}")
                    break
            else:
                attempt.finish([mean], {})
            cycles += len(scores)
    ended = study.trials
    best = max((trial for trial in ended if trial.values), key=lambda trial: trial.values[0])
    pruned = sum(trial.state == "pruned" for trial in ended)
    return Found(memories[best.number], best.values[0], cycles, pruned)
