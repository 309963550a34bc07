"""The tables of a competition: the edge of each strategy and its parts; of a sweep, its points."""

import math
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from quantamm_cli.competition.documents import (
    BreachRecord,
    CompetitionScores,
    EstimateRecord,
    GapRecord,
    PointRow,
    Scores,
    StandingRow,
    SweepScores,
)
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.compete import NORMALISER

Row = TypeVar("Row")


class Column(NamedTuple, Generic[Row]):
    """A heading, the format of the numbers, and the function of a row that gives the cell."""

    head: str
    form: str
    of: Callable[[Row], float | str | None]


def standings_tables(scores: Scores) -> list[Table]:
    """Edge and flow, a row for each strategy; of a sweep, a row for each point."""
    if "sweep" in scores:
        return [_points(scores)]
    return _standings(scores, "")


def competition_parts(scores: CompetitionScores) -> list[Table | str]:
    """The tables of a competition, and a line on the leader if there is one."""
    title = f"{scores['run'][:20]}  {scores['seeds']['count']} seeds of {scores['steps']} steps; "
    parts: list[Table | str] = [*_standings(scores, title)]
    if "gap" in scores:
        parts.append(gap_text(scores["gap"]))
    return parts


def breaches(scores: Scores) -> list[str]:
    """A line for each strategy that broke a rule."""
    if "sweep" in scores:
        return []
    return [
        f"{row['name']} is invalid: {_breach(row['breach'])}; it quotes no more on that seed "
        "afterwards"
        for row in scores["standings"]
        if "breach" in row
    ]


def _breach(breach: BreachRecord) -> str:
    """The rule, where it was broken first, and the answer that broke it."""
    inputs, plural = breach["inputs"], "s" * (breach["seeds"] > 1)
    x, y = inputs["reserves"]
    return (
        f"{breach['rule'].replace('_', ' ')} on {breach['seeds']} seed{plural}, first seed "
        f"{breach['seed']} step {breach['step']}: {inputs['side']} with {inputs['amount']:.6g} at "
        f"reserves {x:.6g}, {y:.6g} got {inputs['answer']:.6g}"
    )


def gap_text(gap: GapRecord) -> str:
    """The leader, and whether its lead is significant under optional stopping."""
    leads = f"{gap['leader']} leads {gap['over']} by {gap['mean']:.2f}"
    if (between := between_text(gap)) is None:
        return (
            f"{leads}; {gap['seeds']} seeds are too few for an interval that is valid at any "
            "stopping time"
        )
    decided = "decided" if gap["decided"] else "not decided"
    return (
        f"{decided}: {leads}, interval {between} (95 %, all pairs together, at any stopping time)"
    )


def between_text(estimate: EstimateRecord | None) -> str | None:
    """An interval as text; None without one."""
    if estimate is None or estimate["low"] is None or math.isnan(estimate["low"]):
        return None
    return f"{estimate['low']:+.2f} to {estimate['high']:+.2f}"


def label(row: StandingRow) -> str:
    """The name of a strategy, marked if it is the normaliser or invalid."""
    if row["name"] == NORMALISER:
        return f"[{row['name']}]"
    return row["name"] if row.get("valid", True) else f"{row['name']} (invalid)"


def _standings(scores: CompetitionScores, title: str) -> list[Table]:
    rows, reference = scores["standings"], scores["reference"]

    def over_reference(row: StandingRow) -> float | str | None:
        return "reference" if row["name"] == reference else _mean(row.get("over_reference"))

    edge: tuple[Column[StandingRow], ...] = (
        Column("strategy", "", label),
        Column("edge", ".2f", lambda row: row["edge"]["mean"]),
        Column("± s.e.", ".2f", lambda row: row["edge"]["error"]),
        Column("arbitrage", ".2f", lambda row: row["arb_edge"]),
        Column("retail", ".2f", lambda row: row["retail_edge"]),
        Column("mean/std", ".2f", lambda row: row.get("mean_over_std")),
        Column("over reference", "+.2f", over_reference),
        Column("95 % interval", "", lambda row: between_text(row.get("over_reference"))),
        Column("beats it", ".0%", lambda row: row.get("beats_reference")),
        Column("wins", ".0%", lambda row: row.get("wins")),
        Column("P(best)", ".1%", lambda row: row.get("probability_best")),
    )
    flow: tuple[Column[StandingRow], ...] = (
        Column("strategy", "", label),
        Column("volume", ",.0f", lambda row: row["volume"]),
        Column("flow share", ".1%", lambda row: row.get("flow_share")),
        Column("edge/volume", ".2f", lambda row: row.get("edge_per_volume")),
        Column("edge/capital", ".2f", lambda row: row.get("edge_per_capital")),
        Column("over normaliser", "+.2f", lambda row: _mean(row.get("over_normaliser"))),
        Column("± s.e.", ".2f", lambda row: _error(row.get("over_normaliser"))),
        Column("capital share", ".1%", lambda row: row.get("capital_share")),
        Column("fills", ",.0f", lambda row: row["fills"]),
    )
    caption = (
        "volume in Y a seed, edge/volume and edge/capital in bps (capital: value of the "
        "reserves averaged over time)"
    )
    return [_table(f"{title}edge in Y a seed", edge, rows), _table(caption, flow, rows)]


def _points(scores: SweepScores) -> Table:
    """Every point, with its difference to the best on the same seeds."""
    sweep = scores["sweep"]
    columns: tuple[Column[PointRow], ...] = (
        *(Column(name, ".6g", _setting(name)) for name in sweep["axes"]),
        Column("edge", ".2f", lambda row: row["edge"]["mean"]),
        Column("± s.e.", ".2f", lambda row: row["edge"]["error"]),
        Column("below the best", "", lambda row: between_text(row.get("behind"))),
        Column("P(best)", ".1%", lambda row: row["probability_best"]),
        Column("flow share", ".1%", lambda row: row["flow_share"]),
        Column("edge/volume", ".2f", lambda row: row["edge_per_volume"]),
        Column("", "", _remark),
    )
    caption = (
        f"{sweep['strategy']}: {len(scores['points'])} points, {scores['seeds']['count']} "
        "seeds; edge in Y a seed"
    )
    return _table(caption, columns, scores["points"])


def _remark(row: PointRow) -> str:
    if row.get("behind") is None:
        return "best"
    return "tied" if row["tied"] else ""


def _setting(name: str) -> Callable[[PointRow], float]:
    return lambda row: row["values"][name]


def _mean(estimate: EstimateRecord | None) -> float | None:
    return None if estimate is None else estimate["mean"]


def _error(estimate: EstimateRecord | None) -> float | None:
    return None if estimate is None else estimate["error"]


def _table(caption: str, columns: Sequence[Column[Row]], rows: Sequence[Row]) -> Table:
    heads = [(column.head, column.form) for column in columns]
    cells = [map(column.of, rows) for column in columns]
    return Table.of(caption, heads, list(zip(*cells, strict=True)))
