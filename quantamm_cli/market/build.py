"""Builds a market of frames or arrays, for ``quantamm_cli.market``."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from quantamm_cli.errors import ArgumentError
from quantamm_cli.market import clean
from quantamm_cli.market.content import FEES, TRADES, MemoryMarket
from quantamm_cli.market.frames import TIME, Minutes, frame_of, frame_of_rows, is_frame
from quantamm_cli.market.grid import Grid, common_minutes, total_minutes
from quantamm_cli.market.series import series as read_series
from quantamm_cli.market.trades.recorded import recorded_trades
from quantamm_cli.settings.suggestions import did_you_mean
from quantamm_cli.settings.types import Date, date_text, minute

if TYPE_CHECKING:
    import polars

COLUMNS = {"fees": "fee", "gas_cost": "gas_cost", "arb_fee": "arb_fee", "lp_supply": "lp_supply"}
"""The column of ``fees.file`` that each argument fills."""


def build(
    prices: Any,
    tokens: Sequence[str] | None,
    start: str | None,
    fees: Mapping[str, Any],
    trades: Any,
    series: Mapping[str, Any],
) -> MemoryMarket:
    """The market of the arguments of ``quantamm_cli.market``.

    Raises:
        ArgumentError: an argument has another form.
        DataError: numbers or times are ones that a file may not hold, either.
    """
    return assemble(*_grids(prices, tokens, start), fees, trades, series)


def assemble(
    grids: Mapping[str, Grid],
    minutes: Minutes | None,
    fees: Mapping[str, Any],
    trades: Any,
    series: Mapping[str, Any],
) -> MemoryMarket:
    """The market of closes by token, with all checks that need no run.

    ``minutes``: of the rows that tokens share.
    """
    first, last = total_minutes(grids)
    for name in series:
        if not isinstance(name, str) or not name.isidentifier():
            raise ArgumentError(
                "series", f"{name!r} cannot be the name of a series; expected letters, digits and _"
            )
    tables = {
        f"series.{name}": _series(name, value, tuple(grids), minutes)
        for name, value in series.items()
    }
    if any(value is not None for value in fees.values()):
        tables[FEES] = _all_fees(fees, minutes, first)
    if trades is not None:
        tables[TRADES] = frame_of(trades, TRADES)
    market = MemoryMarket(grids, tables)
    begin, end = common_minutes(grids)
    if begin >= end:
        spans = ", ".join(
            f"{token} {date_text(grid.first)} to {date_text(grid.last)}"
            for token, grid in grids.items()
        )
        raise ArgumentError("prices", f"have no minute in common: {spans}")
    if FEES in tables:
        names = tuple(COLUMNS.values())
        read_series(market.place(FEES), names, first, last - first, dict.fromkeys(names))
    if TRADES in tables:
        recorded_trades(market.place(TRADES), market.tokens, first, first, (first, last))
    return market


def _grids(
    prices: Any, tokens: Sequence[str] | None, start: str | None
) -> tuple[dict[str, Grid], Minutes | None]:
    """Closes by token, and the minute of each row where tokens share their rows."""
    frame_by_token = isinstance(prices, Mapping) and prices and all(map(is_frame, prices.values()))
    if not frame_by_token and not is_frame(prices):
        return _grids_of_array(prices, tokens, start)
    if start is not None:
        raise ArgumentError("start", f"is '{start}', but prices have a column unix; omit start")
    if frame_by_token:
        prices = {str(name): frame for name, frame in prices.items()}
        frames = {
            token: frame_of(prices[token], f"prices[{token!r}]")
            for token in _chosen(tokens, list(prices))
        }
        return {token: _grid(frame, "close", token) for token, frame in frames.items()}, None
    frame = frame_of(prices, "prices")
    chosen = _chosen(tokens, [name for name in frame.columns if name != TIME])
    stamps, second = clean.stamps(frame[TIME], "market", clean.parquet_row)
    minutes = clean.on_grid(stamps, second, "market", clean.parquet_row)
    return {token: _grid(frame, token, token) for token in chosen}, minutes


def _grids_of_array(
    prices: Any, tokens: Sequence[str] | None, start: str | None
) -> tuple[dict[str, Grid], Minutes]:
    if tokens is None or start is None:
        missing = "start" if tokens else "tokens"
        raise ArgumentError(
            "prices",
            f"is of type {type(prices).__name__} without {missing}; expected a frame with a column "
            "unix and one a token, or an array (minutes, tokens) with tokens=[...] and "
            "start='2021-01-01'",
        )
    try:
        first = minute(TypeAdapter(Date).validate_python(start))
    except ValidationError as failure:
        raise ArgumentError("start", failure.errors()[0]["ctx"]["error"]) from None
    if not all(isinstance(token, str) for token in tokens):
        raise ArgumentError("tokens", f"are {tokens!r}; expected names such as BTC")
    rows = len(prices) if hasattr(prices, "__len__") else 0
    minutes = first + np.arange(rows, dtype=np.int64)
    if len(set(tokens)) < len(tokens):
        raise ArgumentError("tokens", f"are {', '.join(tokens)}; expected each once")
    frame = frame_of_rows(prices, "prices", tokens, minutes)
    return {token: _grid(frame, token, token) for token in tokens}, minutes


def _chosen(tokens: Sequence[str] | None, available: Sequence[str]) -> Sequence[str]:
    if not available:
        raise ArgumentError("prices", "has no column but unix; expected one of closes a token")
    for token in tokens or ():
        if token not in available:
            raise ArgumentError(
                "tokens",
                f"{token} has no prices{did_you_mean(token, available)}; prices are of "
                f"{', '.join(available)}",
            )
    return tokens or available


def _grid(frame: "polars.DataFrame", column: str, token: str) -> Grid:
    """The bars of a token. An empty entry is no bar in rows that tokens share, else an error."""
    where, times = f"market, {token}", frame[TIME]
    if column not in frame.columns:
        raise ArgumentError(
            f"prices[{token!r}]", f"has no column {column}; it has {', '.join(frame.columns)}"
        )
    if column == "close":
        return clean.grid(times, frame[column], where, clean.parquet_row)
    closes = frame[column]
    if closes.dtype.is_float():
        closes = closes.fill_nan(None)
    bars = np.flatnonzero(closes.is_not_null().to_numpy())
    return clean.grid(
        times[bars], closes[bars], where, lambda index: clean.parquet_row(int(bars[index]))
    )


def _all_fees(fees: Mapping[str, Any], minutes: Minutes | None, first: int) -> "polars.DataFrame":
    """All observations of fees, in order of time."""
    import polars

    observed = [
        _fees(name, value, minutes, first) for name, value in fees.items() if value is not None
    ]
    return polars.concat(observed, how="diagonal").sort(TIME, maintain_order=True)


def _fees(name: str, value: Any, minutes: Minutes | None, first: int) -> "polars.DataFrame":
    """Observations of one fee argument. A single number holds from the ``first`` minute on; a frame
    for ``fees`` may have all columns of ``fees.file``.
    """
    if isinstance(value, int | float | np.number) and not isinstance(value, bool):
        if not np.isfinite(value):
            raise ArgumentError(name, f"is {value}; expected a finite number")
        return frame_of_rows([value], name, [COLUMNS[name]], np.array([first]))
    if not is_frame(value):
        return frame_of_rows(value, name, [COLUMNS[name]], minutes)
    frame = frame_of(value, name)
    others = [column for column in frame.columns if column != TIME]
    if name == "fees" and others and set(others) <= set(COLUMNS.values()):
        return frame
    if len(others) != 1:
        raise ArgumentError(
            name, f"has the columns {', '.join(frame.columns)}; expected unix and {COLUMNS[name]}"
        )
    return frame.rename({others[0]: COLUMNS[name]})


def _series(
    name: str, value: Any, tokens: tuple[str, ...], minutes: Minutes | None
) -> "polars.DataFrame":
    """The table of a series: a frame with a column for each token or one called ``value``, or an
    array whose rows are those of the prices.
    """
    where = f"series[{name!r}]"
    if is_frame(value):
        return frame_of(value, where)
    if np.ndim(value) < 2 or np.shape(value)[1] == 1:
        return frame_of_rows(value, where, ("value",), minutes)
    return frame_of_rows(value, where, tokens, minutes)
