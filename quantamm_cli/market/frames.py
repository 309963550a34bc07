"""Converts the tables of Python callers to polars frames with a column ``unix`` in ms.

A *frame* is a polars or pandas frame, or a mapping of columns. Its ``unix`` is s, ms, us or ns
since 1970 UTC, or date-times, which in pandas may be the index.
"""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.errors import ArgumentError
from quantamm_cli.market import clean

if TYPE_CHECKING:
    import polars

TIME = "unix"
Minutes = NDArray[np.int64]


def is_frame(value: Any) -> bool:
    """Whether a value has columns by name."""
    return (
        hasattr(value, "collect_schema")
        or hasattr(value, "columns")
        or (isinstance(value, Mapping) and TIME in value)
    )


def frame_of(value: Any, name: str) -> "polars.DataFrame":
    """The polars frame of an argument; ``name`` is the argument's, for messages.

    Raises:
        ArgumentError: the value is no frame, or has no column ``unix`` or no rows.
        DataError: the times are invalid.
    """
    import polars

    if not is_frame(value):
        raise ArgumentError(
            name, f"is of type {type(value).__name__}; expected a frame with a column unix"
        )
    if isinstance(value, polars.DataFrame | polars.LazyFrame):
        frame = value.lazy().collect()
    else:
        try:
            frame = polars.DataFrame(_columns(value))
        except (polars.exceptions.PolarsError, TypeError, ValueError) as failure:
            raise ArgumentError(
                name,
                f"is not a table ({str(failure).splitlines()[0]}); expected a frame with a column "
                "unix",
            ) from None
    if TIME not in frame.columns:
        has = ", ".join(frame.columns) or "none"
        raise ArgumentError(
            name,
            "has no column unix of times (s, ms, us or ns since 1970, or date-times); its columns "
            f"are {has}",
        )
    if frame.height == 0:
        raise ArgumentError(name, f"has no rows; its columns are {', '.join(frame.columns)}")
    return frame.with_columns(
        _milliseconds(frame[TIME], name),
        *(column.cast(polars.Float64) for column in frame if _is_integer_amount(column)),
    )


def _milliseconds(unix: "polars.Series", name: str) -> "polars.Series":
    import polars

    if isinstance(unix.dtype, polars.Time | polars.Duration):
        raise ArgumentError(
            name,
            f"has unix of type {unix.dtype}; expected s, ms, us or ns since 1970, or date-times",
        )
    if unix.dtype.is_temporal():
        return unix.cast(polars.Datetime("ms")).dt.epoch("ms").alias(TIME)
    stamps, second = clean.stamps(unix, name, clean.parquet_row)
    return polars.Series(TIME, stamps // (second // 1000) if second > 1 else stamps * 1000)


def _is_integer_amount(column: "polars.Series") -> bool:
    """Whether a column other than ``unix`` has integers, which become floats."""
    return column.name != TIME and column.dtype.is_integer()


def _columns(value: Any) -> dict[str, Any]:
    """Copies of the columns of a mapping, or of a pandas frame and its index of times."""
    if isinstance(value, Mapping):
        return {str(name): np.array(column) for name, column in value.items()}
    columns = {str(name): np.array(value[name]) for name in value.columns}
    if TIME not in columns and hasattr(value.index, "tz"):
        columns = {TIME: _utc(value.index).to_numpy()} | columns
    elif TIME in columns and hasattr(value[TIME], "dt"):
        columns[TIME] = _utc(value[TIME].dt).to_numpy()
    return columns


def _utc(times: Any) -> Any:
    """Date-times of pandas in UTC, without a zone; those that came without one are in UTC."""
    if times.tz is None:
        return times.tz_localize(None)
    return times.tz_convert(None)


def frame_of_rows(
    values: Any, name: str, columns: Collection[str], minutes: Minutes | None
) -> "polars.DataFrame":
    """The frame of an array with one row for each of ``minutes`` and these columns.

    Raises:
        ArgumentError: it is no array of numbers of that shape, or there are no ``minutes``.
    """
    import polars

    array = _numbers(values, name)
    if minutes is None:
        raise ArgumentError(
            name,
            "is an array, which has no times, and each token's prices have their own; pass a frame "
            "with a column unix",
        )
    if array.size == 0:
        raise ArgumentError(name, "has no rows")
    if np.iscomplexobj(array):
        raise ArgumentError(name, "has complex numbers; expected real ones")
    table = array.reshape(len(array), -1) if array.ndim else array.reshape(1, 1)
    if table.shape != (len(minutes), len(columns)):
        raise ArgumentError(
            name,
            f"has the shape {array.shape}; expected ({len(minutes)}, {len(columns)}), "
            "one row for each row of prices",
        )
    times = {TIME: minutes * 60_000}
    return polars.DataFrame(times | dict(zip(columns, table.T.astype(np.float64), strict=True)))


def _numbers(values: Any, name: str) -> NDArray[Any]:
    """An array of numbers, NaN where a masked array is masked."""
    if hasattr(values, "index") and hasattr(values, "to_numpy"):
        raise ArgumentError(
            name, "is a pandas series; pass a frame, which has its times, or its to_numpy()"
        )
    try:
        if isinstance(values, np.ma.MaskedArray):
            values = np.ma.filled(values.astype(float), np.nan)
        array = np.asarray(values)
    except ValueError:
        raise ArgumentError(
            name, "has rows of different lengths; expected an array of numbers"
        ) from None
    if not np.issubdtype(array.dtype, np.number):
        raise ArgumentError(
            name,
            f"is of type {type(values).__name__}; expected a frame with a column unix, "
            "or an array of numbers",
        )
    return array
