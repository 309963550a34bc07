"""``study/pruner=none``."""

from typing import TYPE_CHECKING

from quantamm_cli.tuning.pruners.base import Pruner
from quantamm_cli.tuning.shape import StudyShape

if TYPE_CHECKING:
    from optuna.pruners import BasePruner


class NoPruner(Pruner, kind="none"):
    """Every trial runs to its end."""

    def resolved(self, study: StudyShape) -> Pruner:
        return self

    def make(self, parts: int) -> "BasePruner":
        from quantamm_cli.tuning.optuna import optuna

        return optuna.pruners.NopPruner()
