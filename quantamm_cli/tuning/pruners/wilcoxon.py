"""``study/pruner=wilcoxon``."""

from typing import TYPE_CHECKING

from pydantic import Field

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.types import Natural
from quantamm_cli.tuning.pruners.base import WHERE, Pruner
from quantamm_cli.tuning.shape import StudyShape

if TYPE_CHECKING:
    from optuna.pruners import BasePruner


class Wilcoxon(Pruner, kind="wilcoxon"):
    """Ends a walk-forward trial that is worse than the best one cycle by cycle, by Wilcoxon's
    signed-rank test.

    k cycles that are all worse have the p-value 1/2^k.
    """

    p_value: float = Field(
        0.1, gt=0, le=1, description="largest p-value that ends a trial; a larger one ends more"
    )
    warmup: Natural = Field(2, description="cycles before a trial may be ended, at least 2")

    @property
    def by_cycle_scores(self) -> bool:
        return True

    def resolved(self, study: StudyShape) -> Pruner:
        if study.cycles is None:
            raise ConfigError(
                WHERE,
                "wilcoxon compares the cycles of trials; add split=walk_forward, or choose another "
                "pruner: qsim show pruners",
            )
        return super().resolved(study)

    def advice(self, study: StudyShape) -> str:
        """Says that even a trial that is worse in every cycle runs to its end."""
        before_last = (study.cycles or 0) - 1
        if 0.5**before_last < self.p_value and self.warmup <= before_last:
            return ""
        return (
            f"wilcoxon ends no trial of {study.cycles} cycles: before the last its p-value is at "
            f"least {0.5**before_last:g} (study.pruner.p_value={self.p_value:g}); use more cycles "
            "or a larger p_value"
        )

    def make(self, parts: int) -> "BasePruner":
        from quantamm_cli.tuning.optuna import optuna, quietly

        with quietly():
            return optuna.pruners.WilcoxonPruner(
                p_threshold=self.p_value, n_startup_steps=self.warmup
            )
