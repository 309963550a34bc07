"""Trainings of trials that take no time."""

import math
from collections.abc import Callable

import pytest
from toy import METRIC

from quantamm_cli.settings.run import Train
from quantamm_cli.workflows.trial_scores import TrialScores

Metrics = dict[str, dict[str, float]]


def rate(settings: Train) -> float:
    """What the studies search."""
    return float(settings.fit.learning_rate)  # type: ignore[attr-defined]


class StandIn:
    """The score on validation is highest at 0.02, the drawdown falls with the rate. ``before`` may
    raise; ``after`` may change the scores.
    """

    def __init__(self) -> None:
        self.seen: list[tuple[Train, bool]] = []
        self.before: Callable[[int, Train], None] = lambda count, settings: None
        self.after: Callable[[int, Metrics], None] = lambda count, metrics: None

    @classmethod
    def instead(cls, patch: pytest.MonkeyPatch) -> "StandIn":
        """One that replaces all trainings of trials."""
        stand_in = cls()
        patch.setattr(TrialScores, "_scores", lambda *given: stand_in(*given))
        return stand_in

    def __call__(self, trial: TrialScores, settings: Train) -> Metrics:
        self.seen.append((settings, trial.fresh))
        self.before(len(self.seen), settings)
        score, fall = -(math.log(rate(settings) / 0.02) ** 2), -min(1.0, rate(settings))
        metrics = {
            "train": {METRIC: -score, "max_drawdown": fall},
            "validation": {METRIC: score, "max_drawdown": fall},
            "test": {METRIC: 7.0, "max_drawdown": fall},
        }
        self.after(len(self.seen), metrics)
        return metrics
