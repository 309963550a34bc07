"""Closes on the full minute grid, and the treatment of minutes without a bar."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.errors import DataError
from quantamm_cli.market.base import Closes, Source
from quantamm_cli.settings.types import date_text

DAY = 1440
EDGE = 60
"""How near to midnight, in minutes, a file's first or last bar must be to be carried to it."""


@dataclass(frozen=True, eq=False)
class Grid:
    """The bars of one token. ``closes`` (t,): one entry a minute from the minute ``first`` to the
    last bar, NaN where there is no bar.
    """

    first: int
    closes: NDArray[np.float64]

    @property
    def last(self) -> int:
        """The minute after the last bar."""
        return self.first + self.closes.size


def total_minutes(grids: Mapping[str, Grid]) -> tuple[int, int]:
    """The first minute with a bar of any token, and the minute after the last."""
    first = min(grid.first for grid in grids.values())
    return first, max(grid.last for grid in grids.values())


def common_minutes(grids: Mapping[str, Grid]) -> tuple[int, int]:
    """The first minute from which all tokens have bars, and the minute up to which they do."""
    first = max(grid.first for grid in grids.values())
    return first, min(grid.last for grid in grids.values())


def cover(grid: Grid, source: Source) -> tuple[int, int]:
    """The minutes that have a price: the first, and the one after the last.

    A file may begin at 00:01 or end at 23:57 because nobody traded in the minutes around midnight.
    Therefore the first close of a file that begins within an hour after midnight also counts for
    the minutes since midnight, and the last close of one that ends within an hour before midnight
    for those until midnight. They count as carried, at most ``max_gap_minutes`` of them; with
    ``gaps=error`` the minutes are those from the first bar to the last.
    """
    near = min(EDGE, source.max_gap_minutes) if source.gaps == "carry" else 0
    first, last = grid.first, grid.last
    if first % DAY <= near:
        first -= first % DAY
    if -last % DAY <= near:
        last += -last % DAY
    return first, last


def closes(grid: Grid, source: Source, token: str, first: int, last: int) -> Closes:
    """The closes of the minutes [first, last) within :func:`cover`; the last bar's close is carried
    over minutes without a bar.

    Raises:
        DataError: with ``gaps=error`` a minute has no bar; with ``gaps=carry`` a close is older
            than ``max_gap_minutes``.
    """
    bars = np.arange(grid.closes.size)
    last_bar = np.maximum.accumulate(np.where(np.isnan(grid.closes), 0, bars))
    rows = np.arange(first - grid.first, last - grid.first)
    at = last_bar[np.clip(rows, 0, last_bar.size - 1)]
    age = np.abs(rows - at)
    limit = 0 if source.gaps == "error" else source.max_gap_minutes
    stale = np.flatnonzero(age > limit)
    if stale.size:
        _refuse_gap(grid, source, token, int(at[stale[0]]))
    return Closes(grid.closes[at], int(np.count_nonzero(age)), int(age.max(initial=0)))


def _refuse_gap(grid: Grid, source: Source, token: str, bar: int) -> None:
    """Raise DataError for the gap that follows a bar."""
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
        f"{gap}, data.max_gap_minutes is {source.max_gap_minutes}; use another period or "
        f"data.max_gap_minutes={length}",
    )
