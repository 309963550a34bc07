"""``study/pruner=auto``."""

from typing import TYPE_CHECKING

from quantamm_cli.tuning.pruners.base import Pruner
from quantamm_cli.tuning.pruners.none import NoPruner
from quantamm_cli.tuning.pruners.wilcoxon import Wilcoxon
from quantamm_cli.tuning.shape import StudyShape

if TYPE_CHECKING:
    from optuna.pruners import BasePruner


class Auto(Pruner, kind="auto"):
    """wilcoxon with ``split=walk_forward`` and one objective, else none. The study is named after
    the one that is chosen.
    """

    def resolved(self, study: StudyShape) -> Pruner:
        if study.cycles is None or study.objectives > 1:
            return NoPruner()
        return Wilcoxon().resolved(study)

    def make(self, parts: int) -> "BasePruner":
        raise TypeError("study/pruner=auto judges nothing before it is resolved")
