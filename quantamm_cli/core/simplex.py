"""Limits on weights: floors, bounds and speed."""

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

Weights = Float[Array, " n"]


def clamp(weights: Weights, floor: Float[Array, ""] | float, passes: int = 1) -> Weights:
    """Weights that sum to one, none below ``floor``; those above share the rest in proportion.

    One pass may push another weight below the floor; ``n`` passes always suffice.
    """
    n = weights.shape[-1]
    low = jnp.zeros_like(weights, bool)
    for _ in range(passes):
        low = low | (weights < floor)
        inside = jnp.clip(weights, floor, 1 - (n - 1) * floor)
        free = jnp.where(low, 0, inside)
        weights = jnp.where(low, floor, inside * (1 - low.sum() * floor) / free.sum())
    # The largest weight takes the rounding, without a gradient.
    rounding = jax.nn.one_hot(jnp.argmax(weights), n, dtype=weights.dtype) * (1 - weights.sum())
    return weights + jax.lax.stop_gradient(rounding)


def bounded(weights: Weights, low: Weights, high: Weights) -> Weights:
    """Weights that sum to one, clipped to bounds that allow it; the difference to one is shared in
    proportion to the slack.
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
    """The change a minute that reaches ``target`` in ``minutes``, scaled down for all assets if one
    would exceed ``maximum``.
    """
    change = (target - start) / minutes
    # Without the barrier XLA may compute the sizes twice, rounded differently, and the gradient of
    # the maximum, which looks for it among them, finds none and divides by zero.
    fastest = jax.lax.optimization_barrier(jnp.abs(change)).max()
    return jnp.where(fastest > maximum, change * (maximum / (fastest + 1e-10)), change)


def guarded(
    start: Weights,
    wish: Weights,
    minutes: int,
    floor: Float[Array, ""] | float,
    maximum: Float[Array, ""] | float,
) -> Weights:
    """The change a minute from ``start`` towards ``wish``: clamped in one pass, then limited in
    speed.

    If that would end below the floor, the clamp is repeated until no weight is below, and the speed
    limited again.
    """
    wish = wish / wish.sum()
    once = slope(start, clamp(wish, floor), minutes, maximum)
    surely = slope(start, clamp(wish, floor, passes=wish.shape[-1]), minutes, maximum)
    too_low = (start + minutes * once < floor * (1 - 1e-12)).any()
    return jnp.where(too_low, surely, once)
