r"""The QuantAMM contracts' arithmetic of weights: the clamp, the speed limit, and the rail.

The rail is the smallest weight $g$, and $1 - (n-1)g$ the largest. Contracts count in units of
$10^{-18}$ and seconds; these are the same operations on floats. What they leave undone they leave
undone here: weights that do not sum to one are not normalised first, one pass may push a weight
below the rail, and whatever is missing to one goes to a single weight.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

Weights = Float[Array, " n"]
Scalar = Float[Array, ""]

UNIT = 1e-18
"""The smallest weight, and the smallest change a second, that a contract can tell from zero."""


def clamp_weights(weights: Weights, rail: Scalar | float) -> Weights:
    """Weights below the rail are put on it; the others, the largest weight at most,
    share the rest in proportion.

    Who stands on the rail exactly stays there, though the others' shares count it.
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
    """Weights no further than ``largest`` from the previous ones,
    all slowed alike, that sum to one.

    What they lack goes to the second largest weight, what they have too
    much comes from the largest.
    """
    change = weights - previous
    furthest = jnp.abs(change).max()
    fast = furthest > largest
    slowed = jnp.where(fast, previous + change * (largest / jnp.where(fast, furthest, 1)), weights)
    lacking = 1 - slowed.sum()
    first = jnp.argmax(slowed)
    second = jnp.argmax(jnp.where(jnp.arange(len(slowed)) == first, -jnp.inf, slowed))
    bearer = jnp.arange(len(slowed)) == jnp.where(lacking > 0, second, first)
    # Rounding, to which gradients are deaf.
    return slowed + jax.lax.stop_gradient(jnp.where(bearer, lacking, 0))


def guard_weights(
    previous: Weights, weights: Weights, largest: Scalar | float, rail: Scalar | float
) -> Weights:
    """The weights an update aims for: clamped, then brought as near to the previous
    ones as the speed limit asks.
    """
    return normalize_weight_updates(previous, clamp_weights(weights, rail), largest)


def seconds_to_rail(weights: Weights, multiplier: Weights, rail: Scalar | float) -> Scalar:
    """Whole seconds for which weights may move by ``multiplier`` a second before one would cross
    its rail; infinite if none would.
    """
    # Differences of weights are good to a few roundings: a whole second is not lost to them.
    slack = 4 * np.finfo(weights.dtype).eps
    top = 1 - (len(weights) - 1) * rail
    room = jnp.maximum(jnp.where(multiplier > 0, top - weights, weights - rail) + slack, 0)
    speed = jnp.abs(multiplier)
    moving = speed >= UNIT
    return jnp.where(moving, jnp.floor(room / jnp.where(moving, speed, 1)), jnp.inf).min()
