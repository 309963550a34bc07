"""Fee-like series from a file to one value a minute."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.errors import DataError
from quantamm_cli.market import clean, tables
from quantamm_cli.settings.component import hint

if TYPE_CHECKING:
    import polars


def series(path: str, columns: tuple[str, ...], first_minute: int, rows: int, defaults: dict[str, float]) -> dict[str, NDArray[np.float64]]:
    """Per-minute values (rows,) of those of ``columns`` that a parquet or CSV file has, beside its ``unix``.

    An observation holds from its minute (seconds are dropped) until the next one; of several in a minute the last wins.
    Before the first observation the default holds. Empty entries and NaN are no observations. Ranges are the caller's.

    Args:
        columns: the names that may be there.
        first_minute: minutes since 1970 UTC of row 0.
        defaults: a value for every name in ``columns``.

    Raises:
        DataError: a file that cannot be read, a column of another name, none of the columns, stamps out of order, or an
            entry that is no finite number.
    """
    file = Path(path).expanduser()
    kind = file.suffix.lower().removeprefix(".")
    if kind not in tables.ROWS:
        raise DataError(path, f"ends in '{file.suffix}'; expected a .parquet or .csv file")
    frame = _frame(file, kind, columns)
    row = tables.ROWS[kind]
    if frame.height == 0:
        raise DataError(path, f"has no rows; expected unix and any of {', '.join(columns)}")
    stamps, second = clean.stamps(frame["unix"], path, row)
    observed = stamps // (60 * second)
    clean.increasing(observed, path, row, strictly=False)
    minutes = np.arange(first_minute, first_minute + rows)
    return {name: _filled(observed, frame[name], minutes, defaults[name], path, row) for name in columns if name in frame.columns}


def _frame(file: Path, kind: str, columns: tuple[str, ...]) -> "polars.DataFrame":
    import polars

    where, data = str(file), tables.content(file)
    names = tables.columns_of(data, kind, where)
    expected = f"expected unix and any of {', '.join(columns)}"
    if "unix" not in names:
        raise DataError(where, f"has no column unix{hint('unix', names)}; {expected}, it has {', '.join(names) or 'none'}")
    for name in names:
        if name != "unix" and name not in columns:
            raise DataError(where, f"'{name}' is no series known here{hint(name, columns)}; {expected}")
    if names == ["unix"]:
        raise DataError(where, f"has no series; {expected}")
    types: dict[str, polars.DataType] = {"unix": polars.Int64()}
    return tables.read_columns(data, kind, types | {name: polars.Float64() for name in columns if name in names}, where)


def _filled(
    observed: NDArray[np.int64], column: "polars.Series", minutes: NDArray[np.int64], default: float, where: str, row: clean.Rows
) -> NDArray[np.float64]:
    """The last observation up to each minute, else the default."""
    there = np.flatnonzero(column.is_not_null().to_numpy())
    values = clean.floats(column.gather(there), where, lambda index: row(int(there[index])))
    infinite = np.flatnonzero(np.isinf(values))
    if infinite.size:
        raise DataError(where, f"{row(int(there[infinite[0]]))}: {column.name} is {values[infinite[0]]}; expected a finite number")
    there, values = there[~np.isnan(values)], values[~np.isnan(values)]
    if values.size == 0:
        return np.full(minutes.size, default)
    last = np.searchsorted(observed[there], minutes, side="right") - 1
    return np.where(last >= 0, values[np.maximum(last, 0)], default)
