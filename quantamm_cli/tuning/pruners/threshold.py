"""``study/pruner=threshold``."""

from typing import TYPE_CHECKING

from pydantic import Field

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.types import Count, Natural
from quantamm_cli.tuning.pruners.base import WHERE, Pruner, Reporting
from quantamm_cli.tuning.shape import StudyShape

if TYPE_CHECKING:
    from optuna.pruners import BasePruner


class Threshold(Reporting, kind="threshold"):
    """Ends a trial whose mean so far is outside of fixed bounds, in the sign that is maximised."""

    below: float | None = Field(None, description="a score below it ends the trial; null: none")
    above: float | None = Field(None, description="a score above it ends the trial; null: none")
    warmup: Natural = Field(0, description="parts of a trial that are never judged, the first ones")
    every: Count = Field(1, description="parts from one judgement to the next")

    def resolved(self, study: StudyShape) -> Pruner:
        if self.below is None and self.above is None:
            raise ConfigError(
                WHERE, "threshold has no bound; give study.pruner.below or study.pruner.above"
            )
        if self.below is not None and self.above is not None and self.below >= self.above:
            raise ConfigError(WHERE, f"below ({self.below:g}) is not under above ({self.above:g})")
        return super().resolved(study)

    def make(self, parts: int) -> "BasePruner":
        from quantamm_cli.tuning.optuna import optuna

        return optuna.pruners.ThresholdPruner(
            lower=self.below,
            upper=self.above,
            n_warmup_steps=self.warmup + 1,  # Optuna's steps begin at 0
            interval_steps=self.every,
        )
