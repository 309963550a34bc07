"""Recorded weights."""

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Int
from pydantic import Field

from quantamm_cli.core.params import Parameter
from quantamm_cli.core.types import Feed, Params
from quantamm_cli.kernels.operands import Blocks
from quantamm_cli.pools.chunked_weights import ChunkedPool
from quantamm_cli.settings.types import Count


class RecordedWeights(ChunkedPool, kind="given"):
    """A geometric mean pool whose weights are the series ``weights``, recorded from a chain or by
    another program.

    At the start of every chunk the weights are the recorded ones; from there they move to the next.
    With a ``chunk_period`` of one minute every minute has its recorded weights.
    """

    meaning = 2

    chunk_period: Count = Field(1, description="minutes between recorded weights")
    weight_interpolation_period: Count = Field(1, description="minutes over which weights change")

    @property
    def looks_at(self) -> tuple[str, ...]:
        return ("weights",)

    @property
    def moves_to_series(self) -> bool:
        return self.chunk_period > 1

    def parameters(self, assets: int) -> tuple[Parameter, ...]:
        return ()

    def weight_blocks(
        self, params: Params, feed: Feed, start: Int[Array, ""], blocks: int
    ) -> Blocks:
        recorded = feed.series["weights"]
        extended = jnp.concatenate([recorded, recorded[-1:]])
        starts = jax.lax.dynamic_slice_in_dim(extended, self.chunk_of(feed, start), blocks + 1)
        return Blocks(starts[:-1], jnp.diff(starts, axis=0) / self.weight_interpolation_period)
