"""The inputs of a pool at one minute, and at many."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Int, Shaped

from quantamm_cli.core.types import Feed
from quantamm_cli.kernels.operands import Trades


class Minute(NamedTuple):
    """Prices, costs of trading, and other events; the program leaves out what is ``None``.

    ``growth``: LP supply over that a minute ago. ``visited``: whether the arbitrageur comes;
    ``None``: always.
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
        """Reserves after providers have added or removed liquidity."""
        return amounts if self.growth is None else amounts * self.growth


def window(column: Shaped[Array, "t *n"], start: Int[Array, ""], rows: int) -> Array:
    """Rows [start, start + rows). The caller must make sure that they exist."""
    return jax.lax.dynamic_slice_in_dim(column, jnp.asarray(start), rows)


def minutes(feed: Feed, start: Int[Array, ""], rows: int) -> Minute:
    """The columns of rows [start, start + rows): scalars are repeated, and the LP supply becomes
    its growth since the row before, one in the first row.
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
    if feed.has_flows and (trading.every > 1 or not trading.do_arb):
        visited = (jnp.arange(rows) % trading.every == 0) & trading.do_arb
    trades = jax.tree.map(lambda part: window(part, start, rows), feed.trades)
    return Minute(
        prices, **jax.tree.map(column, costs), growth=growth, visited=visited, trades=trades
    )
