"""Maps between raw parameters, unconstrained for an optimiser, and readable ones with a unit.

``readable`` works on host arrays; ``raw`` works on host arrays and on JAX arrays inside programs.
Inside programs rules read raw parameters through the functions of this file that take JAX arrays
(``decay``, ``memory_days``).
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Readable = TypeVar("Readable", Numbers, Array)
NO_MEMORY = -700.0
"""The logit of a memory of zero: its decay, 1e-304, is the smallest that still has a gradient."""
_LOG2_ZERO = -1000.0


class Bijector(ABC):
    """A map raw → readable and back. Frozen and comparable, so that it causes no recompilation."""

    @property
    @abstractmethod
    def domain(self) -> str:
        """The set of readable values, in words."""

    @abstractmethod
    def readable(self, raw: Numbers) -> Numbers:
        """The readable values of raw ones."""

    @abstractmethod
    def raw(self, readable: Readable) -> Readable:
        """The raw values of readable ones; NaN outside the domain."""


@dataclass(frozen=True)
class Identity(Bijector):
    """readable = raw."""

    domain: ClassVar[str] = "a finite number"

    def readable(self, raw: Numbers) -> Numbers:
        return raw

    def raw(self, readable: Readable) -> Readable:
        return readable


@dataclass(frozen=True)
class Affine(Bijector):
    """readable = slope * raw + offset."""

    domain: ClassVar[str] = "a finite number"

    slope: float
    offset: float

    def readable(self, raw: Numbers) -> Numbers:
        return np.asarray(self.slope * raw + self.offset)

    def raw(self, readable: Readable) -> Readable:
        raw: Readable = array_namespace(readable).asarray((readable - self.offset) / self.slope)
        return raw


@dataclass(frozen=True)
class Squareplus(Bijector):
    """readable = (raw + √(raw² + 4)) / 2, above zero and close to raw where raw is large."""

    domain: ClassVar[str] = "above zero"

    def readable(self, raw: Numbers) -> Numbers:
        # For raw < 0 an equal form without cancellation.
        root = np.hypot(raw, 2.0)
        return np.where(raw < 0, 2 / (root - raw), (raw + root) / 2)

    def raw(self, readable: Readable) -> Readable:
        with np.errstate(invalid="ignore", divide="ignore"):
            raw: Readable = array_namespace(readable).where(
                readable > 0, readable - 1 / readable, np.nan
            )
        return raw


@dataclass(frozen=True)
class Log2(Bijector):
    """readable = 2^raw; zero is stored as 2^-1000."""

    domain: ClassVar[str] = "zero or more"

    def readable(self, raw: Numbers) -> Numbers:
        return np.where(raw <= _LOG2_ZERO, 0.0, np.exp2(raw))

    def raw(self, readable: Readable) -> Readable:
        xp = array_namespace(readable)
        with np.errstate(invalid="ignore", divide="ignore"):
            raw: Readable = xp.where(readable == 0, _LOG2_ZERO, xp.log2(readable))
        return raw


@dataclass(frozen=True)
class Interval(Bijector):
    """readable = low + (high - low) / (1 + e^-raw): between the ends for every raw value."""

    low: float
    high: float

    @property
    def domain(self) -> str:
        """The open interval, in words."""
        return f"above {self.low:g} and below {self.high:g}"

    def readable(self, raw: Numbers) -> Numbers:
        return self.low + (self.high - self.low) * np.exp(-np.logaddexp(0, -raw))

    def raw(self, readable: Readable) -> Readable:
        xp, inside = array_namespace(readable), (readable > self.low) & (readable < self.high)
        with np.errstate(invalid="ignore", divide="ignore"):
            raw: Readable = xp.where(
                inside, xp.log(readable - self.low) - xp.log(self.high - readable), np.nan
            )
        return raw


@dataclass(frozen=True)
class Simplex(Bijector):
    """Logits ↔ weights that sum to one over the assets (the last axis); ``raw`` returns logits of
    mean zero.
    """

    domain: ClassVar[str] = "above zero everywhere and one in sum"

    def readable(self, raw: Numbers) -> Numbers:
        scaled = np.exp(raw - raw.max(-1, keepdims=True))
        return np.asarray(scaled / scaled.sum(-1, keepdims=True))

    def raw(self, readable: Readable) -> Readable:
        xp = array_namespace(readable)
        with np.errstate(invalid="ignore", divide="ignore"):
            logits = xp.log(readable)
            centred = logits - logits.mean(-1, keepdims=True)
        raw: Readable = xp.where(abs(readable.sum(-1, keepdims=True) - 1) < 1e-9, centred, np.nan)
        return raw


@dataclass(frozen=True)
class Memory(Bijector):
    r"""Memory in days ↔ logit of the decay $\lambda$ of an average over chunks of $C$ minutes.

    $$m = \sqrt[3]{6\lambda/(1-\lambda)^3}\;\frac{2C}{1440}$$
    """

    domain: ClassVar[str] = "zero or more"

    chunk_period: int

    def readable(self, raw: Numbers) -> Numbers:
        cube_root = np.exp((np.log(6) - np.logaddexp(0, -raw) + 3 * np.logaddexp(0, raw)) / 3)
        days = cube_root * 2 * self.chunk_period / 1440
        return np.where(raw <= NO_MEMORY, 0.0, days)

    def raw(self, readable: Readable) -> Readable:
        r"""Newton for $S u^3 + u - 1 = 0$, $u = 1 - \lambda$, $S = (1440 m / 2C)^3 / 6$.

        The closed form of the cubic loses all digits for long memories; this loses none. The
        function is convex and increasing, so Newton's method from above does not overshoot; eight
        steps reach full precision for any S.
        """
        xp = array_namespace(readable)
        s = xp.where(readable > 0, (1440 * readable / (2 * self.chunk_period)) ** 3 / 6, np.nan)
        u = xp.minimum(1.0, xp.cbrt(1 / s))
        for _ in range(8):
            u = u - (s * u**3 + u - 1) / (3 * s * u**2 + 1)
        # λ = S u³, hence λ / (1 - λ) = S u²
        raw: Readable = xp.where(
            readable == 0, NO_MEMORY, xp.maximum(xp.log(s) + 2 * xp.log(u), NO_MEMORY)
        )
        return raw


def array_namespace(values: Any) -> Any:
    """The namespace, NumPy's or JAX's, of an array."""
    return values.__array_namespace__()


def squareplus(raw: Float[Array, "*n"]) -> Float[Array, "*n"]:
    """The readable value of a squareplus parameter, inside programs."""
    root = jnp.sqrt(raw**2 + 4)
    return jnp.where(raw < 0, 2 / (root - raw), (raw + root) / 2)


def decay(
    logit: Float[Array, "*n"], chunk_period: int, max_days: int
) -> tuple[Float[Array, "*n"], Float[Array, "*n"]]:
    """λ and 1 - λ, each to full precision, with the memory capped at ``max_days``."""
    cap = float(Memory(chunk_period).raw(np.asarray(float(max_days))))
    logit = jnp.minimum(logit, cap)
    return jax.nn.sigmoid(logit), jax.nn.sigmoid(-logit)


def memory_days(logit: Float[Array, "*n"], chunk_period: int, max_days: int) -> Float[Array, "*n"]:
    """The memory in days of a decay's logit, capped at ``max_days``; finite, with a finite
    gradient, for every logit.
    """
    log_ratio = jax.nn.log_sigmoid(logit) - 3 * jax.nn.log_sigmoid(-logit)
    longest = 3 * math.log(max_days * 1440 / (2 * chunk_period)) - math.log(6)
    return jnp.exp((math.log(6) + jnp.minimum(log_ratio, longest)) / 3) * (2 * chunk_period / 1440)


def decay_of_days(
    days: Float[Array, "*n"], chunk_period: int, max_days: int
) -> tuple[Float[Array, "*n"], Float[Array, "*n"]]:
    r"""λ and 1 - λ of a memory in days, clipped to [0, ``max_days``].

    Newton's method without a gradient to the root of $S u^3 + u - 1$, then one step with it, which
    has the derivative of the root.
    """
    days = jnp.clip(days, 0, max_days)
    s = (720 * days / chunk_period) ** 3 / 6

    def newton(s: Array, u: Array) -> Array:
        return u - (s * u**3 + u - 1) / (3 * s * u**2 + 1)

    fixed = jax.lax.stop_gradient(s)
    start = 1 / jnp.maximum(1.0, jnp.cbrt(fixed))
    root = jax.lax.fori_loop(0, 60, lambda _, u: newton(fixed, u), start)
    forget = newton(s, jax.lax.stop_gradient(root))
    return s * forget**3, forget
