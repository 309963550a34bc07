"""What a weight rule is, and the estimators rules share."""

from abc import ABC, abstractmethod
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float
from pydantic import Field

from quantamm_cli.core.bijectors import Identity, Memory, decay, memory_days
from quantamm_cli.core.contracts import LAMB, OnChain, moved_lamb, times_memory
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.rebalancing import Broker
from quantamm_cli.core.recurrence import Recur, Seen, Stream
from quantamm_cli.core.tree import TracedComponent
from quantamm_cli.core.types import Params

K, AMPLITUDE = (OnChain(name, times_memory, ("memory_days",)) for name in ("k", "amplitude"))
"""Strengths that we keep a day, of rules with one memory."""


class Clock(NamedTuple):
    """How often a rule sees a price, in minutes, and the longest memory it may have, in days."""

    chunk_period: int
    max_memory_days: int


class WeightRule(TracedComponent, ABC, group="pool/rule"):
    """How much to change the weights, from the prices of chunks.

    ``signal`` is written once, with ``recur`` for everything that remembers, and runs on whole
    columns or one row at a time (``core.recurrence``). Its changes sum to zero over the assets. A
    rule of which ``targets`` is true says what weights to have instead, which sum to one; its pool
    opens with them, not with the initial weights.
    """

    @property
    def targets(self) -> bool:
        """Whether ``signal`` is weights rather than changes."""
        return False

    @property
    def looks_at(self) -> tuple[str, ...]:
        """Names of the series it needs besides prices."""
        return ()

    @property
    def rests(self) -> bool:
        """Whether its pool trades only while weights move."""
        return False

    @property
    def broker(self) -> Broker | None:
        """Where it trades, if it is not in a pool that arbitrageurs keep in line."""
        return None

    @abstractmethod
    def parameters(self, clock: Clock) -> tuple[Parameter, ...]:
        """The rule's parameters, declared."""

    @abstractmethod
    def signal(self, recur: Recur, seen: Seen, params: Params, clock: Clock) -> Stream:
        """The change of weight asked for at each row, knowing that row and those before it."""

    def wish(
        self, weights: Float[Array, " n"], signal: Float[Array, " n"], params: Params, clock: Clock
    ) -> Float[Array, " n"]:
        """The weights to move towards from ``weights``, before any guard."""
        del params, clock
        return weights + signal


class GradientRule(WeightRule, ABC):
    """A rule that follows the proportional price gradient, exponentially weighted."""

    use_raw_price: bool = Field(
        False,
        description="true: gradients relative to the price itself, not to its average, as on chain",
    )
    use_alt_lamb: bool = Field(
        False,
        description="true: the average that gradients are relative to has a memory of its own",
    )

    def memory(self, clock: Clock) -> tuple[Parameter, ...]:
        """The parameters of the gradient."""
        long = Parameter(
            "logit_lamb",
            "memory_days",
            "days",
            Memory(clock.chunk_period),
            10.0,
            low=1.0,
            high=200.0,
            log=True,
            onchain=LAMB,
        )
        other = OnChain("lamb_alt", moved_lamb, ("memory_days",))
        delta = Parameter(
            "logit_delta_lamb",
            "logit_delta_lamb",
            "logit",
            Identity(),
            default=0.0,
            low=-5.0,
            high=5.0,
            onchain=other,
        )
        return (long, delta) if self.use_alt_lamb else (long,)

    def gradient(self, recur: Recur, seen: Seen, params: Params, clock: Clock) -> Stream:
        """The gradient a chunk, relative to what these settings say."""
        trend, average = price_gradient(recur, seen.price, params["logit_lamb"], clock)
        if self.use_raw_price:
            return trend / seen.price
        if self.use_alt_lamb:
            keep, forget = decay(params["logit_lamb"] + params["logit_delta_lamb"], *clock)
            average, _ = recur("alternative_ewma", keep, forget * seen.price, seen.price)
        return trend / average

    def days(self, params: Params, clock: Clock) -> Float[Array, " n"]:
        """Memory in days."""
        return memory_days(params["logit_lamb"], *clock)


def price_gradient(
    recur: Recur, price: Stream, logit: Float[Array, " n"], clock: Clock, name: str = ""
) -> tuple[Stream, Stream]:
    r"""The price gradient $\dot p$ a chunk, exponentially weighted,
    and the average price it is measured from.

    $$e' = \lambda e + (1-\lambda) p, \qquad a' = \lambda a + \frac{p - e'}{1-\lambda}, \qquad
    \dot p = \frac{(1-\lambda)^3}{\lambda} a'$$

    Computed through $a/\lambda$, since $p - e' = \lambda(p - e)$: nothing is divided by $\lambda$,
    which may be zero; what is carried as ``running_a`` is that. ``name`` tells the gradients of one
    rule apart. [TFMM litepaper, section 4.2]
    """
    keep, forget = decay(logit, *clock)
    average, before = recur(f"{name}ewma", keep, forget * price, price)
    trend, _ = recur(f"{name}running_a", keep, (price - before) / forget, jnp.zeros_like(price))
    return trend * forget**3, average


def signed_power(
    signal: Stream, scale: Float[Array, " n"] | float, exponent: Float[Array, " n"]
) -> Stream:
    r"""$\mathrm{sign}(g)\,|g / 2s|^q$, with a finite gradient at zero."""
    still = signal == 0
    size = jnp.abs(jnp.where(still, 1, signal)) / (2 * scale)
    return jnp.where(still, 0, jnp.sign(signal) * size**exponent)


def centred(strength: Float[Array, " n"], signal: Stream) -> Stream:
    r"""$k_i (x_i - \ell)$ with $\ell = \sum k_j x_j / \sum k_j$,
    so that changes sum to zero; zero where every $k$ is.
    """
    # The offset is a mean with these shares: of strengths so small that their squares vanish, too.
    top = jnp.abs(jax.lax.stop_gradient(strength)).max()
    share = strength / jnp.where(top == 0, 1, top)
    total = (share * jnp.ones_like(signal)).sum(-1, keepdims=True)
    offset = (share * signal).sum(-1, keepdims=True) / jnp.where(total == 0, 1, total)
    return strength * (signal - offset)
