"""Turns the columns of a file into arrays, and refuses what is not minute prices.

Every message names the file (``where``), the row and the value.
``Rows`` turns a row's index into its name in that kind of file.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.errors import DataError
from quantamm_cli.market.grid import Grid
from quantamm_cli.settings.types import date_text

if TYPE_CHECKING:
    import polars

Rows = Callable[[int], str]

# Name, least stamp, units a second. Each unit ends where the next begins; every least stamp
# (1e8 s, 1e11 ms, …) is in 1973, before all prices, so the magnitude determines the unit.
UNITS = (("s", 10**8, 1), ("ms", 10**11, 10**3), ("us", 10**14, 10**6), ("ns", 10**17, 10**9))
LONGEST = 100 * 525_600
LATEST = 4_102_444_800  # 2100-01-01 in s; a later stamp is an error


def parquet_row(index: int) -> str:
    """The name of a row; rows count from 1."""
    return f"row {index + 1}"


def csv_line(index: int) -> str:
    """The name of a row as a line; lines count from 1, and line 1 is the header."""
    return f"line {index + 2}"


def grid(unix: "polars.Series", close: "polars.Series", where: str, rows: Rows) -> Grid:
    """Closes on the minute grid from the columns ``unix`` and ``close``.

    Raises:
        DataError: there are no rows; a stamp is not a whole minute, or not in the unit of the
            others; minutes repeat or are out of order; a close is missing, not finite or not
            positive.
    """
    if len(unix) == 0:
        raise DataError(where, "has no rows; expected columns unix and close with a row a minute")
    minutes = on_grid(*stamps(unix, where, rows), where, rows)
    increasing(minutes, where, rows, strictly=True)
    prices = floats(close, where, rows)
    wrong = np.flatnonzero(~(np.isfinite(prices) & (prices > 0)))
    if wrong.size:
        row = int(wrong[0])
        raise DataError(
            where,
            f"{rows(row)} ({date_text(int(minutes[row]))}): close is {prices[row]:g}; "
            "expected a positive number",
        )
    if minutes[-1] - minutes[0] > LONGEST:
        raise DataError(
            where,
            f"has prices from {date_text(int(minutes[0]))} to {date_text(int(minutes[-1]))}; "
            "expected less than a century; correct the column unix",
        )
    closes = np.full(int(minutes[-1] - minutes[0]) + 1, np.nan)
    closes[minutes - minutes[0]] = prices
    return Grid(int(minutes[0]), closes)


def floats(
    column: "polars.Series", where: str, rows: Rows, expected: str = "a number"
) -> NDArray[np.float64]:
    """A column as float64. Raises DataError for the first entry that is missing or not a number,
    which says what was ``expected``.
    """
    import polars

    if not (column.dtype.is_numeric() or column.dtype in (polars.String, polars.Null)):
        raise DataError(
            where, f"column {column.name} is of type {column.dtype}; expected {expected} a row"
        )
    if column.dtype == polars.String:
        numbers = column.str.strip_chars().cast(polars.Float64, strict=False)
    else:
        numbers = column.cast(polars.Float64)
    if numbers.null_count():
        row = int(np.flatnonzero(numbers.is_null().to_numpy())[0])
        entry = f"'{column[row]}'" if column[row] is not None else "empty"
        raise DataError(where, f"{rows(row)}: {column.name} is {entry}; expected {expected}")
    return numbers.to_numpy()


def stamps(unix: "polars.Series", where: str, rows: Rows) -> tuple[NDArray[np.int64], int]:
    """Time stamps, and how many of their unit make a second. The magnitude determines the unit; a
    file must have one unit.

    Raises:
        DataError: a stamp is not a whole number, has no known unit or another than the first, or is
            after the year 2100.
    """
    values = _integers(unix, where, rows)
    units = np.searchsorted([least for _, least, _ in UNITS], values, side="right") - 1
    unknown = np.flatnonzero(units < 0)
    if unknown.size:
        row = int(unknown[0])
        raise DataError(
            where,
            f"{rows(row)}: unix is {values[row]}; expected s, ms, us or ns since 1970, after 1973",
        )
    mixed = np.flatnonzero(units != units[0])
    if mixed.size:
        row = int(mixed[0])
        unit, first_unit = UNITS[units[row]][0], UNITS[units[0]][0]
        raise DataError(
            where,
            f"{rows(row)}: unix is {values[row]}, which is {unit}; the rows before are "
            f"{first_unit}; expected one unit",
        )
    second = UNITS[units[0]][2]
    far = np.flatnonzero(values // second >= LATEST)
    if far.size:
        row, unit = int(far[0]), UNITS[units[0]][0]
        raise DataError(
            where,
            f"{rows(row)}: unix is {values[row]}, which in {unit} is after the year 2100; "
            "expected an earlier time",
        )
    return values, second


def _integers(unix: "polars.Series", where: str, rows: Rows) -> NDArray[np.int64]:
    import polars

    if unix.dtype == polars.Int64 and not unix.null_count():
        return unix.to_numpy()
    # Other number types and text go through float64, in which stamps of whole minutes are exact,
    # even in ns.
    numbers = floats(unix, where, rows, "a number: s, ms, us or ns since 1970, UTC")
    wrong = np.flatnonzero(~((np.abs(numbers) < 2.0**63) & (numbers == np.floor(numbers))))
    if wrong.size:
        row = int(wrong[0])
        raise DataError(
            where, f"{rows(row)}: unix is {numbers[row]}; expected whole s, ms, us or ns since 1970"
        )
    return numbers.astype(np.int64)


def on_grid(values: NDArray[np.int64], second: int, where: str, rows: Rows) -> NDArray[np.int64]:
    """Minutes since 1970 of stamps in units of 1/``second`` s.

    Raises DataError for the first stamp that is not a whole minute.
    """
    minutes = values // (60 * second)
    off = np.flatnonzero(minutes * (60 * second) != values)
    if off.size:
        row = int(off[0])
        nearest = (int(values[row]) + 30 * second) // (60 * second)
        raise DataError(
            where,
            f"{rows(row)}: unix is {values[row]}, not a whole minute; the nearest is "
            f"{date_text(nearest)} ({nearest * 60 * second})",
        )
    return minutes


def increasing(minutes: NDArray[np.int64], where: str, rows: Rows, *, strictly: bool) -> None:
    """Raise DataError at the first row that is earlier than the row before it, or, if ``strictly``,
    of the same minute.
    """
    steps = np.diff(minutes)
    wrong = np.flatnonzero(steps < strictly)
    if wrong.size:
        row = int(wrong[0])
        now, before = date_text(int(minutes[row + 1])), date_text(int(minutes[row]))
        problem = f"{now} comes after {before}"
        if now == before:
            problem = f"the minute {now} comes twice"
        expected = "rows in order of time" + ", one a minute" * strictly
        raise DataError(where, f"{rows(row + 1)}: {problem}; expected {expected}")
