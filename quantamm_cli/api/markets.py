"""Builds markets from frames, arrays, files or settings."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from quantamm_cli.api.settings import Settings
from quantamm_cli.errors import ArgumentError
from quantamm_cli.market.build import assemble, build
from quantamm_cli.market.content import MemoryMarket
from quantamm_cli.market.csv import Csv
from quantamm_cli.market.files import FileSource
from quantamm_cli.market.grid import Grid
from quantamm_cli.market.parquet import Parquet
from quantamm_cli.market.trades.recorded import trades_frame
from quantamm_cli.workflows.data import last_date, load_market


def market(
    prices: Any,
    *,
    tokens: Sequence[str] | None = None,
    start: str | None = None,
    fees: Any = None,
    gas_cost: Any = None,
    arb_fee: Any = None,
    lp_supply: Any = None,
    trades: Any = None,
    series: Mapping[str, Any] | None = None,
) -> MemoryMarket:
    """Minute prices, fees, trades and series, to pass as ``market=`` instead of files.

    Its identity is the digest of its content: the same numbers give the same run, whatever their
    source. A frame is polars, pandas or a mapping of columns; its ``unix`` is s, ms, us or ns
    since 1970 UTC, or date-times (in pandas also the index).

    Args:
        prices: a frame with ``unix`` and a column of closes a token; a frame with ``unix`` and
            ``close`` for each token; an array ``(minutes, tokens)`` with ``tokens`` and ``start``;
            a folder of files in the layout of ``data.dir``; or settings, for all that their run
            reads, including fees, trades and series.
        tokens: the tokens to use; for an array the names of its columns.
        start: the first minute of an array.
        fees: fractions: a frame with ``unix`` and one column, or with any of the columns of
            ``fees.file``; one value for each row of prices; or one number. They replace ``fees=``
            of settings, whose numbers apply where nothing is observed.
        gas_cost: numeraire per trade, in the same forms as ``fees``.
        arb_fee: fraction, in the same forms.
        lp_supply: shares of the pool, in the same forms.
        trades: a frame with ``unix``, ``token_in``, ``token_out``,
            and ``amount_in`` or ``amount_out``.
        series: what a pool reads besides prices, by name: a frame with ``unix`` and a column for
            each token or one called ``value``, or an array with one row for each row of prices.

    Raises:
        ArgumentError: an argument has another form.
        DataError: numbers or times that are invalid in files, too.
    """
    observed = {"fees": fees, "gas_cost": gas_cost, "arb_fee": arb_fee, "lp_supply": lp_supply}
    if not isinstance(series, Mapping | None):
        raise ArgumentError(
            "series",
            f"is of type {type(series).__name__}; expected a mapping from "
            "names to frames or arrays",
        )
    named_series = dict(series or {})
    if not isinstance(prices, Settings | str | Path):
        return build(prices, tokens, start, observed, trades, named_series)
    if start is not None:
        raise ArgumentError(
            "start", f"is '{start}', but these prices carry their own times; leave it out"
        )
    if isinstance(prices, Settings):
        return _of_settings(prices, tokens, observed, trades, named_series)
    return assemble(_files(Path(prices), tokens), None, observed, trades, named_series)


def _files(folder: Path, tokens: Sequence[str] | None) -> dict[str, Grid]:
    """The close prices of a folder; parquet files take precedence over CSV."""
    source: FileSource = Parquet(dir=str(folder))
    if not source.tokens():
        source = Csv(dir=str(folder))
    available = source.tokens()
    if not available:
        raise ArgumentError(
            "prices", f"{folder} has no files such as BTC_USD.parquet or BTC_USD.csv"
        )
    return {token: source.bars(token) for token in tokens or available}


def _of_settings(
    settings: Settings,
    tokens: Sequence[str] | None,
    fees: Mapping[str, Any],
    trades: Any,
    series: Mapping[str, Any],
) -> MemoryMarket:
    """All that the run of some settings reads; the other arguments replace parts of it."""
    values = settings.simulation()
    loaded = load_market(values, last_date(values))
    if tokens is not None and tuple(tokens) != loaded.tokens:
        raise ArgumentError(
            "tokens",
            f"are {', '.join(tokens)}, but the settings have "
            f"{', '.join(loaded.tokens)}; leave them out",
        )
    minutes = loaded.first_minute + np.arange(len(loaded.prices), dtype=np.int64)
    grids = {
        token: Grid(loaded.first_minute, loaded.prices[:, column])
        for column, token in enumerate(loaded.tokens)
    }
    if loaded.fees is not None and fees["fees"] is None:
        replaced = [name for name, value in fees.items() if value is not None]
        table = loaded.fees.frame(loaded.start).drop(replaced, strict=False)
        if table.width > 1:
            fees = {**fees, "fees": table}
    if trades is None and loaded.trades is not None:
        trades = trades_frame(loaded.trades, loaded.tokens, loaded.start)
    return assemble(grids, minutes, fees, trades, {**loaded.series, **series})
