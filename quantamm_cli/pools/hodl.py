"""HODL: no trades."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Int

from quantamm_cli.core.minute import window
from quantamm_cli.core.types import Feed, Params, Path
from quantamm_cli.pools.base import AbstractPool, opening_reserves, opening_weights, shares


class Hodl(AbstractPool, kind="hodl"):
    """Holds the tokens bought at the initial weights. Its weights are shares of value."""

    @property
    def goes_on(self) -> bool:
        return True

    def frictionless(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        prices = window(feed.prices, start, rows)
        opening = opening_reserves(feed, opening_weights(params), prices[0])
        reserves = jnp.broadcast_to(opening, prices.shape)
        return Path(shares(reserves, prices), reserves, jnp.zeros_like(prices[:, 0]))
