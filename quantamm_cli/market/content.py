"""Markets made by Python code, looked up by the digest of their content.

The registry is weak: a market is in it for as long as other code refers to it.
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
from quantamm_cli.market.grid import Grid, common_minutes, total_minutes
from quantamm_cli.settings.types import date_text

if TYPE_CHECKING:
    import polars

SCHEME = "memory:"
FEES, TRADES = "fees", "trades"
_alive: "WeakSet[MemoryMarket]" = WeakSet()


@dataclass(frozen=True, eq=False)
class MemoryMarket:
    """Minute prices, with fees, trades and series, that :func:`quantamm_cli.market` made of frames,
    arrays or files.

    ``grids``: closes by token. ``tables``: ``fees``, ``trades`` and ``series.NAME``, with the
    columns of such files. Settings contain only its ``sha256``, so keep a reference to the object
    while you use them.
    """

    grids: Mapping[str, Grid]
    tables: Mapping[str, "polars.DataFrame"]

    def __post_init__(self) -> None:
        _alive.add(self)

    @property
    def tokens(self) -> tuple[str, ...]:
        """The tokens that have prices."""
        return tuple(self.grids)

    @property
    def start(self) -> str:
        """The first minute with a price of every token."""
        return date_text(common_minutes(self.grids)[0])

    @property
    def end(self) -> str:
        """The minute after the last with a price of every token."""
        return date_text(common_minutes(self.grids)[1])

    @property
    def missing(self) -> dict[str, float]:
        """The share of minutes without a bar by token; the last close is carried over them."""
        return {token: float(np.isnan(grid.closes).mean()) for token, grid in self.grids.items()}

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of the whole content; the order of tokens and columns has no effect."""
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
    def overrides(self) -> dict[str, str]:
        """The overrides, by setting, that use this market in place of files."""
        chosen = {"data": "memory", "data.sha256": self.sha256}
        series = [
            f"{name.removeprefix('series.')}:'{self.place(name)}'"
            for name in self.tables
            if name.startswith("series.")
        ]
        if series:
            chosen["data.series"] = "{" + ",".join(series) + "}"
        for name in (FEES, TRADES):
            if name in self.tables:
                chosen |= {name: "recorded", f"{name}.file": f"'{self.place(name)}'"}
        return chosen

    def frame(self) -> "polars.DataFrame":
        """``unix`` (ms) and each token's closes, one row a minute from the first price of any
        token; null where there is no bar.
        """
        import polars

        first, last = total_minutes(self.grids)
        columns = {"unix": np.arange(first, last) * 60_000}
        for token, grid in self.grids.items():
            columns[token] = np.full(last - first, np.nan)
            columns[token][grid.first - first : grid.last - first] = grid.closes
        return polars.DataFrame(columns, nan_to_null=True)

    def place(self, table: str) -> str:
        """The path by which settings name a table, in place of a file's."""
        return f"{SCHEME}{self.sha256}/{table}"

    def __reduce__(self) -> tuple[type["MemoryMarket"], tuple[object, ...]]:
        """A copy in another process enters the registry of that process."""
        return MemoryMarket, (self.grids, self.tables)

    def __repr__(self) -> str:
        details = "".join(f", {name}" for name in self.tables)
        for token, share in self.missing.items():
            if share:
                details += f"; {token} has no bar in {share:.1%} of its minutes"
        return (
            f"market({', '.join(self.tokens)} from {self.start} to {self.end}{details}; sha256 "
            f"{self.sha256[:12]}…)"
        )


def _bytes(column: "polars.Series") -> bytes:
    """The bytes of a column of numbers or text; nulls of numbers are NaN."""
    if not column.dtype.is_numeric():
        return json.dumps(column.to_list()).encode()
    integer = column.dtype.is_integer() and not column.null_count()
    return np.ascontiguousarray(column.to_numpy(), "<i8" if integer else "<f8").tobytes()


def table_market(name: str, columns: Mapping[str, np.ndarray]) -> MemoryMarket:
    """A market without prices that has one table; it lives as long as it is referred to."""
    import polars

    return MemoryMarket({}, {name: polars.DataFrame(dict(columns))})


def live_market(sha256: str) -> MemoryMarket:
    """The market of this content. Raises DataError if it is not alive in this process."""
    for market in _alive:
        if market.sha256 == sha256:
            return market
    raise DataError(
        "data.sha256",
        f"the market {sha256[:12]}… was made by Python code and is not in this process;"
        " pass market=qsim.market(...) of the same content, or keep the object",
    )


def live_table(path: str) -> "polars.DataFrame":
    """The table at ``memory:SHA256/NAME``.

    Raises DataError if its market is not alive in this process.
    """
    sha256, _, name = path.removeprefix(SCHEME).partition("/")
    tables = live_market(sha256).tables
    if name not in tables:
        raise DataError(
            "data.sha256",
            f"the market {sha256[:12]}… has no table {name}; it has {', '.join(tables) or 'none'}",
        )
    return tables[name]
