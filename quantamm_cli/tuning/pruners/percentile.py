"""``study/pruner=percentile``."""

from typing import TYPE_CHECKING

from pydantic import Field

from quantamm_cli.settings.types import Count, Natural
from quantamm_cli.tuning.pruners.base import Reporting

if TYPE_CHECKING:
    from optuna.pruners import BasePruner


class Comparing(Reporting):
    """What ``median`` and ``percentile`` have in common: they rank a trial among the others."""

    startup: Natural = Field(5, description="finished trials before any trial may be ended")
    warmup: Natural = Field(0, description="parts of a trial that are never judged, the first ones")
    every: Count = Field(1, description="parts from one judgement to the next")
    compared: Count = Field(1, description="fewest other trials that have reported the same part")


class Percentile(Comparing, kind="percentile"):
    """Ends a trial whose best mean so far is not among the best of the others after as many parts.

    Only ``share_kept`` of them go on: 0.25 ends three quarters of the trials, 0.75 one quarter.
    """

    share_kept: float = Field(
        0.25, gt=0, lt=1, description="share of trials that go on; 0.25: only the best quarter"
    )

    def make(self, parts: int) -> "BasePruner":
        from quantamm_cli.tuning.optuna import optuna

        return optuna.pruners.PercentilePruner(
            percentile=100 * self.share_kept,
            n_startup_trials=self.startup,
            n_warmup_steps=self.warmup + 1,  # Optuna's steps begin at 0
            interval_steps=self.every,
            n_min_trials=self.compared,
        )
