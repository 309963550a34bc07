"""When a run trained, validated and was tested, and what was chosen by which of them."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MINUTE = 60_000
"""Milliseconds."""

Unix = NDArray[np.int64]
Numbers = NDArray[np.float64]


class Period(NamedTuple):
    """A stretch of time in milliseconds since 1970, from ``first`` up to but without ``end``."""

    name: str
    first: int
    end: int


def looks_at_test(load: str) -> bool:
    """Whether a selection rule looks at the test period."""
    return "test" in load


class Selection(NamedTuple):
    """The parameter set that a selection rule (``load``) chose."""

    load: str
    step: int
    set: int

    @property
    def on_test(self) -> bool:
        """Whether the rule looked at the test period, whose scores then tell
        nothing about the future.
        """
        return looks_at_test(self.load)

    @property
    def said(self) -> str:
        """In one line."""
        return f"{self.load}: step {self.step}, set {self.set}" + (
            " (chosen on the test period)" if self.on_test else ""
        )


def dated(spans: Iterable[tuple[str, int, int]], start: int) -> tuple[Period, ...]:
    """Spans of rows (name, first, row after the last) as periods of a run whose row 0 is
    minute ``start`` since 1970.
    """
    return tuple(
        Period(name, (start + first) * MINUTE, (start + last) * MINUTE)
        for name, first, last in spans
    )


def pieces(unix: Unix, periods: Iterable[Period]) -> list[slice]:
    """The rows of each period that has any; all rows as one piece if there are no periods.

    ``unix`` (t,) ms, ascending.
    """
    cuts = [
        slice(*np.searchsorted(unix, (period.first, period.end)).tolist()) for period in periods
    ] or [slice(0, len(unix))]
    return [cut for cut in cuts if cut.stop > cut.start]
