"""The interface of a pruner.

Parts of a trial are counted from 1: the cycles of a walk-forward, or the reports of a training.
Nothing here imports Optuna before a pruner is made.
"""

from abc import abstractmethod
from typing import TYPE_CHECKING

from pydantic import Field

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.component import Component
from quantamm_cli.settings.types import Count
from quantamm_cli.tuning.shape import StudyShape

if TYPE_CHECKING:
    from optuna.pruners import BasePruner

WHERE = "study.pruner"


class Pruner(Component, group="study/pruner"):
    """Ends a trial before its last part if it will not be the best."""

    @property
    def by_cycle_scores(self) -> bool:
        """Whether it is told the score of each cycle; otherwise the mean of the parts so far."""
        return False

    @property
    def training_reports(self) -> int:
        """How often a training with a holdout reports; 0: never."""
        return 0

    def resolved(self, study: StudyShape) -> "Pruner":
        """The pruner that acts, with nothing left that depends on the study.

        Raises:
            ConfigError: it cannot judge the trials of this study.
        """
        if study.objectives > 1:
            raise ConfigError(
                WHERE,
                f"{self.kind} compares single scores, and a trial of this study has "
                f"{study.objectives}; use study.pruner=none",
            )
        return self

    def advice(self, study: StudyShape) -> str:
        """What the user should know before the first trial; empty if there is nothing."""
        return ""

    @abstractmethod
    def make(self, parts: int) -> "BasePruner":
        """The pruner of Optuna, for trials of so many parts. It draws nothing at random."""


class Reporting(Pruner):
    """A pruner that also judges within a training."""

    reports: Count = Field(20, description="reports a training with a holdout; cycles: one each")

    @property
    def training_reports(self) -> int:
        return self.reports
