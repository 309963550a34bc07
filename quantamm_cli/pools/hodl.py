"""HODL: nobody trades."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Int

from quantamm_cli.core.minute import window
from quantamm_cli.core.types import Feed, Params, Path
from quantamm_cli.pools.base import AbstractPool, opening_weights, shares


class Hodl(AbstractPool, kind="hodl"):
    """Buys at the initial weights and holds. Its weights are shares of value."""

    def frictionless(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        prices = window(feed.prices, start, rows)
        held = (
            opening_weights(params) * feed.initial_pool_value / prices[0]
            if feed.initial_reserves is None
            else feed.initial_reserves
        )
        reserves = jnp.broadcast_to(held, prices.shape)
        return Path(shares(reserves, prices), reserves, jnp.zeros_like(prices[:, 0]))
