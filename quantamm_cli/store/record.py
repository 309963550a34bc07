"""An entry as it is written: converted once, however often the checkpoint that
keeps it is written again.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, NotRequired, TypeAlias, TypedDict, TypeGuard

from numpy.typing import NDArray

from quantamm_cli.settings.digest import canonical
from quantamm_cli.store.encode import finite, render

Scores: TypeAlias = Sequence[float | None] | NDArray[Any]
"""A number a parameter set: an array, or as it is read back a list in which
None is what was not finite.
"""
Values: TypeAlias = Sequence[Sequence[float] | Sequence[Sequence[float]]] | NDArray[Any]
"""A parameter of every set: its numbers, or those of each of its layers."""


class Entry(TypedDict):
    """One step of a training. Fitters add what they say of each set, by names of their own."""

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
    ended: NotRequired[list[str | None]]


def is_entry(tree: object) -> TypeGuard[Entry]:
    """Whether what JSON holds says which step it is; what else it says its digest vouches for."""
    return isinstance(tree, dict) and type(tree.get("step")) is int


_FIRST = ("step", "objective", "learning_rate", "since_improvement")


class Record:
    """The two texts of an entry; the entry is not changed any more.
    Raises TypeError for what JSON cannot hold.
    """

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.step = entry["step"]
        self._plain = finite(entry)
        self.canonical = canonical(self._plain)

    @cached_property
    def people(self) -> str:
        """For the checkpoint: keys in one order, whatever order they came in."""
        return render({key: self._plain[key] for key in sorted(self._plain, key=_rank)}, "    ")


def _rank(key: str) -> tuple[int, str]:
    return (_FIRST.index(key) if key in _FIRST else len(_FIRST), key)


class Records:
    """Remembers the records of the last save: most entries are kept from one save to the next."""

    def __init__(self) -> None:
        self._known: dict[int, Record] = {}

    def of(self, entries: Iterable[Entry]) -> list[Record]:
        """The records of the entries, in their order."""
        return [self._of(entry) for entry in entries]

    def _of(self, entry: Entry) -> Record:
        known = self._known.get(int(entry["step"]))
        if known is None or known.entry is not entry:
            known = self._known[int(entry["step"])] = Record(entry)
        return known

    def forget_but(self, records: Iterable[Record]) -> None:
        """Only these will come again."""
        self._known = {record.step: record for record in records}
