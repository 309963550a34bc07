"""The tables of a leaderboard, and its HTML page: static, self-contained, made from receipts."""

from collections.abc import Container, Mapping, Sequence

from quantamm_cli.competition.documents import Receipt
from quantamm_cli.competition.ranking import Ranked
from quantamm_cli.reporting.page import Section, page
from quantamm_cli.reporting.standings import between_text
from quantamm_cli.reporting.table import Column, Table
from quantamm_cli.reporting.tables import leaves_table

_EDGE: tuple[Column, ...] = (("edge", ".2f"), ("± s.e.", ".2f"))
_EARNED: dict[str, Column] = {
    "arb_edge": ("arbitrage", ".2f"),
    "retail_edge": ("retail", ".2f"),
    "edge_per_volume": ("edge/volume", ".2f"),
    "edge_per_capital": ("edge/capital", ".2f"),
    "flow_share": ("flow share", ".1%"),
}
_NOTES = (
    "Edge is what a pool gets minus what it gives, at the fair price of each fill; later changes of"
    " its inventory do not count.",
    "Strategies of one rank are tied: the 95 % interval of the difference to the first of the rank,"
    " seed by seed and simultaneous for all strategies, contains zero. Behind is the interval of"
    " the difference to the first of all.",
)


def ranking_table(title: str, ranking: Sequence[Ranked], older: Container[str] = ()) -> Table:
    """The highest mean edge first. ``older``: receipts that are marked with a star."""
    heads: list[Column] = ["rank", "strategy", *_EDGE, "behind the first", "rivals", "receipt"]
    rows: list[list[float | str | None]] = []
    for one in ranking:
        behind = None if one.behind is None else between_text(one.behind.record)
        receipt = one.receipt + "*" * (one.receipt in older)
        edge = [one.edge.mean, one.edge.error]
        rows.append([one.rank, _label(one), *edge, behind, len(one.rivals), receipt])
    return Table.of(title, heads, rows)


def earnings_table(ranking: Sequence[Ranked]) -> Table:
    """The parts of each edge, and the rivals of each strategy."""
    heads: list[Column] = ["strategy", *_EARNED.values(), "rivals"]
    rows = [
        [_label(one), *map(one.standing.get, _EARNED), ", ".join(one.rivals) or "none"]
        for one in ranking
    ]
    return Table.of("edge in Y a seed, edge/volume and edge/capital in bps", heads, rows)


def leaderboard_page(
    shown: Table, ranking: Sequence[Ranked], receipts: Mapping[str, Receipt]
) -> str:
    """The page of a ``ranking``: first the table of the terminal, last the receipts by name."""
    one = next(iter(receipts.values()))
    first, last = one["seeds"]["first"], one["seeds"]["first"] + one["seeds"]["count"] - 1
    steps = one["settings"]["steps"]
    facts = f"{len(ranking)} strategies, seeds {first} to {last}, {steps} steps each."
    configuration = leaves_table(f"Configuration {one['configuration']}", one["settings"])
    again = "qsim compete --verify RECEIPT runs one again and compares every seed."
    sections = [
        Section("Ranking", tables=(shown, earnings_table(ranking))),
        Section("Market and rules", tables=(configuration,), folded=True),
        Section("Receipts", (again,), tables=(_receipts(receipts),), folded=True),
    ]
    return page("Leaderboard", (facts, *_NOTES), sections)


def _receipts(receipts: Mapping[str, Receipt]) -> Table:
    rows = []
    for name, one in receipts.items():
        versions = one["versions"]
        qsim, device = versions.get("qsim", ""), versions.get("device", "")
        rows.append([name, one["fingerprint"], qsim, device])
    return Table.of("Receipts", ["name", "fingerprint", "qsim", "device"], rows)


def _label(one: Ranked) -> str:
    return one.name if one.valid else f"{one.name} (invalid)"
