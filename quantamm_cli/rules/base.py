"""The interface of a weight rule, and the estimators that rules share."""

from abc import ABC, abstractmethod
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float
from pydantic import Field

from quantamm_cli.core.bijectors import Identity, Memory, decay, memory_days
from quantamm_cli.core.contracts import LAMB, OnChain, lamb, moved_lamb, times_memory
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.rebalancing import Broker
from quantamm_cli.core.recurrence import Recur, RuleInputs, Stream
from quantamm_cli.core.tree import TracedComponent
from quantamm_cli.core.types import Params

K = OnChain("k", times_memory, ("memory_days",))
AMPLITUDE = OnChain("amplitude", times_memory, ("memory_days",))
"""On-chain forms of strengths that are stored per day, for rules with one memory."""


class Clock(NamedTuple):
    """The minutes between the prices that a rule reads, and the longest memory allowed, in days."""

    chunk_period: int
    max_memory_days: int


def memory_parameter(
    clock: Clock, suffix: str = "", layers: tuple[str, ...] = (), onchain: OnChain = LAMB
) -> Parameter:
    """A memory in days, ``memory_days`` and the suffix, whose raw form is the logit of a decay."""
    return Parameter(
        f"logit_lamb{suffix}",
        f"memory_days{suffix}",
        "days",
        Memory(clock.chunk_period),
        10.0,
        low=1.0,
        high=200.0,
        log=True,
        layers=layers,
        onchain=onchain,
        bounds=(0.0, clock.max_memory_days),
    )


def two_memories(bounds: tuple[float, float] = Parameter.bounds) -> list[Parameter]:
    """``memory_days_1`` and ``memory_days_2``, whose raw form is the days themselves."""
    return [
        Parameter(
            f"memory_days_{number}",
            f"memory_days_{number}",
            "days",
            Identity(),
            10.0,
            low=0.5,
            high=200.0,
            log=True,
            onchain=OnChain(f"lamb_{number}", lamb),
            bounds=bounds,
        )
        for number in (1, 2)
    ]


class WeightRule(TracedComponent, ABC, group="pool/rule"):
    """Computes changes of weights from the prices of chunks.

    ``signal`` is written once, with ``recur`` for every estimator with memory, and runs on whole
    columns or one row at a time (``core.recurrence``). Its changes sum to zero over the assets. If
    ``targets`` is true, it returns weights instead, which sum to one; the pool then opens with
    them, not with the initial weights.
    """

    @property
    def targets(self) -> bool:
        """Whether ``signal`` returns weights rather than changes."""
        return False

    @property
    def looks_at(self) -> tuple[str, ...]:
        """Names of the series that the rule needs besides prices."""
        return ()

    @property
    def rests(self) -> bool:
        """Whether its pool trades only while weights move."""
        return False

    @property
    def broker(self) -> Broker | None:
        """The exchange at which it trades, if it is a fund and not a pool."""
        return None

    @abstractmethod
    def parameters(self, clock: Clock) -> tuple[Parameter, ...]:
        """Declarations of the rule's parameters."""

    @abstractmethod
    def signal(self, recur: Recur, observed: RuleInputs, params: Params, clock: Clock) -> Stream:
        """The change of weights asked for at each row, from that row and those before it."""

    def wish(
        self, weights: Float[Array, " n"], signal: Float[Array, " n"], params: Params, clock: Clock
    ) -> Float[Array, " n"]:
        """The weights to move towards from ``weights``, before the guard's limits."""
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
        description="true: the average that gradients are relative to has its own memory",
    )

    def memory(self, clock: Clock) -> tuple[Parameter, ...]:
        """The parameters of the gradient."""
        long = memory_parameter(clock)
        delta = Parameter(
            "logit_delta_lamb",
            "logit_delta_lamb",
            "logit",
            Identity(),
            default=0.0,
            low=-5.0,
            high=5.0,
            onchain=OnChain("lamb_alt", moved_lamb, ("memory_days",)),
        )
        return (long, delta) if self.use_alt_lamb else (long,)

    def gradient(self, recur: Recur, observed: RuleInputs, params: Params, clock: Clock) -> Stream:
        """The gradient a chunk, relative to the price or average that the settings choose."""
        trend, average = price_gradient(recur, observed.price, params["logit_lamb"], clock)
        if self.use_raw_price:
            return trend / observed.price
        if self.use_alt_lamb:
            keep, forget = decay(params["logit_lamb"] + params["logit_delta_lamb"], *clock)
            average, _ = recur("alternative_ewma", keep, forget * observed.price, observed.price)
        return trend / average

    def days(self, params: Params, clock: Clock) -> Float[Array, " n"]:
        """Memory in days."""
        return memory_days(params["logit_lamb"], *clock)


def price_gradient(
    recur: Recur, price: Stream, logit: Float[Array, " n"], clock: Clock, name: str = ""
) -> tuple[Stream, Stream]:
    r"""The exponentially weighted price gradient $\dot p$ a chunk, and the average price from which
    it is measured. [TFMM litepaper, section 4.2]

    $$e' = \lambda e + (1-\lambda) p, \qquad a' = \lambda a + \frac{p - e'}{1-\lambda}, \qquad
    \dot p = \frac{(1-\lambda)^3}{\lambda} a'$$

    The state ``running_a`` is $a/\lambda$: since $p - e' = \lambda(p - e)$, its recurrence has no
    division by $\lambda$, which may be zero. ``name``: the prefix of the state, for rules with
    several gradients.
    """
    keep, forget = decay(logit, *clock)
    average, before = recur(f"{name}ewma", keep, forget * price, price)
    trend, _ = recur(f"{name}running_a", keep, (price - before) / forget, jnp.zeros_like(price))
    return trend * forget**3, average


def signed_power(
    signal: Stream, scale: Float[Array, " n"] | float, exponent: Float[Array, " n"]
) -> Stream:
    """sign(g) |g / (2 s)|^q of the signal g, scale s, exponent q; its gradient at 0 is finite."""
    is_zero = signal == 0
    size = jnp.abs(jnp.where(is_zero, 1, signal)) / (2 * scale)
    return jnp.where(is_zero, 0, jnp.sign(signal) * size**exponent)


def centred(strength: Float[Array, " n"], signal: Stream) -> Stream:
    """k_i (x_i - l) with l = sum_j k_j x_j / sum_j k_j, so that changes sum to zero; zero if every
    k is zero.
    """
    # Dividing by the largest strength avoids underflow: squares of small strengths would vanish.
    top = jnp.abs(jax.lax.stop_gradient(strength)).max()
    share = strength / jnp.where(top == 0, 1, top)
    total = (share * jnp.ones_like(signal)).sum(-1, keepdims=True)
    offset = (share * signal).sum(-1, keepdims=True) / jnp.where(total == 0, 1, total)
    return strength * (signal - offset)
