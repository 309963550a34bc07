r"""A portfolio that follows given weights by trading at an exchange, at market prices and a cost.

The benchmark a pool is measured against: without costs, or, for *rebalancing versus rebalancing*,
with fee and spread [Willetts & Harrington, arXiv:2410.23404]. At every visit it first trades back
to the weights it had, then to the new ones; a move from value shares $x$ to $w$ costs the share

$$c = \tau \sum_i (x_i - w_i)_+ + \tfrac12 \sum_i s_i |x_i - w_i|$$

of what it holds, for a fee $\tau$ on what is sold and spreads $s$.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from quantamm_cli.core.prefix import cumulative

YEAR = 525_600


class Broker(NamedTuple):
    """Costs of trading at an exchange, as shares: ``cost`` of the value sold, half the ``spread``
    (``None``: a series) of all value moved; and the share of the value paid in fees a year."""

    cost: Float[Array, ""] | float
    spread: Float[Array, ""] | float | None = 0.0
    annual_streaming_fee: Float[Array, ""] | float = 0.0


def log_value(
    weights: Float[Array, "k n"],
    prices: Float[Array, "k n"],
    cost: Float[Array, ""] | float,
    spread: Float[Array, "..."] | float = 0.0,
    streaming: Float[Array, "..."] | float = 0.0,
) -> Float[Array, " k"]:
    """ln of value over opening value at each visit, after its trades and after the fee
    ``streaming``, a share of the value, of every visit but the first, or of each of those.
    """
    earned = weights[:-1] * (prices[1:] / prices[:-1] - 1)
    # Growth less one: a minute's change keeps its digits.
    growth = earned.sum(-1)
    drifted = (weights[:-1] + earned) / (1 + growth)[:, None]
    spreads = jnp.broadcast_to(jnp.asarray(spread, weights.dtype), weights.shape)[1:]

    def paid(have: Array, want: Array) -> Array:
        moved = have - want
        return cost * jnp.maximum(moved, 0).sum(-1) + (spreads * jnp.abs(moved)).sum(-1) / 2

    costs = paid(drifted, weights[:-1]), paid(weights[:-1], weights[1:])
    costs_paid = sum(jnp.log1p(-share) for share in costs)
    fees = jnp.log1p(-jnp.asarray(streaming, weights.dtype))
    gain = jnp.log1p(growth) + costs_paid + fees
    return jnp.concatenate([jnp.zeros(1, gain.dtype), cumulative(gain)])
