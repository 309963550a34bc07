"""``study/pruner=patient``."""

from typing import TYPE_CHECKING

from pydantic import Field

from quantamm_cli.settings.types import Natural, NonNegative
from quantamm_cli.tuning.pruners.base import Pruner, Reporting
from quantamm_cli.tuning.pruners.median import Median
from quantamm_cli.tuning.pruners.none import NoPruner
from quantamm_cli.tuning.shape import StudyShape

if TYPE_CHECKING:
    from optuna.pruners import BasePruner


class Patient(Reporting, kind="patient"):
    """Another pruner, asked only once a trial has not improved for some parts.

    ``study/pruner@study.pruner.base=NAME`` chooses it; with ``none`` the patience alone decides.
    """

    base: Pruner = Field(default_factory=Median)
    patience: Natural = Field(3, description="parts that may pass without improvement")
    margin: NonNegative = Field(0.0, description="a score lower by no more than this is no worse")

    @property
    def by_cycle_scores(self) -> bool:
        return self.base.by_cycle_scores

    def resolved(self, study: StudyShape) -> Pruner:
        super().resolved(study)
        return self.replace(base=self.base.resolved(study))

    def advice(self, study: StudyShape) -> str:
        return self.base.advice(study)

    def make(self, parts: int) -> "BasePruner":
        from quantamm_cli.tuning.optuna import optuna, quietly

        alone = isinstance(self.base, NoPruner)
        with quietly():
            return optuna.pruners.PatientPruner(
                None if alone else self.base.make(parts),
                patience=self.patience,
                min_delta=self.margin,
            )
