"""Compares the numbers of two JSON trees or arrays to the last bit."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from quantamm_cli.settings.json_tree import Json

_ABSENT = object()


@dataclass(frozen=True)
class Difference:
    """A value that is not the same, and by how many units in the last place.

    ``ulp`` is ``None`` where the two are not both floating-point numbers.
    """

    where: str
    stored: Json
    again: Json
    ulp: int | None

    def __str__(self) -> str:
        apart = "" if self.ulp is None else f" ({self.ulp:,} ulp)"
        return f"{self.where} was {self.stored}, is {self.again}{apart}"

    def to_dict(self) -> dict[str, Json]:
        """As JSON."""
        return {
            "where": self.where,
            "stored": self.stored,
            "again": self.again,
            "ulp": self.ulp,
        }


@dataclass
class Comparison:
    """How many values were compared and differ; the first difference, and the largest.

    ``single``: units in the last place are those of float32.
    """

    single: bool = False
    compared: int = 0
    differing: int = 0
    first: Difference | None = None
    largest: Difference | None = None

    def add(self, stored: object, again: object, where: str) -> None:
        """Compare two trees of mappings, lists, arrays and values; what only ``again`` has does
        not count.
        """
        if isinstance(stored, Mapping):
            for key, value in stored.items():
                inner = again.get(key, _ABSENT) if isinstance(again, Mapping) else _ABSENT
                self.add(value, inner, f"{where}.{key}" if where else str(key))
        elif isinstance(stored, np.ndarray):
            self._add_array(stored, again, where)
        elif isinstance(stored, list | tuple):
            self._add_list(stored, again, where)
        else:
            self.compared += 1
            if not _same(stored, again):
                self._differ(stored, again, where)

    def _add_list(self, stored: Sequence[object], again: object, where: str) -> None:
        others = again if isinstance(again, list | tuple) else ()
        if len(others) != len(stored):
            self.compared += 1
            self._differ(f"{len(stored)} items", f"{len(others)} items", where)
        for index, (one, other) in enumerate(zip(stored, others, strict=False)):
            self.add(one, other, f"{where}[{index}]")

    def _add_array(self, stored: np.ndarray, again: object, where: str) -> None:
        other = np.asarray(again) if isinstance(again, np.ndarray) else np.empty(0)
        self.compared += stored.size
        if stored.shape != other.shape:
            self._differ(f"shape {stored.shape}", f"shape {other.shape}", where)
            return
        same = (stored == other) | ((stored != stored) & (other != other))
        if stored.dtype.kind == other.dtype.kind == "f":
            same &= (np.signbit(stored) == np.signbit(other)) | (stored != 0)
        for index in np.argwhere(~same):
            at = tuple(index.tolist())
            place = f"{where}[{', '.join(map(str, at))}]"
            self._differ(stored[at].item(), other[at].item(), place)

    def _differ(self, stored: object, again: object, where: str) -> None:
        self.differing += 1
        apart = Difference(where, _shown(stored), _shown(again), ulps(stored, again, self.single))
        if self.first is None:
            self.first = apart
        if self.largest is None or (apart.ulp or 0) > (self.largest.ulp or 0):
            self.largest = apart


def _same(stored: object, again: object) -> bool:
    """Whether two values are the same; a NaN is, 0.0 and -0.0 are not."""
    if isinstance(stored, float) and isinstance(again, float):
        return struct.pack("<d", stored) == struct.pack("<d", again)
    return type(stored) is type(again) and stored == again


def _shown(value: object) -> Json:
    if value is _ABSENT:
        return "absent"
    return value if isinstance(value, bool | int | float | str) or value is None else str(value)


def ulps(one: object, other: object, single: bool = False) -> int | None:
    """How many floating-point numbers two of them are apart; ``None`` unless both are finite."""
    if not isinstance(one, float) or not isinstance(other, float):
        return None
    if not (np.isfinite(one) and np.isfinite(other)):
        return None
    return abs(_position(one, single) - _position(other, single))


def _position(value: float, single: bool) -> int:
    """The place of a number in the order of all floating-point numbers."""
    forms = ("<f", "<i") if single else ("<d", "<q")
    number: int = struct.unpack(forms[1], struct.pack(forms[0], value))[0]
    lowest = -(2**31) if single else -(2**63)
    return number if number >= 0 else lowest - number
