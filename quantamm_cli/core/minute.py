"""What one minute brings to a pool, and the columns of many."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Int, Shaped

from quantamm_cli.core.types import Feed
from quantamm_cli.kernels.operands import Trades


class Minute(NamedTuple):
    """Prices, what trading costs, and what else happens; ``None`` is what the program leaves out.

    ``growth``: LP supply now over that a minute ago. ``visited``:
    whether the arbitrageur comes; ``None`` is always.
    """

    prices: Float[Array, "*t n"]
    fee: Float[Array, "*t"]
    gas_cost: Float[Array, "*t"] | None = None
    arb_fee: Float[Array, "*t"] | None = None
    protocol_fee_split: Float[Array, "*t"] | None = None
    noise_trader_ratio: Float[Array, "*t"] | None = None
    growth: Float[Array, "*t"] | None = None
    visited: Bool[Array, "*t"] | None = None
    trades: Trades | None = None

    def grown(self, amounts: Float[Array, "*n"]) -> Float[Array, "*n"]:
        """Reserves after providers came or left."""
        return amounts if self.growth is None else amounts * self.growth


def window(column: Shaped[Array, "t *n"], start: Int[Array, ""], rows: int) -> Array:
    """Rows [start, start + rows). The caller sees to it that they exist:
    nothing is clamped in silence.
    """
    return jax.lax.dynamic_slice_in_dim(column, jnp.asarray(start), rows)


def minutes(feed: Feed, start: Int[Array, ""], rows: int) -> Minute:
    """The columns of [start, start + rows); scalars are repeated, the LP supply is its growth since
    the row before, one at first.
    """
    assert feed.frictions is not None
    prices = window(feed.prices, start, rows)

    def column(value: Array) -> Array:
        value = jnp.asarray(value, prices.dtype)
        return jnp.broadcast_to(value, (rows,)) if value.ndim == 0 else window(value, start, rows)

    costs = {name: value for name, value in feed.frictions._asdict().items() if name != "lp_supply"}
    supply, trading = feed.frictions.lp_supply, feed.trading
    growth = visited = None
    if supply is not None:
        supply = window(supply, start, rows)
        growth = jnp.concatenate([jnp.ones(1, supply.dtype), supply[1:] / supply[:-1]])
    if feed.stirred and (trading.every > 1 or not trading.happens):
        visited = (jnp.arange(rows) % trading.every == 0) & trading.happens
    trades = jax.tree.map(lambda given: window(given, start, rows), feed.trades)
    return Minute(
        prices, **jax.tree.map(column, costs), growth=growth, visited=visited, trades=trades
    )
