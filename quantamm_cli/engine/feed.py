"""The arrays of a program, from a market on the host."""

from typing import Any

import jax
import numpy as np
from jax import Array
from numpy.typing import DTypeLike, NDArray

from quantamm_cli.core.closed_form import prefix
from quantamm_cli.core.executor import has_compiled_code
from quantamm_cli.core.types import Basis, Feed, Trading
from quantamm_cli.engine.left import start_of
from quantamm_cli.errors import ConfigError, DataError
from quantamm_cli.kernels.operands import Frictions, Trades
from quantamm_cli.market import Market, Source
from quantamm_cli.market.fees import NUMBERS, Fees
from quantamm_cli.market.trades import Trades as TradeSource
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.settings.run import Simulate

YEAR = 525_600
_LONGEST_BURN_IN = 365 * 1440
"""Minutes of burn-in for which a program has room, so that it does not depend on the first day of
the data.
"""


def feed(settings: Simulate, market: Market) -> Feed:
    """The market as input of the pool of these settings.

    Raises:
        ConfigError: frictions or trades for a pool that does not support them;
            ``fees.executor=compiled`` where compiled code cannot run.
        DataError: the riskless rate is a series of another form.
    """
    refuse(settings)
    pool, fees = AbstractPool.typed(settings.pool), Fees.typed(settings.fees)
    if fees.executor == "compiled" and not has_compiled_code():
        raise ConfigError(
            "fees.executor",
            f"there is no compiled code on this {jax.default_backend()}; use auto or scan",
        )

    def array(values: Any, dtype: DTypeLike = settings.precision) -> Array:
        # The host converts: on the device that would be one more program to compile.
        with np.errstate(over="ignore"):  # a price beyond the precision makes a pool not finite
            host = np.asarray(values, dtype)
        on_device: Array = jax.device_put(host)
        return on_device

    def optional(values: Any) -> Array | None:
        return None if values is None else array(values)

    prices = market.prices[market.burn_in :]
    trades = None
    if (table := market.trades) is not None:
        pay, take = array(table.pay, np.int32), array(table.take, np.int32)
        trades = Trades(pay, take, array(table.amount), array(table.exact_out, bool))
    frictions = None
    costs = _frictions(fees, market, trades is not None or pool.charges)
    if costs is not None:
        frictions = Frictions(**jax.tree.map(array, costs))
    (chunks, *series), first = _chunks(market, pool.chunk, Source.typed(settings.data).burn_in_days)
    series = [
        _followed(each, market.ahead.get(name))
        for name, each in zip(market.series, series, strict=True)
    ]
    earlier, state, left = start_of(settings), {}, None
    if earlier is None:
        state = {
            name: array(np.broadcast_to(value, prices.shape[1:]))
            for name, value in settings.initial_state.items()
        }
    else:
        left = jax.tree.map(lambda leaf: array(leaf, _precision(leaf, settings)), earlier.left)
        # one more block of weights than there is may be computed
        chunks, *series = [np.concatenate([each, each[-1:]]) for each in (chunks, *series)]
    supply = None
    if frictions is not None and settings.scoring.per == "share":
        supply = frictions.lp_supply
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
        initial_reserves=optional(settings.initial_reserves),
        state=state or None,
        left=left,
        basis=Basis(supply, optional(_cash(settings.scoring.riskless, market))),
    )


def _precision(leaf: Any, settings: Simulate) -> DTypeLike:
    return np.int32 if isinstance(leaf, int) else settings.precision


def refuse(settings: Simulate) -> None:
    """Raises ConfigError for frictions or external trades that the pool does not support.

    It does not start JAX.
    """
    pool = AbstractPool.typed(settings.pool)
    if not pool.takes_frictions and not Fees.typed(settings.fees).frictionless:
        raise ConfigError("fees", f"pool={pool.kind} has no path with frictions; use fees=none")
    if not pool.takes_trades and TradeSource.typed(settings.trades).gives:
        raise ConfigError("trades", f"pool={pool.kind} takes no external trades; use trades=none")
    if settings.initial_reserves is not None and pool.layout(settings.tokens).parts:
        raise ConfigError(
            "initial_reserves",
            f"pool={pool.kind} opens with a value, not with reserves; leave initial_reserves out",
        )


def _chunks(
    market: Market, chunk: int | None, burn_in_days: int | None
) -> tuple[list[np.ndarray], int]:
    """Prices and series at chunk starts, after padding that makes room for the longest burn-in, and
    the rows of padding.
    """
    columns = [market.prices, *market.series.values()]
    if chunk is None:
        return [column[:1] for column in columns], 0
    longest = _LONGEST_BURN_IN if burn_in_days is None else market.burn_in
    minutes = len(market.prices)
    chunks, room = -(-minutes // chunk), -(-(longest + minutes - market.burn_in) // chunk)
    padding = max(0, room - chunks)
    return [np.pad(column[::chunk], ((padding, 0), (0, 0)), "edge") for column in columns], padding


def _followed(column: np.ndarray, row: np.ndarray | None) -> np.ndarray:
    """A column with a row behind it."""
    return column if row is None else np.concatenate([column, row])


def _cash(rate: float | str, market: Market) -> NDArray[np.float64] | None:
    """ln of a riskless account's value at the run's rows; the rate of a row is earned until the
    next. ``None``: it earns nothing.

    Raises:
        DataError: the series has a column for each token, or a rate of -1 or less.
    """
    if rate == 0:
        return None
    rates = np.full((market.rows, 1), rate)
    if isinstance(rate, str):
        rates = market.series[rate][market.burn_in :]
        expected = "expected one called value, with rates above -1 a year (0.04 is 4 %)"
        if rates.shape[1] > 1:
            raise DataError(f"data.series.{rate}", f"has a column for each token; {expected}")
        if not (rates > -1).all():
            raise DataError(f"data.series.{rate}", f"has a rate of {rates.min():g}; {expected}")
    earned = np.log1p(rates[:-1, 0].astype(np.float64)) / YEAR
    return np.concatenate([[0.0], np.cumsum(earned)])


def _frictions(
    fees: Fees, market: Market, needed: bool
) -> dict[str, float | NDArray[np.float64]] | None:
    """Numbers and series of the run's rows by friction, without those that are zero throughout."""
    if fees.moves and market.fees is None:
        raise ValueError(f"the market was loaded without the series of fees={fees.kind}")
    if fees.frictionless and not needed:
        return None
    values: dict[str, float | NDArray[np.float64]] = {name: getattr(fees, name) for name in NUMBERS}
    if fees.moves and market.fees is not None:
        for name, column in market.fees.columns.items():
            values[name] = np.where(np.isnan(column), values.get(name, np.nan), column)
    return {name: value for name, value in values.items() if name == "fee" or np.any(value)}
