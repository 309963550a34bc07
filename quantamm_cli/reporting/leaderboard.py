"""A leaderboard as tables, and as one HTML page: static, self-contained, made from receipts."""

from collections.abc import Container, Mapping, Sequence

from quantamm_cli.competition.documents import Receipt
from quantamm_cli.competition.ranking import Ranked
from quantamm_cli.reporting.page import Section, page
from quantamm_cli.reporting.standings import between_text
from quantamm_cli.reporting.table import Column, Table
from quantamm_cli.reporting.tables import leaves_table

_EDGE: tuple[Column, ...] = (("edge", ".2f"), ("± s.e.", ".2f"))
_EARNED = (
    ("arbitrage", "arb_edge", ".2f"),
    ("retail", "retail_edge", ".2f"),
    ("edge/volume", "edge_per_volume", ".2f"),
    ("edge/capital", "edge_per_capital", ".2f"),
    ("flow share", "flow_share", ".1%"),
)
_NOTES = (
    (
        "Edge is counted at the fair price of each fill: what a pool gives and gets, not what its "
        "inventory does later."
    ),
    (
        "Who shares a rank is tied: the 95 % interval of the difference to the first of that rank, "
        "seed by seed and shared among all strategies, holds zero. Behind is the same interval "
        "below the first of all."
    ),
)


def ranking_table(title: str, ranking: Sequence[Ranked], older: Container[str] = ()) -> Table:
    """The highest mean edge first. ``older``: receipts that are marked with a star."""
    heads: list[Column] = ["rank", "strategy", *_EDGE, "behind the first", "rivals", "receipt"]
    rows = [
        [
            one.rank,
            _called(one),
            one.edge.mean,
            one.edge.error,
            _behind(one),
            len(one.rivals),
            f"{one.receipt}{'*' if one.receipt in older else ''}",
        ]
        for one in ranking
    ]
    return Table.of(title, heads, rows)


def earnings_table(ranking: Sequence[Ranked]) -> Table:
    """Where each edge came from, and against whom."""
    heads: list[Column] = ["strategy", *((head, form) for head, _, form in _EARNED), "rivals"]
    rows = [
        [
            _called(one),
            *(one.standing.get(key) for _, key, _ in _EARNED),
            ", ".join(one.rivals) or "none",
        ]
        for one in ranking
    ]
    return Table.of("edge in Y a seed, edge/volume and edge/capital in bps", heads, rows)


def leaderboard_page(
    shown: Table, ranking: Sequence[Ranked], receipts: Mapping[str, Receipt]
) -> str:
    """The page of a ``ranking``, headed by the table that a terminal shows, with the receipts by
    name that it was made from.
    """
    one = next(iter(receipts.values()))
    first, last = one["seeds"]["first"], one["seeds"]["first"] + one["seeds"]["count"] - 1
    what = (
        f"{len(ranking)} strategies, seeds {first} to {last}, "
        f"{one['settings']['steps']} steps each."
    )
    configuration = leaves_table(f"Configuration {one['configuration']}", one["settings"])
    again = "qsim compete --verify RECEIPT runs one again and compares every seed."
    sections = [
        Section("Ranking", tables=(shown, earnings_table(ranking))),
        Section("What they met", tables=(configuration,), folded=True),
        Section("Receipts", (again,), tables=(_receipts(receipts),), folded=True),
    ]
    return page("Leaderboard", (what, *_NOTES), sections)


def _receipts(receipts: Mapping[str, Receipt]) -> Table:
    rows = [
        [
            name,
            one["fingerprint"],
            one["versions"].get("qsim", ""),
            one["versions"].get("device", ""),
        ]
        for name, one in receipts.items()
    ]
    return Table.of("Receipts", ["name", "fingerprint", "qsim", "device"], rows)


def _behind(one: Ranked) -> str | None:
    return between_text(None if one.behind is None else one.behind.record)


def _called(one: Ranked) -> str:
    return one.name if one.valid else f"{one.name} (invalid)"
