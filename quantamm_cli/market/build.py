"""A market of frames or arrays: what ``quantamm_cli.market`` calls."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from quantamm_cli.errors import ArgumentError
from quantamm_cli.market import clean
from quantamm_cli.market.content import FEES, TRADES, MemoryMarket
from quantamm_cli.market.frames import TIME, Minutes, frame_of, frame_of_rows, is_frame
from quantamm_cli.market.grid import Grid
from quantamm_cli.market.series import series as read_series
from quantamm_cli.market.trades.recorded import given_trades
from quantamm_cli.settings.suggestions import did_you_mean
from quantamm_cli.settings.types import Date, date_text, minute

if TYPE_CHECKING:
    import polars

COLUMNS = {"fees": "fee", "gas_cost": "gas_cost", "arb_fee": "arb_fee", "lp_supply": "lp_supply"}
"""The column of recorded fees that each argument fills."""


def build(
    prices: Any,
    tokens: Sequence[str] | None,
    start: str | None,
    fees: Mapping[str, Any],
    trades: Any,
    series: Mapping[str, Any],
) -> MemoryMarket:
    """The market of what ``quantamm_cli.market`` was given.

    Raises:
        ArgumentError: something of another form.
        DataError: numbers or times that a file could not hold, either.
    """
    return assemble(*_grids(prices, tokens, start), fees, trades, series)


def assemble(
    grids: Mapping[str, Grid],
    minutes: Minutes | None,
    fees: Mapping[str, Any],
    trades: Any,
    series: Mapping[str, Any],
) -> MemoryMarket:
    """The market of closes by token, checked as far as it can be before a run is known;
    ``minutes``: of rows that tokens share.
    """
    first, last = (
        min(grid.first for grid in grids.values()),
        max(grid.last for grid in grids.values()),
    )
    for name in series:
        if not isinstance(name, str) or not name.isidentifier():
            raise ArgumentError(
                "series", f"{name!r} cannot be the name of a series; expected letters, digits and _"
            )
    tables = {
        f"series.{name}": _series(name, value, tuple(grids), minutes)
        for name, value in series.items()
    }
    if observed := [
        _fees(name, value, minutes, first) for name, value in fees.items() if value is not None
    ]:
        import polars

        tables[FEES] = polars.concat(observed, how="diagonal").sort(TIME, maintain_order=True)
    if trades is not None:
        tables[TRADES] = frame_of(trades, TRADES)
    market = MemoryMarket(grids, tables)
    if max(grid.first for grid in grids.values()) >= min(grid.last for grid in grids.values()):
        spans = ", ".join(
            f"{token} {date_text(grid.first)} to {date_text(grid.last)}"
            for token, grid in grids.items()
        )
        raise ArgumentError("prices", f"have no minute in common: {spans}")
    if FEES in tables:
        read_series(
            market.place(FEES),
            tuple(COLUMNS.values()),
            first,
            last - first,
            dict.fromkeys(COLUMNS.values()),
        )
    if TRADES in tables:
        given_trades(market.place(TRADES), market.tokens, first, first, (first, last))
    return market


def _grids(
    prices: Any, tokens: Sequence[str] | None, start: str | None
) -> tuple[dict[str, Grid], Minutes | None]:
    """Closes by token, and the minute of each row where tokens share their rows."""
    own = isinstance(prices, Mapping) and prices and all(map(is_frame, prices.values()))
    if not own and not is_frame(prices):
        return _of_array(prices, tokens, start)
    if start is not None:
        raise ArgumentError(
            "start", f"is '{start}', and prices have times of their own; leave it out"
        )
    if own:
        prices = {str(name): frame for name, frame in prices.items()}
        chosen = _chosen(tokens, list(prices))
        return {
            token: _grid(frame_of(prices[token], f"prices[{token!r}]"), "close", token)
            for token in chosen
        }, None
    frame = frame_of(prices, "prices")
    chosen = _chosen(tokens, [name for name in frame.columns if name != TIME])
    stamps, second = clean.stamps(frame[TIME], "market", clean.parquet_row)
    return {token: _grid(frame, token, token) for token in chosen}, clean.on_grid(
        stamps, second, "market", clean.parquet_row
    )


def _of_array(
    prices: Any, tokens: Sequence[str] | None, start: str | None
) -> tuple[dict[str, Grid], Minutes]:
    if tokens is None or start is None:
        expected = (
            "a frame with a column unix and one a token, or an array (minutes, tokens) with "
            "tokens=[...] and start='2021-01-01'"
        )
        raise ArgumentError(
            "prices",
            f"is of type {type(prices).__name__} without {'start' if tokens else 'tokens'}; "
            f"expected {expected}",
        )
    try:
        first = minute(TypeAdapter(Date).validate_python(start))
    except ValidationError as failure:
        raise ArgumentError("start", failure.errors()[0]["ctx"]["error"]) from None
    if not all(isinstance(token, str) for token in tokens):
        raise ArgumentError("tokens", f"are {tokens!r}; expected names such as BTC")
    minutes = first + np.arange(len(prices) if hasattr(prices, "__len__") else 0, dtype=np.int64)
    if len(set(tokens)) < len(tokens):
        raise ArgumentError("tokens", f"are {', '.join(tokens)}; expected each once")
    frame = frame_of_rows(prices, "prices", tokens, minutes)
    return {token: _grid(frame, token, token) for token in tokens}, minutes


def _chosen(tokens: Sequence[str] | None, there: Sequence[str]) -> Sequence[str]:
    if not there:
        raise ArgumentError("prices", "has no column but unix; expected one of closes a token")
    for token in tokens or ():
        if token not in there:
            raise ArgumentError(
                "tokens",
                f"there are no prices of {token}{did_you_mean(token, there)}; there are "
                f"of {', '.join(there)}",
            )
    return tokens or there


def _grid(frame: "polars.DataFrame", column: str, token: str) -> Grid:
    """The bars of a token. In rows that others share an empty entry is no bar."""
    where, times = f"market, {token}", frame[TIME]
    if column not in frame.columns:
        raise ArgumentError(
            f"prices[{token!r}]", f"has no column {column}; it has {', '.join(frame.columns)}"
        )
    if column == "close":
        return clean.grid(times, frame[column], where, clean.parquet_row)
    closes = frame[column].fill_nan(None) if frame[column].dtype.is_float() else frame[column]
    bars = np.flatnonzero(closes.is_not_null().to_numpy())
    return clean.grid(
        times[bars], closes[bars], where, lambda index: clean.parquet_row(int(bars[index]))
    )


def _fees(name: str, value: Any, minutes: Minutes | None, first: int) -> "polars.DataFrame":
    """Observations of a kind of fee; one number holds from the ``first`` minute on; ``fees`` may be
    all columns of ``fees.file``.
    """
    if not is_frame(value):
        alone = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        if alone and not np.isfinite(value):
            raise ArgumentError(name, f"is {value}; expected a finite number")
        return frame_of_rows(
            [value] if alone else value,
            name,
            [COLUMNS[name]],
            np.array([first]) if alone else minutes,
        )
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
    """A frame with a column a token or one called ``value``; or such an array
    with a row a row of prices.
    """
    if is_frame(value):
        return frame_of(value, f"series[{name!r}]")
    return frame_of_rows(
        value,
        f"series[{name!r}]",
        ("value",) if np.ndim(value) < 2 or np.shape(value)[1] == 1 else tokens,
        minutes,
    )
