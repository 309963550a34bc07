"""Prefix sums that compile quickly and are limited by memory bandwidth only."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

_TILE = 64


def cumulative(values: Float[Array, " t"]) -> Float[Array, " t"]:
    """``cumsum`` by tiles: a triangular product inside each, and recursion over the tiles' sums.

    ``jnp.cumsum`` makes seventeen passes over memory for a year of minutes, and takes seconds to
    compile.
    """
    length = len(values)
    if length <= _TILE:
        return jnp.cumsum(values)
    tiles = -(-length // _TILE)
    padded = jnp.pad(values, (0, tiles * _TILE - length)).reshape(tiles, _TILE)
    inside = jnp.matmul(
        padded, jnp.triu(jnp.ones((_TILE, _TILE), values.dtype)), precision="highest"
    )
    before = jnp.pad(cumulative(inside[:, -1]), (1, 0))[:-1]
    return (inside + before[:, None]).reshape(-1)[:length]
