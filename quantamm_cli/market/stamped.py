"""Time-stamped files other than prices: which columns there are,
what they hold, and since when it holds.
"""

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
"""Of a file's columns and its name, those to read and what they should
hold. May raise DataError.
"""


@dataclass(frozen=True, eq=False)
class Stamped:
    """The rows of a file. ``unix`` (k,) as they are in the file,
    ``minutes`` (k,) since 1970; seconds are dropped.

    ``frame``: the columns that were picked. ``content``: what names the
    file's content, see ``Table``.
    """

    where: str
    row: clean.Rows
    unix: NDArray[np.int64]
    minutes: NDArray[np.int64]
    frame: "polars.DataFrame"
    content: bytes

    def numbers(self, name: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The rows that have a number in a column, and the numbers; empty entries and NaN are none.

        Raises:
            DataError: an entry that is no finite number.
        """
        column = self.frame[name]
        there = np.flatnonzero(column.is_not_null().to_numpy())
        values = clean.floats(
            column.gather(there), self.where, lambda index: self.row(int(there[index]))
        )
        infinite = np.flatnonzero(np.isinf(values))
        if infinite.size:
            row = self.row(int(there[infinite[0]]))
            raise DataError(
                self.where, f"{row}: {name} is {values[infinite[0]]}; expected a finite number"
            )
        real = ~np.isnan(values)
        return there[real], values[real]


def stamped(path: str, pick: Pick, expected: str) -> Stamped:
    """The rows of a parquet or CSV file with a column ``unix``.

    ``expected``: its columns, for messages.

    Raises:
        DataError: a file that cannot be read, has no such column or no rows,
            or stamps of no known unit.
    """
    table = tables.opened(path)
    where, names = table.where, table.names
    if "unix" not in names:
        raise DataError(
            where,
            f"has no column unix{did_you_mean('unix', names)}; expected {expected}, it has "
            f"{', '.join(names) or 'none'}",
        )
    frame = table.read({"unix": _whole(), **pick(names, where)})
    if frame.height == 0:
        raise DataError(where, f"has no rows; expected {expected}")
    unix, second = clean.stamps(frame["unix"], where, table.row)
    return Stamped(where, table.row, unix, unix // (60 * second), frame, table.content)


def _whole() -> "polars.DataType":
    import polars

    return polars.Int64()


def last_before(observed: NDArray[np.int64], minutes: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each minute the position of the last observation up to it, -1 where there is none; of
    several in a minute the last.
    """
    return np.searchsorted(observed, minutes, side="right") - 1
