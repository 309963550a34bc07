"""Results as plots, and as one page that needs no other file."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from quantamm_cli.errors import ConfigError
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.json_tree import Json
from quantamm_cli.store.other_results import competition_place
from quantamm_cli.store.result_names import StoredResult
from quantamm_cli.workflows import plots
from quantamm_cli.workflows.evaluate import EvaluationResult
from quantamm_cli.workflows.evaluate_walk import WalkForwardEvaluation
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.report_subjects import run_subject
from quantamm_cli.workflows.results import Result, Watch
from quantamm_cli.workflows.selection import Selection
from quantamm_cli.workflows.stored_results import (
    StoredCompetition,
    StoredWalk,
    stored_competition,
    stored_walk,
)


@dataclass(frozen=True)
class Report(Result):
    """A result, and the files that show it."""

    of: Result
    files: dict[str, str]
    """Those of the result, the plots, and the page: ``report``."""

    @property
    def path(self) -> Path:
        """Of the page."""
        return Path(self.files["report"])

    def to_dict(self) -> dict[str, Json]:
        return self.of.to_dict() | {"files": self.files}

    def tables(self) -> Sequence[Table | str]:
        return [*self.of.tables(), self.files["report"]]


def with_plots(result: EvaluationResult, minimum: float, watch: Watch) -> EvaluationResult:
    """The result with its plots among its files.

    ``minimum`` is that of its selection, ``watch`` that of the result.
    """
    drawn = plots.draw(run_subject(result, minimum), result.chosen.folder)
    watch.lap("plots")
    return replace(result, files=result.files | drawn)


def report_run(result: EvaluationResult, minimum: float, watch: Watch) -> Report:
    """Draw an evaluation and write its page.

    ``minimum`` is that of its selection, ``watch`` that of the result.
    """
    drawn = plots.draw_page(run_subject(result, minimum), result.chosen.folder)
    watch.lap("plots")
    return Report(result, result.files | drawn)


def report_walk(result: WalkForwardEvaluation) -> Report:
    """Draw a walk-forward and write its page."""
    return Report(result, _walk(result.walk.files))


def drawable(
    result: StoredResult, selection: Selection, monitor: Monitor
) -> StoredWalk | StoredCompetition:
    """The stored walk-forward or competition.

    Raises ConfigError if it cannot be drawn: a study, or a competition without a receipt.
    """
    if result.kind == "study":
        raise ConfigError(
            result.short,
            f"is a study: `qsim runs show {result.short}` shows its trials, "
            "`qsim report RUN` draws the run of one",
        )
    if result.kind == "walk":
        return stored_walk(result, selection, with_settings=False)
    if not competition_place(result).receipt.exists():
        raise _no_receipt(result)
    return stored_competition(result, monitor, with_settings=False)


def report_stored(stored: StoredWalk | StoredCompetition) -> Report:
    """Draw a result of :func:`drawable` and write its page."""
    if isinstance(stored, StoredWalk):
        return Report(stored, _walk(stored.files))
    if stored.receipt is None or "sweep" in stored.scores:
        raise _no_receipt(stored.result)
    drawn = plots.draw_competition(stored.scores, stored.receipt, stored.result.path)
    return Report(stored, stored.files | drawn)


def _no_receipt(result: StoredResult) -> ConfigError:
    return ConfigError(
        result.short,
        "has no receipt to draw from: it is a sweep, or it did not finish; "
        f"`qsim runs show {result.short}` shows its scores",
    )


def _walk(files: dict[str, str]) -> dict[str, str]:
    return files | plots.draw_walk(Path(files["result"]), Path(files["daily"]))
