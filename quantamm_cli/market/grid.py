"""Closes on the full minute grid, and what is done about minutes without a bar."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.errors import DataError
from quantamm_cli.market.base import Closes, Source
from quantamm_cli.settings.types import date_text

DAY = 1440
EDGE = 60


@dataclass(frozen=True, eq=False)
class Grid:
    """The bars of one file. ``closes`` (t,): one entry a minute from ``first`` to the last bar,
    NaN where there is no bar.
    """

    first: int
    closes: NDArray[np.float64]

    @property
    def last(self) -> int:
        """The minute after the last bar."""
        return self.first + self.closes.size


def cover(grid: Grid, source: Source) -> tuple[int, int]:
    """The minutes for which prices may be asked: first, and the one after the last.

    These are the minutes from the first to the last bar, widened to midnight where midnight is
    near: files begin at 00:01 or end at 23:57 because nobody traded, not because the data stop. So
    a file that begins within the first hour of a day has its first close carried back to that
    midnight, one that ends within the last hour has its last close carried to the next. Both need
    ``gaps=carry`` and stay within ``max_gap_minutes``; both are counted as carried. Further out is
    outside.
    """
    near = min(EDGE, source.max_gap_minutes) if source.gaps == "carry" else 0
    head, tail = grid.first % DAY, -grid.last % DAY
    return grid.first - (head if head <= near else 0), grid.last + (tail if tail <= near else 0)


def closes(grid: Grid, source: Source, token: str, first: int, last: int) -> Closes:
    """The closes of [first, last) within :func:`cover`, the last bar carried
    over minutes without one.

    Raises:
        DataError: under ``gaps=error`` any minute without a bar;
            else a close older than ``max_gap_minutes``.
    """
    bars = np.arange(grid.closes.size)
    held = np.maximum.accumulate(np.where(np.isnan(grid.closes), 0, bars))
    rows = np.arange(first - grid.first, last - grid.first)
    at = held[np.clip(rows, 0, held.size - 1)]
    age = np.abs(rows - at)
    limit = 0 if source.gaps == "error" else source.max_gap_minutes
    stale = np.flatnonzero(age > limit)
    if stale.size:
        _refuse(grid, source, token, int(at[stale[0]]))
    return Closes(grid.closes[at], int(np.count_nonzero(age)), int(age.max(initial=0)))


def _refuse(grid: Grid, source: Source, token: str, bar: int) -> None:
    after = np.flatnonzero(~np.isnan(grid.closes[bar + 1 :]))
    length = int(after[0]) if after.size else grid.closes.size - bar - 1
    gap = (
        f"{token} has no prices for {length} minute{'s' * (length != 1)} from "
        f"{date_text(grid.first + bar + 1)}"
    )
    if source.gaps == "error":
        raise DataError(
            source.place(token),
            f"{gap} and data.gaps=error; write data.gaps=carry to carry the last close over them",
        )
    raise DataError(
        source.place(token),
        f"{gap}, data.max_gap_minutes is {source.max_gap_minutes}; take another period or "
        f"data.max_gap_minutes={length}",
    )
