"""From a market on the host to the arrays a program takes."""

import jax
import jax.numpy as jnp
import numpy as np

from quantamm_cli.core.closed_form import prefix
from quantamm_cli.core.types import Feed, Frictions, Trading
from quantamm_cli.errors import ConfigError
from quantamm_cli.market import Market
from quantamm_cli.market.series import series
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.settings.fees import Fees
from quantamm_cli.settings.run import Simulate

_LONGEST_BURN_IN = 365 * 1440
"""Minutes of burn-in a program leaves room for, so that the first day of the data does not shape it."""


def feed(settings: Simulate, market: Market) -> Feed:
    """The market as the pool of these settings takes it.

    Raises:
        ConfigError: frictions for a pool that has no path with frictions.
        DataError: a fee series that cannot be read.
    """
    pool = settings.pool
    assert isinstance(pool, AbstractPool)
    assert isinstance(settings.fees, Fees)
    if not settings.fees.frictionless and not pool.takes_frictions:
        raise ConfigError("fees", f"pool={pool.kind} has no path with frictions; use fees=none")
    dtype = jnp.dtype(settings.precision)
    prices = market.prices[market.burn_in :]
    chunks, first = _chunks(market, pool.chunk, settings.data.burn_in_days)  # type: ignore[attr-defined]
    frictions = _frictions(settings.fees, market.first_minute + market.burn_in, len(prices))
    return Feed(
        prices=jnp.asarray(prices, dtype),
        chunks=jnp.asarray(chunks, dtype),
        first_chunk=jnp.asarray(first, jnp.int32),
        burn_in=jnp.asarray(market.burn_in, jnp.int32),
        initial_pool_value=jnp.asarray(settings.initial_pool_value, dtype),
        prefix=prefix(prices) if frictions is None else None,
        frictions=jax.tree.map(lambda number: jnp.asarray(number, dtype), frictions),
        trading=Trading(settings.fees.arbitrage, settings.fees.arb_frequency, settings.fees.do_arb),
    )


def _chunks(market: Market, chunk: int | None, burn_in_days: int | None) -> tuple[np.ndarray, int]:
    """Prices at chunk starts behind padding that makes room for the longest burn-in, and how much padding there is."""
    if chunk is None:
        return market.prices[:1], 0
    seen = market.prices[::chunk]
    room = _LONGEST_BURN_IN if burn_in_days is None else market.burn_in
    whole = -(-(room + len(market.prices) - market.burn_in) // chunk)
    padding = max(0, whole - len(seen))
    return np.concatenate([np.repeat(seen[:1], padding, axis=0), seen]), padding


def _frictions(fees: Fees, first_minute: int, rows: int) -> Frictions | None:
    """Numbers and series of the run's rows; what is zero throughout is left out of the program."""
    if fees.frictionless:
        return None
    values: dict[str, float | np.ndarray] = {name: getattr(fees, name) for name in Frictions._fields}
    if fees.file is not None:
        columns = ("fee", "gas_cost", "arb_fee")
        values |= series(fees.file, columns, first_minute, rows, {name: getattr(fees, name) for name in columns})
    present = {name: value if name == "fee" or np.any(value) else None for name, value in values.items()}
    return Frictions(**present)  # type: ignore[arg-type]
