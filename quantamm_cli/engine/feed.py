"""From a market on the host to the arrays a program takes."""

from typing import Any

import jax
import numpy as np
from jax import Array
from numpy.typing import DTypeLike, NDArray

from quantamm_cli.core.closed_form import prefix
from quantamm_cli.core.executor import has_compiled_code
from quantamm_cli.core.types import Feed, Trading
from quantamm_cli.errors import ConfigError
from quantamm_cli.kernels.operands import Frictions, Trades
from quantamm_cli.market import Market, Source
from quantamm_cli.market.fees import NUMBERS, Fees
from quantamm_cli.market.trades import Trades as TradeSource
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.settings.run import Simulate

_LONGEST_BURN_IN = 365 * 1440
"""Minutes of burn-in a program leaves room for, so that the first day of
the data does not shape it.
"""


def feed(settings: Simulate, market: Market) -> Feed:
    """The market as the pool of these settings takes it.

    Raises:
        ConfigError: frictions or trades for a pool that has no path with them;
            compiled code asked for where there is none.
    """
    refuse(settings)
    pool, fees = AbstractPool.typed(settings.pool), Fees.typed(settings.fees)
    if fees.executor == "compiled" and not has_compiled_code():
        raise ConfigError(
            "fees.executor",
            f"there is no compiled code on this {jax.default_backend()}; use auto or scan",
        )

    def array(values: Any, dtype: DTypeLike = settings.precision) -> Array:
        # Converted on the host: on the device that would be a program, compiled or fetched.
        placed: Array = jax.device_put(np.asarray(values, dtype))
        return placed

    prices = market.prices[market.burn_in :]
    trades = None
    if (given := market.trades) is not None:
        trades = Trades(
            array(given.pay, np.int32),
            array(given.take, np.int32),
            array(given.amount),
            array(given.exact_out, bool),
        )
    costs = _frictions(fees, market, trades is not None or pool.charges)
    frictions = (
        None
        if costs is None
        else Frictions(**{name: array(value) for name, value in costs.items()})
    )
    (chunks, *series), first = _chunks(market, pool.chunk, Source.typed(settings.data).burn_in_days)
    return Feed(
        prices=array(prices),
        chunks=array(chunks),
        first_chunk=array(first, np.int32),
        burn_in=array(market.burn_in, np.int32),
        initial_pool_value=array(settings.initial_pool_value),
        prefix=prefix(prices) if frictions is None else None,
        frictions=frictions,
        trading=Trading(fees.arbitrage, fees.arb_frequency, fees.do_arb, fees.executor),
        series=dict(zip(market.series, map(array, series), strict=True)),
        trades=trades,
        layout=pool.layout(settings.tokens),
        numeraire=array(pool.quoted_in(settings.tokens), np.int32),
        initial_reserves=None
        if settings.initial_reserves is None
        else array(settings.initial_reserves),
        state={
            name: array(np.broadcast_to(value, prices.shape[1:]))
            for name, value in settings.initial_state.items()
        }
        or None,
    )


def refuse(settings: Simulate) -> None:
    """Raise ConfigError for frictions or given trades that the pool has no path with.

    JAX need not be started.
    """
    pool = AbstractPool.typed(settings.pool)
    if not pool.takes_frictions and not Fees.typed(settings.fees).frictionless:
        raise ConfigError("fees", f"pool={pool.kind} has no path with frictions; use fees=none")
    if not pool.takes_trades and TradeSource.typed(settings.trades).gives:
        raise ConfigError("trades", f"pool={pool.kind} takes no given trades; use trades=none")
    if settings.initial_reserves is not None and pool.layout(settings.tokens).parts:
        raise ConfigError(
            "initial_reserves",
            f"pool={pool.kind} opens with a value, not with given reserves; leave them out",
        )


def _chunks(
    market: Market, chunk: int | None, burn_in_days: int | None
) -> tuple[list[np.ndarray], int]:
    """Prices and series at chunk starts behind padding that makes room for the longest burn-in, and
    how much padding there is.
    """
    if chunk is None:
        return [column[:1] for column in (market.prices, *market.series.values())], 0
    seen = [column[::chunk] for column in (market.prices, *market.series.values())]
    room = _LONGEST_BURN_IN if burn_in_days is None else market.burn_in
    whole = -(-(room + len(market.prices) - market.burn_in) // chunk)
    padding = max(0, whole - len(seen[0]))
    return [
        np.concatenate([np.repeat(column[:1], padding, axis=0), column]) for column in seen
    ], padding


def _frictions(
    fees: Fees, market: Market, needed: bool
) -> dict[str, float | NDArray[np.float64]] | None:
    """Numbers and series of the run's rows by friction; what is zero throughout
    is left out of the program.
    """
    if fees.moves and market.fees is None:
        raise ValueError(f"the market was loaded without the series of fees={fees.kind}")
    if fees.frictionless and not needed:
        return None
    values: dict[str, float | NDArray[np.float64]] = {name: getattr(fees, name) for name in NUMBERS}
    moving = market.fees.columns if fees.moves and market.fees is not None else {}
    for name, column in moving.items():
        values[name] = np.where(np.isnan(column), values.get(name, np.nan), column)
    return {name: value for name, value in values.items() if name == "fee" or np.any(value)}
