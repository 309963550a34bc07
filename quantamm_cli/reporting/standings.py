"""A competition as tables: who earned what, and where it came from; of a sweep, its points. Nothing here draws or prints."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.compete import NORMALISER

Row = Mapping[str, Any]


class Column(NamedTuple):
    """What a column is headed, the format of its numbers, and what it has of a row: a number, a text, or nothing."""

    head: str
    form: str
    of: Callable[[Row], Any]


def standings_tables(told: Mapping[str, Any], title: str = "") -> list[Table]:
    """Edge and flow of every entrant, a row each, of what ``qsim compete`` says of a competition; of a sweep, its points.

    ``title`` comes before the caption of the first.
    """
    if "sweep" in told:
        return [_points(told, title)]
    rows, reference = told["standings"], told["reference"]
    edge = (
        Column("strategy", "", called),
        _mean("edge"),
        Column("± s.e.", ".2f", lambda row: row["edge"]["error"]),
        Column("arbitrage", ".2f", lambda row: row["arb_edge"]),
        Column("retail", ".2f", lambda row: row["retail_edge"]),
        Column("mean/std", ".2f", lambda row: row.get("mean_over_std")),
        Column("over reference", "+.2f", lambda row: "reference" if row["name"] == reference else _part(row, "over_reference", "mean")),
        Column("95 % interval", "", lambda row: between_text(row.get("over_reference"))),
        Column("beats it", ".0%", lambda row: row.get("beats_reference")),
        Column("wins", ".0%", lambda row: row.get("wins")),
        Column("P(best)", ".1%", lambda row: row.get("probability_best")),
    )
    flow = (
        Column("strategy", "", called),
        Column("volume", ",.0f", lambda row: row["volume"]),
        Column("flow share", ".1%", lambda row: row.get("flow_share")),
        Column("edge/volume", ".2f", lambda row: row.get("edge_per_volume")),
        Column("edge/capital", ".2f", lambda row: row.get("edge_per_capital")),
        Column("over normaliser", "+.2f", lambda row: _part(row, "over_normaliser", "mean")),
        Column("± s.e.", ".2f", lambda row: _part(row, "over_normaliser", "error")),
        Column("capital share", ".1%", lambda row: row.get("capital_share")),
        Column("fills", ",.0f", lambda row: row["fills"]),
    )
    where = "volume in Y a seed, edge/volume and edge/capital in bps (capital: value of the reserves averaged over time)"
    return [_table(f"{title}edge in Y a seed", edge, rows), _table(where, flow, rows)]


def breaches(told: Mapping[str, Any]) -> list[str]:
    """Who broke which rule, a line each."""
    broken = ((row["name"], row["breach"]) for row in told.get("standings", ()) if row.get("breach") is not None)
    return [f"{name} is invalid: {_breach(breach)}; from there on it quoted no more on that seed" for name, breach in broken]


def _breach(breach: Mapping[str, Any]) -> str:
    """What was done against the rules, and when."""
    inputs = breach["inputs"]
    x, y = inputs["reserves"]
    answer = f"{inputs['side']} with {inputs['amount']:.6g} at reserves {x:.6g}, {y:.6g} got {inputs['answer']:.6g}"
    often = f"{breach['rule'].replace('_', ' ')} on {breach['seeds']} seed{'s' * (breach['seeds'] > 1)}"
    return f"{often}, first seed {breach['seed']} step {breach['step']}: {answer}"


def said_gap(told: Mapping[str, Any]) -> str:
    """Who leads, and whether that is sure whenever one stops looking; empty where nobody can."""
    gap = told.get("gap")
    if not gap:
        return ""
    leads = f"{gap['leader']} leads {gap['over']} by {gap['mean']:.2f}"
    if (between := between_text(gap)) is None:
        return f"{leads}; {gap['seeds']} seeds are too few for an interval that holds whenever one stops"
    sure = "decided" if gap["decided"] else "not decided"
    return f"{sure}: {leads}, interval {between} (95 %, all pairs together, whenever one stops)"


def between_text(found: Mapping[str, Any] | None) -> str | None:
    """An interval in words; None where there is none."""
    if found is None or found["low"] is None or math.isnan(found["low"]):
        return None
    return f"{found['low']:+.2f} to {found['high']:+.2f}"


def called(row: Row) -> str:
    """The name of an entrant, with what to know of it."""
    if row["name"] == NORMALISER:
        return f"[{row['name']}]"
    return row["name"] if row.get("valid", True) else f"{row['name']} (invalid)"


def _mean(key: str) -> Column:
    return Column(key, ".2f", lambda row: row[key]["mean"])


def _part(row: Row, key: str, part: str) -> Any:
    return (row.get(key) or {}).get(part)


def _table(caption: str, columns: Sequence[Column], rows: Sequence[Row]) -> Table:
    return Table.of(caption, [(column.head, column.form) for column in columns], [[column.of(row) for column in columns] for row in rows])


def _points(told: Mapping[str, Any], title: str) -> Table:
    """Every point, and how far it is below the best on the same seeds."""
    settings = [Column(name, ".6g", lambda row, name=name: row["values"][name]) for name in told["sweep"]["axes"]]  # type: ignore[misc]
    columns = (
        *settings,
        _mean("edge"),
        Column("± s.e.", ".2f", lambda row: row["edge"]["error"]),
        Column("below the best", "", lambda row: between_text(row.get("behind"))),
        Column("P(best)", ".1%", lambda row: row["probability_best"]),
        Column("flow share", ".1%", lambda row: row["flow_share"]),
        Column("edge/volume", ".2f", lambda row: row["edge_per_volume"]),
        Column("", "", lambda row: "best" if row.get("behind") is None else "tied" if row["tied"] else ""),
    )
    caption = f"{told['sweep']['strategy']}: {len(told['points'])} points, {told['seeds']['count']} seeds; edge in Y a seed"
    return _table(f"{title}{caption}", columns, told["points"])
