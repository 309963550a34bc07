"""Keeping weights inside their limits."""

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

Weights = Float[Array, " n"]


def clamp(weights: Weights, floor: Float[Array, ""] | float, passes: int = 1) -> Weights:
    """Weights that sum to one, none below ``floor``; those above share what is left in proportion.

    One pass may push another weight below the floor; ``n`` passes always suffice.
    """
    n = weights.shape[-1]
    low = jnp.zeros_like(weights, bool)
    for _ in range(passes):
        low = low | (weights < floor)
        inside = jnp.clip(weights, floor, 1 - (n - 1) * floor)
        free = jnp.where(low, 0, inside)
        weights = jnp.where(low, floor, inside * (1 - low.sum() * floor) / free.sum())
    # The largest takes the rounding, and gradients do not see it.
    rounding = jax.nn.one_hot(jnp.argmax(weights), n, dtype=weights.dtype) * (1 - weights.sum())
    return weights + jax.lax.stop_gradient(rounding)


def bounded(weights: Weights, low: Weights, high: Weights) -> Weights:
    """Weights between bounds that leave room for a sum of one: clipped, and what is missing or too
    much shared by the slack there is.
    """
    inside = jnp.clip(weights, low, high)
    missing = 1 - inside.sum()
    slack = jnp.where(missing > 0, high - inside, inside - low)
    room = slack.sum()
    return inside + slack * missing / jnp.where(room == 0, 1, room)


def straight_through(value: Weights, unlimited: Weights) -> Weights:
    """The value, with the gradient of what it would have been without limits."""
    return unlimited + jax.lax.stop_gradient(value - unlimited)


def slope(
    start: Weights, target: Weights, minutes: int, maximum: Float[Array, ""] | float
) -> Weights:
    """Change a minute that reaches ``target`` in ``minutes``, all assets slowed alike if one
    would exceed ``maximum``.
    """
    change = (target - start) / minutes
    fastest = jnp.abs(change).max()
    return jnp.where(fastest > maximum, change * (maximum / (fastest + 1e-10)), change)


def guarded(
    start: Weights,
    wish: Weights,
    minutes: int,
    floor: Float[Array, ""] | float,
    maximum: Float[Array, ""] | float,
) -> Weights:
    """Change a minute from ``start`` towards ``wish``: clamp in one pass, then limit the speed.

    Where that would still arrive below the floor, the clamp is repeated until it holds,
    and the speed limited again.
    """
    wish = wish / wish.sum()
    once = slope(start, clamp(wish, floor), minutes, maximum)
    surely = slope(start, clamp(wish, floor, passes=wish.shape[-1]), minutes, maximum)
    too_low = (start + minutes * once < floor * (1 - 1e-12)).any()
    return jnp.where(too_low, surely, once)
