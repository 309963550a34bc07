"""``study/pruner=hyperband``."""

from typing import TYPE_CHECKING

from pydantic import Field

from quantamm_cli.settings.types import Count
from quantamm_cli.tuning.pruners.base import Reporting

if TYPE_CHECKING:
    from optuna.pruners import BasePruner


class Hyperband(Reporting, kind="hyperband"):
    """Successive halving in several brackets, of which some end trials late or never.

    A trial's bracket follows from its number; the sampler learns from its own bracket only.
    """

    smallest: Count = Field(1, description="parts up to the first rung")
    factor: Count = Field(3, ge=2, description="one of so many trials goes on from a rung")

    def make(self, parts: int) -> "BasePruner":
        from quantamm_cli.tuning.optuna import optuna

        return optuna.pruners.HyperbandPruner(
            min_resource=min(self.smallest, parts),
            max_resource=parts,
            reduction_factor=self.factor,
        )
