"""From one weight change a chunk to weights for every minute."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, Int


def linear(
    starts: Float[Array, "b n"],
    slopes: Float[Array, "b n"],
    chunk: int,
    period: int,
    stops: Float[Array, " b"] | None = None,
) -> Float[Array, "b m n"]:
    """Weights of every minute of each block: linear for ``period`` minutes or until it ``stops``,
    then constant until the chunk ends.
    """
    if stops is None:
        passed = jnp.minimum(jnp.arange(chunk), period).astype(starts.dtype)
        return starts[:, None] + passed[:, None] * slopes[:, None]
    moved = jnp.minimum(jnp.arange(chunk), stops[:, None])
    return starts[:, None] + moved[:, :, None] * slopes[:, None]


def approx_optimal(
    starts: Float[Array, "b n"],
    slopes: Float[Array, "b n"],
    chunk: int,
    period: int,
    stops: Float[Array, " b"] | None = None,
) -> Float[Array, "b m n"]:
    """The mean of the straight and the geometric path: close to the path that costs the pool least.
    It takes no ``stops``.

    [Willetts & Harrington, "Optimal rebalancing in dynamic AMMs", arXiv:2403.18737]
    """
    assert stops is None
    straight = linear(starts, slopes, chunk, period)
    end = starts + period * slopes
    share = jnp.arange(chunk).astype(starts.dtype) / (period + 1)
    geometric = starts[:, None] * (end / starts)[:, None] ** share[:, None]
    mixed = straight + geometric
    moving = (jnp.arange(chunk) < period)[:, None]
    return jnp.where(moving, mixed / mixed.sum(-1, keepdims=True), end[:, None])


METHODS = {"linear": linear, "approx_optimal": approx_optimal}


def at(
    method: str,
    start: Float[Array, " n"],
    slope: Float[Array, " n"],
    minute: Int[Array, ""],
    period: int | Float[Array, ""],
) -> Float[Array, " n"]:
    """The weights ``minute`` minutes after the start of a block that moves for ``period``, as a
    pool on chain computes them.
    """
    passed = jnp.minimum(minute, period)
    straight, end = start + passed * slope, start + period * slope
    if method == "linear":
        return straight
    mixed = straight + start * (end / start) ** (passed / (period + 1))
    return jnp.where(minute < period, mixed / mixed.sum(), end)
