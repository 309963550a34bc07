r"""The capital of each strategy in the next epoch: scores, weights, and a move of reserves that
conserves their total value.

The first axis of arrays is strategies; the normaliser takes no part.
"""

from typing import Literal

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from quantamm_cli.errors import ConfigError

Rows = Float[Array, "n *l"]

_SPREAD = 40.0
"""Y of difference between scores above which ``spread`` weights are no steeper."""


def check(floor: float, strategies: int) -> None:
    """Raise ConfigError if the floors of all strategies are the whole capital."""
    if strategies * floor >= 1:
        raise ConfigError(
            "epoch.floor",
            f"{floor:g} for each of {strategies} strategies is all the capital or more; the floor "
            f"must be below {1 / strategies:g}",
        )


def score(edge: Rows, aversion: Array | float) -> Rows:
    r"""$e - \lambda\max(0, -e)$: a loss weighs more than a gain."""
    return edge - aversion * jnp.maximum(0, -edge)


def noise(edge: Rows, squares: Rows, aversion: Array | float) -> Float[Array, "*l"]:
    r"""The standard error of an epoch's scores, pooled over the strategies.

    An epoch's edge is a sum over fills, so its variance is the sum of their squares; the slope of
    the score is $1+\lambda$ where the edge is a loss.
    """
    steep = jnp.where(edge < 0, 1 + aversion, 1.0)
    return jnp.sqrt((steep**2 * squares).mean(0))


def weights(
    scores: Rows,
    temperature: Array | float,
    floor: Array | float,
    kind: Literal["softmax", "spread"] = "softmax",
) -> Rows:
    r"""$w = w_\min + (1 - N w_\min)\,\mathrm{softmax}(s/T)$, which sums to one and is at least the
    floor.

    ``spread`` takes $T\max(1, (\max s - \min s)/40)$, as the public engine does. A score of minus
    infinity gets the floor. With $T = 0$ the best strategy gets all, and equals get equal parts.
    """
    counts = jnp.isfinite(scores)
    top = jnp.where(counts.any(0), scores.max(0), 0)
    if kind == "spread":
        temperature = temperature * jnp.maximum(
            1, jnp.where(counts, top - scores, 0).max(0) / _SPREAD
        )
    below = jnp.where(counts, (scores - top) / jnp.maximum(temperature, 1e-300), -jnp.inf)
    shares = jax.nn.softmax(jnp.maximum(below, -1e300), 0)
    return floor + (1 - len(scores) * floor) * shares


def growth(x: Rows, y: Rows, price: Float[Array, "*l"], weight: Rows) -> Rows:
    r"""The factor on X and Y alike with which each pool holds its share of the value
    $\sum_i x_i p + y_i$ at the fair price.
    """
    value = x * price + y
    return weight * value.sum(0) / value
