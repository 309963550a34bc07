"""Results as plots, and as one page that needs no other file."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np

from quantamm_cli.competition.documents import SweepScores
from quantamm_cli.errors import ConfigError
from quantamm_cli.reporting.grid import Grid, grid_page
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.json_tree import Json
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
from quantamm_cli.workflows.stored_simulations import StoredGrid, draw_grid, stored_grid
from quantamm_cli.workflows.stored_sweeps import StoredSweep, draw_sweep, stored_sweep

Drawable: TypeAlias = "StoredWalk | StoredCompetition | StoredGrid | StoredSweep"
"""The stored results whose pages need nothing but what is stored."""


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


def with_plots(result: EvaluationResult, selection: Selection, watch: Watch) -> EvaluationResult:
    """The result with its plots among its files.

    It is of this selection; ``watch`` is its clock.
    """
    drawn = plots.draw(run_subject(result, selection), result.chosen.folder)
    watch.lap("plots")
    return replace(result, files=result.files | drawn)


def report_run(result: EvaluationResult, selection: Selection, watch: Watch) -> Report:
    """Draw an evaluation of this selection and write its page; ``watch`` is that of the result."""
    drawn = plots.draw_page(run_subject(result, selection), result.chosen.folder)
    watch.lap("plots")
    return Report(result, result.files | drawn)


def report_walk(result: WalkForwardEvaluation) -> Report:
    """Draw a walk-forward and write its page."""
    return Report(result, _walk(result.walk.files))


def drawable(result: StoredResult, selection: Selection, monitor: Monitor) -> Drawable:
    """The stored walk-forward, competition, sweep or grid.

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
    if result.kind == "grid":
        return stored_grid(result, with_settings=False)
    if result.kind == "sweep":
        return stored_sweep(result)
    stored = stored_competition(result, monitor, with_settings=False)
    if stored.receipt is None and "sweep" not in stored.scores:
        raise _no_receipt(result)
    return stored


def report_stored(stored: Drawable) -> Report:
    """Draw a result of :func:`drawable` and write its page."""
    if isinstance(stored, StoredWalk):
        return Report(stored, _walk(stored.files))
    if isinstance(stored, StoredGrid):
        return Report(stored, stored.files | draw_grid(stored))
    if isinstance(stored, StoredSweep):
        return Report(stored, stored.files | draw_sweep(stored))
    if "sweep" in stored.scores:
        return Report(stored, stored.files | _sweep(stored, stored.scores))
    if stored.receipt is None:
        raise _no_receipt(stored.result)
    drawn = plots.draw_competition(stored.scores, stored.receipt, stored.result.path)
    return Report(stored, stored.files | drawn)


def _no_receipt(result: StoredResult) -> ConfigError:
    return ConfigError(
        result.short,
        f"has no receipt to draw from: it did not finish; `qsim runs show {result.short}` "
        "shows its scores",
    )


def _sweep(stored: StoredCompetition, scores: SweepScores) -> dict[str, str]:
    """Draw the mean edge over the swept settings."""
    swept, folder = scores["sweep"], stored.result.path
    edges = {}
    for point in scores["points"]:
        edges[tuple(point["values"][name] for name in swept["axes"])] = point["edge"]["mean"]
    order = itertools.product(*swept["axes"].values())
    column = np.array([edges.get(values, np.nan) for values in order], dtype=float)
    title = f"{swept['strategy']}, {scores['seeds']['count']} seeds"
    grid = Grid(swept["axes"], column, "edge", "Y a seed", title)
    drawn = plots.images("grid", grid)
    page = grid_page(stored.result.name, grid, stored.tables(), {}, drawn)
    return plots.write_page(page, folder) | plots.written(drawn, folder)


def _walk(files: dict[str, str]) -> dict[str, str]:
    return files | plots.draw_walk(Path(files["result"]), Path(files["daily"]))
