"""Weights that were recorded, not computed: a replay."""

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Int
from pydantic import Field

from quantamm_cli.core.params import Parameter
from quantamm_cli.core.types import Feed, Params
from quantamm_cli.kernels.operands import Blocks
from quantamm_cli.pools.chunked_weights import CoarsePool
from quantamm_cli.settings.types import Count


class Given(CoarsePool, kind="given"):
    """A geometric mean pool whose weights are read from the series ``weights``: what a chain or
    another program made of them.

    At the start of every chunk the weights are the recorded ones; in between they move to the next.
    A ``chunk_period`` of one minute takes every minute's weights as they are.
    """

    chunk_period: Count = Field(1, description="minutes between recorded weights")
    weight_interpolation_period: Count = Field(1, description="minutes a change of weights takes")

    @property
    def looks_at(self) -> tuple[str, ...]:
        return ("weights",)

    def parameters(self, assets: int) -> tuple[Parameter, ...]:
        return ()

    def coarse_weights(
        self, params: Params, feed: Feed, start: Int[Array, ""], blocks: int
    ) -> Blocks:
        recorded = feed.series["weights"]
        ahead = jnp.concatenate([recorded, recorded[-1:]])
        starts = jax.lax.dynamic_slice_in_dim(ahead, self.chunk_of(feed, start), blocks + 1)
        return Blocks(starts[:-1], jnp.diff(starts, axis=0) / self.weight_interpolation_period)
