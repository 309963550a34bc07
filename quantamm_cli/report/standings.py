"""A competition as tables: who earned what, and where it came from. Nothing here draws."""

from collections.abc import Mapping
from typing import Any

from quantamm_cli.report.tables import NOTHING, Table, number


def standings_tables(told: Mapping[str, Any]) -> list[Table]:
    """Edge and flow of every entrant, a row each, of what ``qsim compete`` says of a competition; of a sweep, its points."""
    if "sweep" in told:
        return [_points(told)]
    heads = ("", "edge", "± s.e.", "95 % interval", "arbitrage", "retail", f"over {told['reference']}", "95 % interval", "beats it", "wins")
    edge = Table("Edge, Y a seed", (*heads, "P(best)"), tuple(_edge(row) for row in told["standings"]))
    flow = ("", "volume (Y)", "flow share", "edge/volume (bps)", "edge/capital (bps)", "capital share", "fills")
    return [edge, Table("Where it comes from, a seed", flow, tuple(_flow(row) for row in told["standings"]))]


def said_gap(told: Mapping[str, Any]) -> str:
    """Who leads, and whether that is sure; empty where nobody can."""
    gap = told.get("gap")
    if not gap:
        return ""
    between = "" if gap["low"] is None else f", interval {between_text(gap)} (95 %, all pairs together, whenever one stops)"
    sure = "Decided" if gap["decided"] else "Not decided"
    return f"{sure}: {gap['leader']} leads {gap['over']} by {number(gap['mean'], '.2f')} Y a seed{between}."


def between_text(found: Mapping[str, Any] | None) -> str:
    """An interval in words."""
    if found is None or found["low"] is None:
        return NOTHING
    return f"{number(found['low'], '+.2f')} to {number(found['high'], '+.2f')}"


def called(row: Mapping[str, Any]) -> str:
    """The name of an entrant, with what to know of it."""
    return row["name"] if row.get("valid", True) else f"{row['name']} (invalid)"


def _edge(row: Mapping[str, Any]) -> tuple[str, ...]:
    edge, over = row["edge"], row.get("over_reference")
    parts = (number(row[key], ".2f") for key in ("arb_edge", "retail_edge"))
    above = (NOTHING if over is None else number(over["mean"], "+.2f"), between_text(over))
    shares = (number(row.get(key), ".0%") for key in ("beats_reference", "wins"))
    mean = (number(edge["mean"], ".2f"), number(edge["error"], ".2f"), between_text(edge))
    return (called(row), *mean, *parts, *above, *shares, number(row.get("probability_best"), ".1%"))


def _flow(row: Mapping[str, Any]) -> tuple[str, ...]:
    forms = {"volume": ",.0f", "flow_share": ".1%", "edge_per_volume": ".2f", "edge_per_capital": ".2f", "capital_share": ".1%"}
    return (called(row), *(number(row.get(key), form) for key, form in forms.items()), number(row["fills"], ",.0f"))


def _points(told: Mapping[str, Any]) -> Table:
    rows = []
    for point in told["points"]:
        first, *others = (f"{value:g}" for value in point["values"].values())
        edge = (number(point["edge"]["mean"], ".2f"), number(point["edge"]["error"], ".2f"), between_text(point.get("behind")))
        rows.append((first, *others, *edge, number(point["probability_best"], ".1%"), number(point["flow_share"], ".1%")))
    heads = (*told["sweep"]["axes"], "edge (Y a seed)", "± s.e.", "below the best", "P(best)", "flow share")
    return Table(f"Points of {told['sweep']['strategy']}", heads, tuple(rows))
