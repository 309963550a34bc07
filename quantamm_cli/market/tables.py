"""Reads columns of parquet and CSV files, and of tables of Python code, as polars frames.

polars is slow to import, so functions import it where they use it.
"""

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from quantamm_cli.errors import DataError
from quantamm_cli.market.clean import Rows, csv_line, parquet_row
from quantamm_cli.market.content import SCHEME, live_table

if TYPE_CHECKING:
    import polars

ROWS: dict[str, Rows] = {"parquet": parquet_row, "csv": csv_line}


class Table(NamedTuple):
    """A table whose columns can be read one by one."""

    where: str
    """The table's name in messages."""
    row: Rows
    names: list[str]
    read: Callable[[dict[str, "polars.DataType"]], "polars.DataFrame"]
    content: bytes
    """The file's bytes; for a table of Python code its path, which has its market's SHA-256."""


def open_table(path: str) -> Table:
    """The table at a path: a parquet or CSV file, or ``memory:SHA256/NAME``.

    Raises:
        DataError: the file is of another kind or cannot be read, or the market is not alive in
            this process.
    """
    if path.startswith(SCHEME):
        frame = live_table(path)
        return Table(
            f"market, {path.partition('/')[2]}",
            parquet_row,
            frame.columns,
            lambda types: frame.select(list(types)),
            path.encode(),
        )
    file = Path(path).expanduser()
    kind = file.suffix.lower().removeprefix(".")
    if kind not in ROWS:
        raise DataError(path, f"ends in '{file.suffix}'; expected a .parquet or .csv file")
    data = content(file)
    return Table(
        path,
        ROWS[kind],
        columns_of(data, kind, path),
        partial(read_columns, data, kind, where=path),
        data,
    )


def content(path: Path) -> bytes:
    """The bytes of a file. Raises DataError if it cannot be read or is empty."""
    try:
        data = path.read_bytes()
    except OSError as failure:
        raise DataError(
            str(path),
            f"cannot be read ({failure.strerror or failure}); expected a parquet or CSV file",
        ) from None
    if not data:
        raise DataError(str(path), "is empty (0 bytes); write it again")
    return data


def columns_of(data: bytes, kind: str, where: str) -> list[str]:
    """The names of a file's columns. Raises DataError if it is not a file of this kind."""
    import polars

    try:
        if kind == "parquet":
            return list(polars.read_parquet_schema(io.BytesIO(data)))
        return polars.read_csv(io.BytesIO(data), n_rows=0, infer_schema=False).columns
    except _failures() as failure:
        raise _unreadable(kind, where, failure) from None


def read_columns(
    data: bytes, kind: str, types: dict[str, "polars.DataType"], where: str
) -> "polars.DataFrame":
    """Some columns of a file, by name. A CSV's columns have these types, or are all text if an
    entry has another type.

    Raises:
        DataError: the file is damaged.
    """
    import polars

    try:
        if kind == "parquet":
            return polars.read_parquet(io.BytesIO(data), columns=list(types))
        try:
            return polars.read_csv(io.BytesIO(data), columns=list(types), schema_overrides=types)
        except polars.exceptions.ComputeError:
            return polars.read_csv(io.BytesIO(data), columns=list(types), infer_schema=False)
    except _failures() as failure:
        raise _unreadable(kind, where, failure) from None


def _failures() -> tuple[type[BaseException], ...]:
    """The exceptions by which polars refuses a file."""
    from polars.exceptions import PanicException, PolarsError

    return PolarsError, PanicException, OSError, ValueError


def _unreadable(kind: str, where: str, failure: BaseException) -> DataError:
    reason = (str(failure).strip().splitlines() or [type(failure).__name__])[0]
    return DataError(
        where, f"is not a readable {kind} file, or is incomplete ({reason}); get or write it again"
    )
