"""Standings, gaps and points in the form that files have."""

import math
from collections.abc import Sequence

import numpy as np

from quantamm_cli.competition.documents import (
    Epochs,
    GapRecord,
    PointRow,
    Solver,
    StandingNumber,
    StandingRow,
)
from quantamm_cli.competition.results import Results, Standing
from quantamm_cli.competition.statistics import Gap
from quantamm_cli.competition.sweep import Point
from quantamm_cli.settings.compete import NORMALISER


def standing_rows(rows: Sequence[Standing]) -> list[StandingRow]:
    """Valid strategies by falling edge, then invalid ones, then the normaliser."""
    ranked = sorted(
        rows, key=lambda row: (row.name == NORMALISER, row.breach is not None, -row.edge.mean)
    )
    return [_row(row) for row in ranked]


def epochs(results: Results) -> Epochs:
    """Means over the seeds, for each epoch."""
    outcome = results.outcome
    return {
        "edge": _by_name(results.all_names, outcome.epoch_edge.mean(0)),
        "score": _by_name(results.names, outcome.epoch_score.mean(0)),
        "weight": _by_name(results.names, outcome.epoch_weight.mean(0)),
    }


def solver(results: Results) -> Solver:
    """How often a split of an order was checked, and how often another one was better."""
    return {
        "checked": int(np.sum(results.outcome.checked)),
        "worse": int(np.sum(results.outcome.worse)),
    }


def gap_record(gap: Gap, names: Sequence[str]) -> GapRecord:
    """The gap between leader and runner-up, and whether it is decided at any stopping time."""
    return {
        "leader": names[gap.leader],
        "over": names[gap.runner_up],
        "decided": gap.decided,
        **gap.estimate.record,
    }


def point_row(point: Point) -> PointRow:
    """A point of a sweep."""
    row: PointRow = {
        "values": point.values,
        "edge": point.edge.record,
        "flow_share": point.flow_share,
        "edge_per_volume": point.edge_per_volume,
        "tied": point.tied,
        "probability_best": point.best,
    }
    if point.behind is not None:
        row["behind"] = point.behind.record
    return row


def _by_name(names: Sequence[str], values: np.ndarray) -> dict[str, list[float]]:
    return {name: values[:, place].tolist() for place, name in enumerate(names)}


def _row(standing: Standing) -> StandingRow:
    """A standing, with its keys in the order of ``StandingRow``."""
    row: StandingRow = {"name": standing.name, "edge": standing.edge.record}
    _add(
        row,
        standing,
        ("arb_edge", "retail_edge", "volume", "flow_share", "edge_per_volume", "edge_per_capital"),
    )
    if standing.name != NORMALISER:
        row["over_normaliser"] = standing.over_normaliser.record
    if standing.over_reference is not None:
        row["over_reference"] = standing.over_reference.record
    _add(row, standing, ("beats_reference", "wins", "capital_share", "fills"))
    if standing.breach is not None:
        row["breach"] = standing.breach.record
    _add(row, standing, ("mean_over_std", "probability_best"))
    if standing.name != NORMALISER:
        row["valid"] = standing.breach is None
    return row


def _add(row: StandingRow, standing: Standing, names: Sequence[StandingNumber]) -> None:
    """Add the numbers of a standing that are not NaN."""
    for name in names:
        if not math.isnan(number := getattr(standing, name)):
            row[name] = number
