"""Samplers of Optuna changed so that they hold nothing but what the trials in the storage say.

Both override private methods; ``tests/unit/tuning/test_samplers.py`` has a canary for them.
"""

from typing import Any

import numpy as np
from optuna.study import StudyDirection

from quantamm_cli.tuning.optuna import FrozenTrial, optuna


class NumberedQMC(optuna.samplers.QMCSampler):
    """Quasi-random points of which trial n takes the n-th.

    Optuna counts its calls in the study: a trial that is claimed twice would skip a point.
    """

    def __init__(self, number: int, **options: Any) -> None:
        super().__init__(**options)
        self._number = number

    def _find_sample_id(self, study: optuna.Study, search_space: Any) -> int:
        return self._number


class ReplayedCmaEs(optuna.samplers.CmaEsSampler):
    """CMA-ES whose distribution is computed anew from the finished trials, in the order in which
    they ended.

    Optuna stores it pickled in its trials. Reading that would run the code of whoever wrote the
    journal.
    """

    _finished: list[FrozenTrial]

    def _restore_optimizer(self, completed_trials: list[FrozenTrial]) -> None:
        self._finished = sorted(completed_trials, key=_end)

    def _init_optimizer(self, trans: Any, direction: StudyDirection) -> Any:
        optimizer = super()._init_optimizer(trans, direction)
        sign = 1.0 if direction == StudyDirection.MINIMIZE else -1.0
        while True:
            generation = self._get_solution_trials(self._finished, optimizer.generation)
            if len(generation) < optimizer.population_size:
                return optimizer
            ranked = generation[: optimizer.population_size]
            points = [trans.transform(trial.params) for trial in ranked]
            scores = sign * np.array([trial.value for trial in ranked])
            optimizer.tell(list(zip(points, scores, strict=True)))


def _end(trial: FrozenTrial) -> tuple[float, int]:
    """When a trial ended; by its number within the clock's resolution."""
    assert trial.datetime_complete is not None
    return trial.datetime_complete.timestamp(), trial.number
