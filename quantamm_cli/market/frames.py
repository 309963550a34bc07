"""What Python code calls a table, as a polars frame with a column ``unix`` in ms.

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
    """The frame an argument of this name is.

    Raises:
        ArgumentError: it is none, or has no times or rows.
        DataError: times that are none.
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
                f"is no table ({str(failure).splitlines()[0]}); expected a "
                "frame with a column unix",
            ) from None
    if TIME not in frame.columns:
        has = ", ".join(frame.columns) or "none"
        raise ArgumentError(
            name,
            "has no column unix; expected one of times (s, ms, us or ns since 1970, or "
            f"date-times), it has {has}",
        )
    if frame.height == 0:
        raise ArgumentError(name, f"has no rows; its columns are {', '.join(frame.columns)}")
    return frame.with_columns(
        _milliseconds(frame[TIME], name),
        *(each.cast(polars.Float64) for each in frame if _counts(each)),
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


def _counts(column: "polars.Series") -> bool:
    """Whether a column is of whole numbers, which are amounts as any others."""
    return column.name != TIME and column.dtype.is_integer()


def _columns(value: Any) -> dict[str, Any]:
    """Copies of the columns of a pandas frame, its index of times among them, or of a mapping."""
    if isinstance(value, Mapping):
        return {str(name): np.array(column) for name, column in value.items()}
    columns = {str(name): np.array(value[name]) for name in value.columns}
    if TIME not in columns and hasattr(value.index, "tz"):
        columns = {TIME: _utc(value.index).to_numpy()} | columns
    elif TIME in columns and hasattr(value[TIME], "dt"):
        columns[TIME] = _utc(value[TIME].dt).to_numpy()
    return columns


def _utc(times: Any) -> Any:
    """Date-times of pandas as UTC without a zone: without one they are UTC."""
    return times.tz_convert(None) if times.tz is not None else times.tz_localize(None)


def frame_of_rows(
    values: Any, name: str, columns: Collection[str], minutes: Minutes | None
) -> "polars.DataFrame":
    """The frame of an array with a row a minute and these columns.

    Raises:
        ArgumentError: it is no array of numbers of that shape, or there are no ``minutes``.
    """
    import polars

    if hasattr(values, "index") and hasattr(values, "to_numpy"):
        raise ArgumentError(
            name,
            "is a pandas series, whose times would be lost; pass a frame of it, or its to_numpy()",
        )
    try:
        masked = isinstance(values, np.ma.MaskedArray)
        array = (
            np.asarray(np.ma.filled(values.astype(float), np.nan)) if masked else np.asarray(values)
        )
    except ValueError:  # rows of different lengths
        raise ArgumentError(
            name, "has rows of different lengths; expected an array of numbers"
        ) from None
    if not np.issubdtype(array.dtype, np.number):
        raise ArgumentError(
            name,
            f"is of type {type(values).__name__}; expected a frame with a column unix, "
            "or an array of numbers",
        )
    if minutes is None:
        raise ArgumentError(
            name,
            "has no times, and tokens with frames of their own share none; pass a "
            "frame with a column unix",
        )
    if array.size == 0 or np.iscomplexobj(array):
        raise ArgumentError(
            name, "has no rows" if array.size == 0 else "is of complex numbers; expected real ones"
        )
    table = array.reshape(len(array), -1) if array.ndim else array.reshape(1, 1)
    if table.shape != (len(minutes), len(columns)):
        raise ArgumentError(
            name,
            f"has the shape {array.shape}; expected ({len(minutes)}, {len(columns)}), "
            "a row a row of prices",
        )
    times = {TIME: minutes * 60_000}
    return polars.DataFrame(times | dict(zip(columns, table.T.astype(np.float64), strict=True)))
