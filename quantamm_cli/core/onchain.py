r"""The QuantAMM contracts' arithmetic of weights: the clamp, the speed limit, and the rail.

The rail limits weights to at least $g$ and at most $1 - (n-1)g$. Contracts count in units of
$10^{-18}$ and in seconds; these functions do the same operations on floats. Like the contracts,
they do not normalise weights that do not sum to one; they correct in one pass, which may leave a
weight below the rail; and a sum that differs from one is corrected in a single weight.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

Weights = Float[Array, " n"]
Scalar = Float[Array, ""]

UNIT = 1e-18
"""The smallest nonzero weight, and the smallest nonzero change a second, of a contract."""


def clamp_weights(weights: Weights, rail: Scalar | float) -> Weights:
    """Moves weights below the rail to it; the others, capped at the largest weight, share the rest
    in proportion.

    A weight exactly at the rail stays there, though the shares of the others include it.
    """
    n = len(weights)
    low = weights < rail
    others = jnp.where(low, 0, jnp.minimum(weights, 1 - (n - 1) * rail))
    total = others.sum()
    scale = jnp.where(total > 0, (1 - rail * low.sum()) / jnp.where(total > 0, total, 1), 1)
    return jnp.where(low | (weights == rail), rail, others * scale)


def normalize_weight_updates(
    previous: Weights, weights: Weights, largest: Scalar | float
) -> Weights:
    """Weights that sum to one, no further than ``largest`` from the previous ones, all slowed by
    the same factor.

    A shortfall goes to the second largest weight, an excess comes from the largest.
    """
    change = weights - previous
    furthest = jnp.abs(change).max()
    fast = furthest > largest
    slowed = jnp.where(fast, previous + change * (largest / jnp.where(fast, furthest, 1)), weights)
    lacking = 1 - slowed.sum()
    first = jnp.argmax(slowed)
    second = jnp.argmax(jnp.where(jnp.arange(len(slowed)) == first, -jnp.inf, slowed))
    bearer = jnp.arange(len(slowed)) == jnp.where(lacking > 0, second, first)
    # This is rounding; it has no gradient.
    return slowed + jax.lax.stop_gradient(jnp.where(bearer, lacking, 0))


def guard_weights(
    previous: Weights, weights: Weights, largest: Scalar | float, rail: Scalar | float
) -> Weights:
    """The target weights of an update: clamped, then limited to the largest change from the
    previous ones.
    """
    return normalize_weight_updates(previous, clamp_weights(weights, rail), largest)


def seconds_to_rail(weights: Weights, multiplier: Weights, rail: Scalar | float) -> Scalar:
    """Whole seconds for which weights may move by ``multiplier`` a second before one would cross
    its rail; infinite if none would.
    """
    # The slack covers the rounding of the differences, which would otherwise cost a whole second.
    slack = 4 * np.finfo(weights.dtype).eps
    top = 1 - (len(weights) - 1) * rail
    room = jnp.maximum(jnp.where(multiplier > 0, top - weights, weights - rail) + slack, 0)
    speed = jnp.abs(multiplier)
    moving = speed >= UNIT
    return jnp.where(moving, jnp.floor(room / jnp.where(moving, speed, 1)), jnp.inf).min()
