"""From one weight change a chunk to weights for every minute."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float


def linear(starts: Float[Array, "b n"], slopes: Float[Array, "b n"], chunk: int, period: int) -> Float[Array, "b m n"]:
    """Weights of every minute of each block: straight for ``period`` minutes, then still until the chunk ends."""
    passed = jnp.minimum(jnp.arange(chunk), period).astype(starts.dtype)
    return starts[:, None] + passed[:, None] * slopes[:, None]


def approx_optimal(starts: Float[Array, "b n"], slopes: Float[Array, "b n"], chunk: int, period: int) -> Float[Array, "b m n"]:
    """Half way between the straight and the geometric path: close to the one that costs the pool least.

    [Willetts & Harrington, "Optimal rebalancing in dynamic AMMs", arXiv:2403.18737]
    """
    straight = linear(starts, slopes, chunk, period)
    end = starts + period * slopes
    share = jnp.arange(chunk).astype(starts.dtype) / (period + 1)
    geometric = starts[:, None] * (end / starts)[:, None] ** share[:, None]
    mixed = straight + geometric
    moving = (jnp.arange(chunk) < period)[:, None]
    return jnp.where(moving, mixed / mixed.sum(-1, keepdims=True), end[:, None])


METHODS = {"linear": linear, "approx_optimal": approx_optimal}
