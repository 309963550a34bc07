"""``evaluate`` of a walk-forward; cycles that are not trained yet are trained first."""

from collections.abc import Sequence
from dataclasses import dataclass

from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.json_tree import Json
from quantamm_cli.settings.run import Train
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.results import Result
from quantamm_cli.workflows.selection import Selection
from quantamm_cli.workflows.walk_forward import WalkForwardResult, walk_forward


@dataclass(frozen=True)
class WalkForwardEvaluation(Result):
    """Scores and verdict of a walk-forward, without its status."""

    walk: WalkForwardResult

    def to_dict(self) -> dict[str, Json]:
        return {key: value for key, value in self.walk.to_dict().items() if key != "status"}

    def tables(self) -> Sequence[Table | str]:
        return self.walk.tables()


def evaluate_walk(
    settings: Train, selection: Selection, monitor: Monitor, other_data: bool = False
) -> WalkForwardEvaluation:
    """Evaluate every cycle with the set that the selection chooses."""
    walk = walk_forward(settings, selection, monitor=monitor, other_data=other_data)
    return WalkForwardEvaluation(walk)
