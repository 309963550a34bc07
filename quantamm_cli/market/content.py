"""Markets that Python code gave, found by the digest of their content for as
long as the code holds them.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from weakref import WeakSet

import numpy as np

from quantamm_cli.errors import DataError
from quantamm_cli.market.grid import Grid
from quantamm_cli.settings.types import date_text

if TYPE_CHECKING:
    import polars

SCHEME = "memory:"
FEES, TRADES = "fees", "trades"
_alive: "WeakSet[MemoryMarket]" = WeakSet()


@dataclass(frozen=True, eq=False)
class MemoryMarket:
    """Minute prices, and what belongs to them, as :func:`quantamm_cli.market` made them
    of frames, arrays or files.

    ``grids``: closes by token. ``tables``: ``fees``, ``trades`` and ``series.NAME``, with the
    columns that files of them have. It may be used for as long as it is held: settings name it by
    ``sha256`` only.
    """

    grids: Mapping[str, Grid]
    tables: Mapping[str, "polars.DataFrame"]

    def __post_init__(self) -> None:
        _alive.add(self)

    @property
    def tokens(self) -> tuple[str, ...]:
        """Of which there are prices."""
        return tuple(self.grids)

    @property
    def start(self) -> str:
        """The first minute with a price of every token."""
        return date_text(max(grid.first for grid in self.grids.values()))

    @property
    def end(self) -> str:
        """The minute after the last with a price of every token."""
        return date_text(min(grid.last for grid in self.grids.values()))

    @property
    def missing(self) -> dict[str, float]:
        """By token the share of minutes without a bar, over which the last close is carried."""
        return {token: float(np.isnan(grid.closes).mean()) for token, grid in self.grids.items()}

    @cached_property
    def sha256(self) -> str:
        """Of all the content, whatever the order of tokens and columns."""
        digest = hashlib.sha256()
        for token, grid in sorted(self.grids.items()):
            digest.update(json.dumps([token, grid.first, grid.closes.size]).encode())
            digest.update(np.ascontiguousarray(grid.closes, "<f8").data)
        for name, table in sorted(self.tables.items()):
            for column in sorted(table.columns):
                digest.update(json.dumps([name, column, table.height]).encode())
                digest.update(_bytes(table[column]))
        return digest.hexdigest()

    @property
    def words(self) -> dict[str, str]:
        """The settings that take this market in the place of files, as overrides by name."""
        series = {
            name.removeprefix("series."): self.place(name)
            for name in self.tables
            if name.startswith("series.")
        }
        chosen = {"data": "memory", "data.sha256": self.sha256}
        if series:
            chosen["data.series"] = (
                "{" + ",".join(f"{name}:'{place}'" for name, place in series.items()) + "}"
            )
        for name in (FEES, TRADES):
            if name in self.tables:
                chosen |= {name: "recorded", f"{name}.file": f"'{self.place(name)}'"}
        return chosen

    def frame(self) -> "polars.DataFrame":
        """``unix`` (ms) and the closes of each token, a row a minute from the first price of any;
        empty where there is no bar.
        """
        import polars

        first, last = (
            min(grid.first for grid in self.grids.values()),
            max(grid.last for grid in self.grids.values()),
        )
        columns = {"unix": np.arange(first, last) * 60_000}
        for token, grid in self.grids.items():
            columns[token] = np.full(last - first, np.nan)
            columns[token][grid.first - first : grid.last - first] = grid.closes
        return polars.DataFrame(columns, nan_to_null=True)

    def place(self, table: str) -> str:
        """The path of a table, as settings name it in the place of a file."""
        return f"{SCHEME}{self.sha256}/{table}"

    def __reduce__(self) -> tuple[type["MemoryMarket"], tuple[object, ...]]:
        """Copied to another process it is held there, too."""
        return MemoryMarket, (self.grids, self.tables)

    def __repr__(self) -> str:
        besides = "".join(f", {name}" for name in self.tables)
        besides += "".join(
            f"; {token} has no bar in {share:.1%} of its minutes"
            for token, share in self.missing.items()
            if share
        )
        return (
            f"market({', '.join(self.tokens)} from {self.start} to {self.end}{besides}; sha256 "
            f"{self.sha256[:12]}…)"
        )


def _bytes(column: "polars.Series") -> bytes:
    """Of a column of numbers or text; nulls of numbers are NaN."""
    if column.dtype.is_numeric():
        return np.ascontiguousarray(
            column.to_numpy(),
            "<i8" if column.dtype.is_integer() and not column.null_count() else "<f8",
        ).tobytes()
    return json.dumps(column.to_list()).encode()


def held(sha256: str) -> MemoryMarket:
    """The market of this content. Raises DataError if this process does not hold it."""
    there = next((market for market in _alive if market.sha256 == sha256), None)
    if there is None:
        raise DataError(
            "data.sha256",
            f"the market {sha256[:12]}… was given by Python code and is not in this process;"
            " pass market=qsim.market(...) of the same content, or keep the object",
        )
    return there


def held_table(path: str) -> "polars.DataFrame":
    """The table that ``memory:SHA256/NAME`` names.

    Raises DataError if this process does not hold it.
    """
    sha256, _, name = path.removeprefix(SCHEME).partition("/")
    tables = held(sha256).tables
    if name not in tables:
        raise DataError(
            "data.sha256",
            f"the market {sha256[:12]}… has no table {name}; it has {', '.join(tables) or 'none'}",
        )
    return tables[name]
