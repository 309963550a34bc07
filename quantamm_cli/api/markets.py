"""Markets of frames, arrays, files or settings."""

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
from quantamm_cli.settings.run import Train
from quantamm_cli.workflows.data import load_market


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
    """Minute prices, and what belongs to them, to pass as ``market=`` in the place of files.

    Its identity is the digest of its content: the same numbers give the same run, whatever they
    came in. A frame is polars, pandas or a mapping of columns; its ``unix`` is s, ms, us or ns
    since 1970 UTC, or date-times (in pandas also the index).

    Args:
        prices: a frame with ``unix`` and a column of closes a token; a frame with ``unix`` and
            ``close`` for each token; an array ``(minutes, tokens)`` with ``tokens`` and ``start``;
            a folder of files as ``data.dir`` has; or settings, for what their run reads, fees,
            trades and series included.
        tokens: those to take; for an array the names of its columns.
        start: of an array, its first minute.
        fees: fractions: a frame with ``unix`` and one column, or with any of the columns of
            ``fees.file``; a value a row of prices; or one number. It replaces ``fees=`` of
            settings, whose numbers hold where nothing is observed.
        gas_cost: numeraire a trade, in the same forms; ``arb_fee``: a fraction;
            ``lp_supply``: shares of the pool.
        trades: a frame with ``unix``, ``token_in``, ``token_out``,
            and ``amount_in`` or ``amount_out``.
        series: what a pool looks at besides prices, by name: a frame with ``unix`` and a column a
            token or one called ``value``, or an array with a row a row of prices.

    Raises:
        ArgumentError: something of another form.
        DataError: numbers or times that a file could not hold, either.
    """
    observed = {"fees": fees, "gas_cost": gas_cost, "arb_fee": arb_fee, "lp_supply": lp_supply}
    if not isinstance(series, Mapping | None):
        raise ArgumentError(
            "series",
            f"is of type {type(series).__name__}; expected a mapping from "
            "names to frames or arrays",
        )
    besides = dict(series or {})
    if not isinstance(prices, Settings | str | Path):
        return build(prices, tokens, start, observed, trades, besides)
    if start is not None:
        raise ArgumentError(
            "start", f"is '{start}', and prices have times of their own; leave it out"
        )
    if isinstance(prices, Settings):
        return _of_settings(prices, tokens, observed, trades, besides)
    return assemble(_files(Path(prices), tokens), None, observed, trades, besides)


def _files(folder: Path, tokens: Sequence[str] | None) -> dict[str, Grid]:
    """The closes of a folder's files, parquet before CSV."""
    source: FileSource = Parquet(dir=str(folder))
    source = source if source.tokens() else Csv(dir=str(folder))
    there = source.tokens()
    if not there:
        raise ArgumentError(
            "prices", f"{folder} has no files such as BTC_USD.parquet or BTC_USD.csv"
        )
    return {token: source.bars(token) for token in tokens or there}


def _of_settings(
    settings: Settings,
    tokens: Sequence[str] | None,
    fees: Mapping[str, Any],
    trades: Any,
    series: Mapping[str, Any],
) -> MemoryMarket:
    """All that the run of some settings reads, and what is given besides in the place of that."""
    values = settings.simulation()
    until = (values.test_end if isinstance(values, Train) else None) or values.end
    loaded = load_market(values, until)
    if tokens is not None and tuple(tokens) != loaded.tokens:
        raise ArgumentError(
            "tokens",
            f"are {', '.join(tokens)}, and the settings' are "
            f"{', '.join(loaded.tokens)}; leave them out",
        )
    minutes = loaded.first_minute + np.arange(len(loaded.prices), dtype=np.int64)
    grids = {
        token: Grid(loaded.first_minute, loaded.prices[:, column])
        for column, token in enumerate(loaded.tokens)
    }
    if loaded.fees is not None and fees["fees"] is None:
        table = loaded.fees.frame(loaded.start)
        table = table.drop(
            [name for name, value in fees.items() if value is not None], strict=False
        )
        if table.width > 1:
            fees = {**fees, "fees": table}
    if trades is None and loaded.trades is not None:
        trades = trades_frame(loaded.trades, loaded.tokens, loaded.start)
    return assemble(grids, minutes, fees, trades, {**loaded.series, **series})
