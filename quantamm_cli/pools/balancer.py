"""Balancer: constant weights."""

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int
from numpy.typing import NDArray

from quantamm_cli.core.quotes import Quotes
from quantamm_cli.core.types import Feed, Params, Snapshot
from quantamm_cli.kernels.frictions.jax_ops import Plan
from quantamm_cli.kernels.operands import Blocks
from quantamm_cli.pools.base import Scalar, opening_weights
from quantamm_cli.pools.geometric import GeometricPool, Weighted, equilibrium, opening_value


class Balancer(GeometricPool, kind="balancer"):
    """A geometric mean pool with constant weights.

    [Martinelli & Mushegian, Balancer whitepaper, 2019]
    """

    @property
    def goes_on(self) -> bool:
        return True

    @property
    def moves(self) -> bool:
        return False

    def blocks(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Blocks:
        weights = opening_weights(params)
        return Blocks(weights[None], jnp.zeros_like(weights)[None])

    def plan(self, rows: int) -> Plan:
        return Plan(rows, chunk=rows, period=rows)

    def sampled(
        self,
        params: Params,
        feed: Feed,
        start: Int[Array, ""],
        length: int,
        rows: NDArray[np.int64],
    ) -> Snapshot:
        """In closed form: ln V = sum w ln p, up to a constant."""
        if not feed.always_balanced:
            return super().sampled(params, feed, start, length, rows)
        assert feed.prefix is not None
        weights = jnp.broadcast_to(opening_weights(params), (len(rows), feed.prices.shape[1]))
        logs = feed.prefix.log_prices
        opening = opening_value(feed, weights[0], feed.prices[start])
        return equilibrium(
            weights,
            ((logs[start + rows] - logs[start]) * weights).sum(-1),
            opening,
            feed,
            start + rows,
        )

    def quotes(self, params: Params, fee: Scalar | float) -> Quotes:
        return Weighted(opening_weights(params), fee)

    def weights(
        self, params: Params, feed: Feed, start: Int[Array, ""], rows: int
    ) -> Float[Array, "rows n"]:
        weights = opening_weights(params)
        return jnp.broadcast_to(weights, (rows, len(weights)))
