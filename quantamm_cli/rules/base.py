"""What a weight rule is, and the estimators rules share."""

from abc import ABC, abstractmethod
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from quantamm_cli.core.bijectors import decay
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.recurrence import Recur, Stream
from quantamm_cli.core.tree import TracedComponent
from quantamm_cli.core.types import Params


class Clock(NamedTuple):
    """How often a rule sees a price, in minutes, and the longest memory it may have, in days."""

    chunk_period: int
    max_memory_days: int


class WeightRule(TracedComponent, ABC, group="pool/rule"):
    """How much to change the weights, from the prices of chunks.

    ``signal`` is written once, with ``recur`` for everything that remembers, and runs on whole columns or one row at a
    time (``core.recurrence``). Its changes sum to zero over the assets.
    """

    @abstractmethod
    def parameters(self, clock: Clock) -> tuple[Parameter, ...]:
        """The rule's parameters, declared."""

    @abstractmethod
    def signal(self, recur: Recur, price: Stream, params: Params, clock: Clock) -> Stream:
        """The change of weight asked for at each price, knowing that price and those before it."""


def relative_gradient(recur: Recur, price: Stream, logit: Float[Array, " n"], clock: Clock) -> Stream:
    r"""The proportional price gradient $\beta = \dot p / p$ a chunk, exponentially weighted.

    $$e' = \lambda e + (1-\lambda) p, \qquad a' = \lambda a + \frac{p - e'}{1-\lambda}, \qquad
    \beta = \frac{(1-\lambda)^3}{\lambda}\frac{a'}{e'}$$

    Computed through $a/\lambda$, since $p - e' = \lambda(p - e)$: nothing is divided by $\lambda$, which may be zero.
    [TFMM litepaper, section 4.2]
    """
    keep, forget = decay(logit, *clock)
    average, before = recur(keep, forget * price, price)
    trend, _ = recur(keep, (price - before) / forget, jnp.zeros_like(price))
    return trend * forget**3 / average


def centred(strength: Float[Array, " n"], signal: Stream) -> Stream:
    r"""$k_i (x_i - \ell)$ with $\ell = \sum k_j x_j / \sum k_j$, so that changes sum to zero; zero where every $k$ is."""
    total = (strength * jnp.ones_like(signal)).sum(-1, keepdims=True)
    offset = (strength * signal).sum(-1, keepdims=True) / jnp.where(total == 0, 1, total)
    return strength * (signal - offset)
