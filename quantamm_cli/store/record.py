"""Entries in the form in which they are written; each is converted once."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, NotRequired, TypeAlias, TypedDict, TypeGuard

from numpy.typing import NDArray

from quantamm_cli.settings.digest import canonical
from quantamm_cli.store.encode import finite, render

Scores: TypeAlias = Sequence[float | None] | NDArray[Any]
"""A number for each parameter set: an array, or a list read from JSON, in which None is a number
that was not finite.
"""
Values: TypeAlias = Sequence[Sequence[float] | Sequence[Sequence[float]]] | NDArray[Any]
"""A parameter of every set: its numbers, or the numbers of each layer."""


class Entry(TypedDict):
    """One step of a training. Fitters add results for each set, by names of their own."""

    step: int
    params: Mapping[str, Values]
    """Raw."""
    readable: Mapping[str, Values]
    objective: Scores
    metrics: Mapping[str, Mapping[str, Scores]]
    """By period and name."""
    learning_rate: float | None
    since_improvement: int
    redrawn: NotRequired[list[int]]
    undefined: NotRequired[list[int]]
    """Windows of each set that were left out, as the metric does not exist there."""
    ended: NotRequired[list[str | None]]


def is_entry(tree: object) -> TypeGuard[Entry]:
    """Whether a JSON value has a step; digests protect the rest of its content."""
    return isinstance(tree, dict) and type(tree.get("step")) is int


_FIRST = ("step", "objective", "learning_rate", "since_improvement")


class Record:
    """An entry with its canonical and its indented JSON. The entry must not change any more.

    Raises TypeError for a value that JSON does not have.
    """

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.step = entry["step"]
        self._plain = finite(entry)
        self.canonical = canonical(self._plain)

    @cached_property
    def indented(self) -> str:
        """The JSON in the checkpoint, with its keys in a fixed order."""
        return render({key: self._plain[key] for key in sorted(self._plain, key=_rank)}, "    ")


def _rank(key: str) -> tuple[int, str]:
    return (_FIRST.index(key) if key in _FIRST else len(_FIRST), key)


class Records:
    """Caches the records of the last save, most of which the next save needs again."""

    def __init__(self) -> None:
        self._known: dict[int, Record] = {}

    def of(self, entries: Iterable[Entry]) -> list[Record]:
        """The records of the entries, in their order."""
        return list(map(self._of, entries))

    def _of(self, entry: Entry) -> Record:
        known = self._known.get(int(entry["step"]))
        if known is None or known.entry is not entry:
            known = self._known[int(entry["step"])] = Record(entry)
        return known

    def retain(self, records: Iterable[Record]) -> None:
        """Drops all records but these from the cache."""
        self._known = {record.step: record for record in records}
