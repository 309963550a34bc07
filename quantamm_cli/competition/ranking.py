"""Strategies of several receipts in one order, with those that noise alone could
have put in another one tied.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from quantamm_cli.competition.documents import Receipt, StandingRow
from quantamm_cli.competition.statistics import CONFIDENCE, Estimate, Numbers, difference, mean
from quantamm_cli.settings.compete import NORMALISER
from quantamm_cli.settings.json_tree import Json, dotted


class Ranked(NamedTuple):
    """A strategy of a receipt."""

    rank: int
    """Shared by those that tie; the next group begins at its place."""
    name: str
    receipt: str
    rivals: tuple[str, ...]
    """Who else competed in its line-up."""
    edge: Estimate
    behind: Estimate | None
    """How far below the first of all, seed by seed; None of that one,
    and of one that broke a rule.
    """
    valid: bool
    standing: StandingRow
    """Its row of the receipt."""


def conflict(receipts: Mapping[str, Receipt]) -> str:
    """Why these receipts cannot be ranked together: what one has and another
    has not; empty if they can.
    """
    (first, one), *others = receipts.items()
    for name, other in others:
        was, now = dict(_asked(one)), dict(_asked(other))
        apart = [key for key in {**was, **now} if was.get(key) != now.get(key)]
        if apart:
            return "; ".join(
                f"{key} is {was.get(key)} in {first} and {now.get(key)} in {name}"
                for key in apart[:3]
            )
    return ""


def ranking(receipts: Mapping[str, Receipt], confidence: float = CONFIDENCE) -> list[Ranked]:
    """The highest mean first.

    A strategy ties with the first of its group unless the paired interval of their
    difference excludes zero.

    The error is shared among all strategies (Bonferroni). Who broke a rule comes last, without a
    rank of the others. A strategy that plays in the same line-up in two receipts, with the same
    edges, is listed once.
    """
    found = sorted(_unlike(_entries(receipts)), key=lambda each: (not each.valid, -each.edge.mean))
    edges = {
        (each.receipt, each.name): np.asarray(
            receipts[each.receipt]["edges"][each.name], np.float64
        )
        for each in found
    }
    share = 1 - (1 - confidence) / max(len(found) - 1, 1)
    ordered: list[Ranked] = []
    for place, each in enumerate(found, 1):
        head = (
            next((other for other in ordered if other.rank == ordered[-1].rank), None)
            if ordered
            else None
        )
        tied = head is not None and each.valid and _gap(edges, head, each, share).low <= 0
        behind = _gap(edges, ordered[0], each, share) if ordered and each.valid else None
        ordered.append(
            each._replace(rank=head.rank if head is not None and tied else place, behind=behind)
        )
    return ordered


def _gap(
    edges: Mapping[tuple[str, str], Numbers], first: Ranked, second: Ranked, confidence: float
) -> Estimate:
    return difference(
        edges[first.receipt, first.name], edges[second.receipt, second.name], confidence
    )


def _entries(receipts: Mapping[str, Receipt]) -> list[Ranked]:
    found = []
    for receipt, tree in receipts.items():
        names = [name for name in tree["edges"] if name != NORMALISER]
        rows = {row["name"]: row for row in tree["standings"]}
        for name in names:
            rivals = tuple(other for other in names if other != name)
            edge = mean(np.asarray(tree["edges"][name], np.float64))
            found.append(
                Ranked(
                    0,
                    name,
                    receipt,
                    rivals,
                    edge,
                    None,
                    bool(rows[name].get("valid", True)),
                    rows[name],
                )
            )
    return found


def _unlike(entries: Sequence[Ranked]) -> list[Ranked]:
    """One of those that have name, rivals and edge in common: the same
    competition in two places.
    """
    return list({(each.name, each.rivals, each.edge): each for each in reversed(entries)}.values())


def _asked(receipt: Receipt) -> Iterator[tuple[str, Json]]:
    """What was asked for, by dotted key."""
    yield from dotted(receipt["settings"], "settings")
    yield from (
        ("seeds.first", receipt["seeds"]["first"]),
        ("seeds.count", receipt["seeds"]["count"]),
    )
