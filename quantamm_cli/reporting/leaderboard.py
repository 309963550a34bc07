"""A leaderboard as one HTML page: static, self-contained, made from receipts."""

from collections.abc import Mapping
from typing import Any

from quantamm_cli.reporting.page import Section, page
from quantamm_cli.reporting.tables import NOTHING, Table, number, settings

_HEADS = (
    "rank",
    "strategy",
    "edge (Y a seed)",
    "± s.e.",
    "behind",
    "arbitrage",
    "retail",
    "edge/volume (bps)",
    "edge/capital (bps)",
    "flow share",
    "rivals",
    "receipt",
)
_TOLD = (
    "Edge is counted at the fair price of each fill: what a pool gives and gets, not what its inventory does later.",
    "Who shares a rank is tied: the 95 % interval of the difference to the first of that rank, seed by seed and shared among all"
    " strategies, holds zero. Behind is the same interval below the first of all.",
)


def leaderboard_page(told: Mapping[str, Any]) -> str:
    """The page of the JSON object that ``qsim compete leaderboard`` prints."""
    seeds = told["seeds"]
    first, last = seeds["first"], seeds["first"] + seeds["count"] - 1
    what = f"{len(told['ranking'])} strategies, seeds {first} to {last}, {told['settings']['steps']} steps each."
    rows = tuple(_row(each) for each in told["ranking"])
    configuration = settings(f"Configuration {told['configuration']}", told["settings"])
    rows_of = tuple(_receipt(each) for each in told["receipts"])
    receipts = Table("Receipts", ("name", "fingerprint", "qsim", "device"), rows_of, numbers=False)
    sections = [
        Section("Ranking", tables=(Table("Highest mean edge first", _HEADS, rows),)),
        Section("What they met", tables=(configuration,), folded=True),
        Section("Receipts", ("qsim compete --verify RECEIPT runs one again and compares every seed.",), tables=(receipts,), folded=True),
    ]
    return page("Leaderboard", (what, *_TOLD), sections)


def _row(each: Mapping[str, Any]) -> tuple[str, ...]:
    edge, behind, row = each["edge"], each.get("behind"), each["standing"]
    between = NOTHING if behind is None else f"{number(behind['low'], '.2f')} to {number(behind['high'], '.2f')}"
    name = each["name"] if each["valid"] else f"{each['name']} (invalid)"
    numbers = [number(row.get(key), ".2f") for key in ("arb_edge", "retail_edge", "edge_per_volume", "edge_per_capital")]
    tail = (number(row.get("flow_share"), ".1%"), ", ".join(each["rivals"]) or "none", each["receipt"])
    return (str(each["rank"]), name, number(edge["mean"], ".2f"), number(edge["error"], ".2f"), between, *numbers, *tail)


def _receipt(each: Mapping[str, Any]) -> tuple[str, ...]:
    return (each["name"], each["fingerprint"], each["versions"].get("qsim", ""), each["versions"].get("device", ""))
