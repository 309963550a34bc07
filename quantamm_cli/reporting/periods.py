"""The periods of a run, and the parameter set that a selection rule chose on one of them."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MINUTE = 60_000
"""Milliseconds."""

Unix = NDArray[np.int64]
Numbers = NDArray[np.float64]


class Period(NamedTuple):
    """An interval in milliseconds since 1970: [``first``, ``end``)."""

    name: str
    first: int
    end: int


def looks_at_test(load: str) -> bool:
    """Whether a selection rule uses the test period."""
    return "test" in load


class Selection(NamedTuple):
    """The parameter set that a selection rule (``load``) chose."""

    load: str
    step: int
    set: int
    by: str | None = None
    """The metric, if it is not the one that selected while training."""

    @property
    def on_test(self) -> bool:
        """Whether the rule used the test period, so that scores there predict nothing."""
        return looks_at_test(self.load)

    @property
    def summary(self) -> str:
        """Rule, step and set in one line."""
        remark = " (chosen on the test period)" if self.on_test else ""
        rule = self.load if self.by is None else f"{self.load} by {self.by}"
        return f"{rule}: step {self.step}, set {self.set}{remark}"


def summary(selection: Selection | None) -> str:
    """The selection in one line; empty without one."""
    return selection.summary if selection is not None else ""


def dated(spans: Iterable[tuple[str, int, int]], start: int) -> tuple[Period, ...]:
    """Spans of rows (name, first, row after the last) as periods of a run whose row 0 is
    minute ``start`` since 1970.
    """
    return tuple(
        Period(name, (start + first) * MINUTE, (start + last) * MINUTE)
        for name, first, last in spans
    )


def pieces(unix: Unix, periods: Iterable[Period]) -> list[slice]:
    """The rows of each period that has any; one slice of all rows if there are no periods.

    ``unix`` (t,) ms, ascending.
    """
    slices = [slice(*np.searchsorted(unix, period[1:]).tolist()) for period in periods]
    slices = slices or [slice(0, len(unix))]
    return [rows for rows in slices if rows.stop > rows.start]
