"""``study/pruner=successive_halving``."""

from typing import TYPE_CHECKING

from pydantic import Field

from quantamm_cli.settings.types import Count, Natural
from quantamm_cli.tuning.pruners.base import Reporting

if TYPE_CHECKING:
    from optuna.pruners import BasePruner


class SuccessiveHalving(Reporting, kind="successive_halving"):
    """Asynchronous successive halving: of the trials that reach a rung, the best go on to the next.

    Rungs are ``smallest`` parts, ``factor`` times as many, and so on.
    """

    smallest: Count = Field(1, description="parts up to the first rung")
    factor: Count = Field(4, ge=2, description="one of so many trials goes on from a rung")
    spared: Natural = Field(0, description="rungs at the beginning that end no trial")

    def make(self, parts: int) -> "BasePruner":
        from quantamm_cli.tuning.optuna import optuna

        return optuna.pruners.SuccessiveHalvingPruner(
            min_resource=self.smallest,
            reduction_factor=self.factor,
            min_early_stopping_rate=self.spared,
        )
