"""Strategies of several receipts in one ranking, with ties where differences are within noise."""

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
    """Shared by tied strategies; the next group has the rank of its place."""
    name: str
    receipt: str
    rivals: tuple[str, ...]
    """The other strategies of its line-up."""
    edge: Estimate
    behind: Estimate | None
    """The first strategy's edge less this one's, paired by seed; None for the first, and for one
    that broke a rule.
    """
    valid: bool
    standing: StandingRow
    """Its row of the receipt."""


def conflict(receipts: Mapping[str, Receipt]) -> str:
    """The settings in which these receipts differ, so that they cannot be ranked together; empty if
    they can.
    """
    (first, one), *others = receipts.items()
    expected = dict(_settings(one))
    for name, other in others:
        values = dict(_settings(other))
        differing = [
            f"{key} is {expected.get(key)} in {first} and {values.get(key)} in {name}"
            for key in {**expected, **values}
            if expected.get(key) != values.get(key)
        ]
        if differing:
            return "; ".join(differing[:3])
    return ""


def ranking(receipts: Mapping[str, Receipt], confidence: float = CONFIDENCE) -> list[Ranked]:
    """The highest mean first.

    A strategy ties with the first of its group unless the paired interval of their
    difference excludes zero.

    The error is divided among all strategies (Bonferroni). Strategies that broke a rule come last
    and tie with nobody. A strategy with the same line-up and the same edges in two receipts is
    listed once.
    """
    entries = _without_duplicates(_entries(receipts))
    entries.sort(key=lambda entry: (not entry.valid, -entry.edge.mean))

    def gap(first: Ranked, second: Ranked) -> Estimate:
        share = 1 - (1 - confidence) / max(len(entries) - 1, 1)
        return difference(_edges(receipts, first), _edges(receipts, second), share)

    ordered: list[Ranked] = []
    head: Ranked | None = None
    for place, entry in enumerate(entries, 1):
        behind = gap(ordered[0], entry) if ordered and entry.valid else None
        tied = head is not None and entry.valid and gap(head, entry).low <= 0
        if head is None or not tied:
            head = entry._replace(rank=place)
        ordered.append(entry._replace(rank=head.rank, behind=behind))
    return ordered


def _edges(receipts: Mapping[str, Receipt], entry: Ranked) -> Numbers:
    return np.asarray(receipts[entry.receipt]["edges"][entry.name], np.float64)


def _entries(receipts: Mapping[str, Receipt]) -> list[Ranked]:
    """The strategies of all receipts, not yet ranked."""
    entries = []
    for receipt, tree in receipts.items():
        names = [name for name in tree["edges"] if name != NORMALISER]
        rows = {row["name"]: row for row in tree["standings"]}
        for name in names:
            rivals = tuple(other for other in names if other != name)
            edge = mean(np.asarray(tree["edges"][name], np.float64))
            valid = bool(rows[name].get("valid", True))
            entries.append(Ranked(0, name, receipt, rivals, edge, None, valid, rows[name]))
    return entries


def _without_duplicates(entries: Sequence[Ranked]) -> list[Ranked]:
    """The first of the entries with the same name, rivals and edge: the same competition in two
    places.
    """
    unique = {(entry.name, entry.rivals, entry.edge): entry for entry in reversed(entries)}
    return list(unique.values())


def _settings(receipt: Receipt) -> Iterator[tuple[str, Json]]:
    """The settings and seeds of a competition, by dotted key."""
    yield from dotted(receipt["settings"], "settings")
    yield "seeds.first", receipt["seeds"]["first"]
    yield "seeds.count", receipt["seeds"]["count"]
