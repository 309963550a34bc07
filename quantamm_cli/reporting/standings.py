"""A competition as tables: who earned what, and where it came from; of a sweep, its points.

Nothing here draws or prints.
"""

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
    """What a column is headed, the format of its numbers, and what it has of a row:
    a number, a text, or nothing.
    """

    head: str
    form: str
    of: Callable[[Row], float | str | None]


def standings_tables(scores: Scores) -> list[Table]:
    """Edge and flow of every entrant, a row each; of a sweep, its points."""
    return [_points(scores)] if "sweep" in scores else _standings(scores, "")


def competition_parts(scores: CompetitionScores) -> list[Table | str]:
    """The tables of a competition, and who leads, where anybody can."""
    title = f"{scores['run'][:20]}  {scores['seeds']['count']} seeds of {scores['steps']} steps; "
    return [*_standings(scores, title), *([said_gap(scores["gap"])] if "gap" in scores else [])]


def breaches(scores: Scores) -> list[str]:
    """Who broke which rule, a line each."""
    rows = () if "sweep" in scores else scores["standings"]
    broken = ((row["name"], row["breach"]) for row in rows if "breach" in row)
    return [
        f"{name} is invalid: {_breach(breach)}; from there on it quoted no more on that seed"
        for name, breach in broken
    ]


def _breach(breach: BreachRecord) -> str:
    """What was done against the rules, and when."""
    inputs = breach["inputs"]
    x, y = inputs["reserves"]
    answer = (
        f"{inputs['side']} with {inputs['amount']:.6g} at reserves {x:.6g}, {y:.6g} got "
        f"{inputs['answer']:.6g}"
    )
    often = (
        f"{breach['rule'].replace('_', ' ')} on {breach['seeds']} seed{'s' * (breach['seeds'] > 1)}"
    )
    return f"{often}, first seed {breach['seed']} step {breach['step']}: {answer}"


def said_gap(gap: GapRecord) -> str:
    """Who leads, and whether that is sure whenever one stops looking."""
    leads = f"{gap['leader']} leads {gap['over']} by {gap['mean']:.2f}"
    if (between := between_text(gap)) is None:
        return (
            f"{leads}; {gap['seeds']} seeds are too few for an interval that "
            "holds whenever one stops"
        )
    sure = "decided" if gap["decided"] else "not decided"
    return f"{sure}: {leads}, interval {between} (95 %, all pairs together, whenever one stops)"


def between_text(estimate: EstimateRecord | None) -> str | None:
    """An interval in words; None where there is none."""
    if estimate is None or estimate["low"] is None or math.isnan(estimate["low"]):
        return None
    return f"{estimate['low']:+.2f} to {estimate['high']:+.2f}"


def called(row: StandingRow) -> str:
    """The name of an entrant, with what to know of it."""
    if row["name"] == NORMALISER:
        return f"[{row['name']}]"
    return row["name"] if row.get("valid", True) else f"{row['name']} (invalid)"


def _standings(scores: CompetitionScores, title: str) -> list[Table]:
    rows, reference = scores["standings"], scores["reference"]

    def over_reference(row: StandingRow) -> float | str | None:
        return "reference" if row["name"] == reference else _mean(row.get("over_reference"))

    edge: tuple[Column[StandingRow], ...] = (
        Column("strategy", "", called),
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
        Column("strategy", "", called),
        Column("volume", ",.0f", lambda row: row["volume"]),
        Column("flow share", ".1%", lambda row: row.get("flow_share")),
        Column("edge/volume", ".2f", lambda row: row.get("edge_per_volume")),
        Column("edge/capital", ".2f", lambda row: row.get("edge_per_capital")),
        Column("over normaliser", "+.2f", lambda row: _mean(row.get("over_normaliser"))),
        Column("± s.e.", ".2f", lambda row: _error(row.get("over_normaliser"))),
        Column("capital share", ".1%", lambda row: row.get("capital_share")),
        Column("fills", ",.0f", lambda row: row["fills"]),
    )
    where = (
        "volume in Y a seed, edge/volume and edge/capital in bps (capital: value of the "
        "reserves averaged over time)"
    )
    return [_table(f"{title}edge in Y a seed", edge, rows), _table(where, flow, rows)]


def _points(scores: SweepScores) -> Table:
    """Every point, and how far it is below the best on the same seeds."""
    sweep = scores["sweep"]
    columns: tuple[Column[PointRow], ...] = (
        *(Column(name, ".6g", _setting(name)) for name in sweep["axes"]),
        Column("edge", ".2f", lambda row: row["edge"]["mean"]),
        Column("± s.e.", ".2f", lambda row: row["edge"]["error"]),
        Column("below the best", "", lambda row: between_text(row.get("behind"))),
        Column("P(best)", ".1%", lambda row: row["probability_best"]),
        Column("flow share", ".1%", lambda row: row["flow_share"]),
        Column("edge/volume", ".2f", lambda row: row["edge_per_volume"]),
        Column(
            "",
            "",
            lambda row: "best" if row.get("behind") is None else "tied" if row["tied"] else "",
        ),
    )
    caption = (
        f"{sweep['strategy']}: {len(scores['points'])} points, {scores['seeds']['count']} "
        "seeds; edge in Y a seed"
    )
    return _table(caption, columns, scores["points"])


def _setting(name: str) -> Callable[[PointRow], float]:
    return lambda row: row["values"][name]


def _mean(estimate: EstimateRecord | None) -> float | None:
    return None if estimate is None else estimate["mean"]


def _error(estimate: EstimateRecord | None) -> float | None:
    return None if estimate is None else estimate["error"]


def _table(caption: str, columns: Sequence[Column[Row]], rows: Sequence[Row]) -> Table:
    heads = [(column.head, column.form) for column in columns]
    return Table.of(caption, heads, [[column.of(row) for column in columns] for row in rows])
