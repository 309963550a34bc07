"""Time-stamped files other than prices: their columns, numbers and minutes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.errors import DataError
from quantamm_cli.market import clean, tables
from quantamm_cli.settings.suggestions import did_you_mean

if TYPE_CHECKING:
    import polars

Pick = Callable[[list[str], str], dict[str, "polars.DataType"]]
"""From a file's column names and its name, the columns to read and their types. May raise
DataError.
"""


@dataclass(frozen=True, eq=False)
class Stamped:
    """The rows of a file.

    ``unix`` (k,): as in the file. ``minutes`` (k,): since 1970; seconds are dropped.
    ``frame``: the columns that were picked. ``content``: as in ``Table``.
    """

    where: str
    row: clean.Rows
    unix: NDArray[np.int64]
    minutes: NDArray[np.int64]
    frame: "polars.DataFrame"
    content: bytes

    def numbers(self, name: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The rows that have a number in a column, and the numbers. Empty entries and NaN are
        skipped.

        Raises:
            DataError: an entry is not a number, or is infinite.
        """
        column = self.frame[name]
        rows = np.flatnonzero(column.is_not_null().to_numpy())
        values = clean.floats(
            column.gather(rows), self.where, lambda index: self.row(int(rows[index]))
        )
        infinite = np.flatnonzero(np.isinf(values))
        if infinite.size:
            row = self.row(int(rows[infinite[0]]))
            raise DataError(
                self.where, f"{row}: {name} is {values[infinite[0]]}; expected a finite number"
            )
        is_number = ~np.isnan(values)
        return rows[is_number], values[is_number]


def stamped(path: str, pick: Pick, expected: str) -> Stamped:
    """The rows of a parquet or CSV file with a column ``unix``.

    ``expected``: its columns, for messages.

    Raises:
        DataError: the file cannot be read or has no such column or no rows, or the unit of its
            stamps is unknown.
    """
    table = tables.open_table(path)
    where, names = table.where, table.names
    if "unix" not in names:
        raise DataError(
            where,
            f"has no column unix{did_you_mean('unix', names)}; expected {expected}, it has "
            f"{', '.join(names) or 'none'}",
        )
    frame = table.read({"unix": _int64(), **pick(names, where)})
    if frame.height == 0:
        raise DataError(where, f"has no rows; expected {expected}")
    unix, second = clean.stamps(frame["unix"], where, table.row)
    return Stamped(where, table.row, unix, unix // (60 * second), frame, table.content)


def _int64() -> "polars.DataType":
    import polars

    return polars.Int64()


def last_before(observed: NDArray[np.int64], minutes: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each minute the index of the last observation up to it, or -1 if there is none."""
    return np.searchsorted(observed, minutes, side="right") - 1
