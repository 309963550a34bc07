"""An entry as it is written: converted once, however often the checkpoint that keeps it is written again."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from quantamm_cli.settings.digest import canonical
from quantamm_cli.store.encode import finite, render

Entry = Mapping[str, Any]
_FIRST = ("step", "objective", "learning_rate", "since_improvement")


class Record:
    """The two texts of an entry; the entry is not changed any more. Raises TypeError for what JSON cannot hold."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.step = int(entry["step"])
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
