"""Balancer: weights that stay."""

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int
from numpy.typing import NDArray

from quantamm_cli.core.types import Feed, Params, Path
from quantamm_cli.pools.base import opening_weights
from quantamm_cli.pools.geometric import GeometricPool, equilibrium, opening_value


class Balancer(GeometricPool, kind="balancer"):
    """A geometric mean pool with constant weights. [Martinelli & Mushegian, Balancer whitepaper, 2019]"""

    @property
    def moves(self) -> bool:
        return False

    def sampled(self, params: Params, feed: Feed, start: Int[Array, ""], length: int, rows: NDArray[np.int64]) -> Path:
        r"""In closed form: $\ln V = \sum w \ln p$ up to a constant."""
        if feed.prefix is None or feed.trading.every > 1:
            return super().sampled(params, feed, start, length, rows)
        weights = jnp.broadcast_to(opening_weights(params), (len(rows), feed.prices.shape[1]))
        logs = feed.prefix.log_prices
        opening = opening_value(feed, weights[0], feed.prices[start])
        return equilibrium(weights, ((logs[start + rows] - logs[start]) * weights).sum(-1), opening, feed, start + rows)

    def weights(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Float[Array, "rows n"]:
        weights = opening_weights(params)
        return jnp.broadcast_to(weights, (rows, len(weights)))
