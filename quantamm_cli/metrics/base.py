"""The definition of a metric, and functions that metrics share.

The docstrings of metrics write V_0 … V_{N-1} for the pool's values at the N minutes of the window,
D_k = V_{1440 k} for its values at the beginning of each day, and x for the daily returns. A
standard deviation divides by the number of values (ddof 0). A year is 365 days. In ratios, returns
are those above the riskless rate, which is zero unless ``scoring.riskless`` sets it. *Blocks* of d
minutes are consecutive pieces from minute 0; minutes after the last whole block are left out.
Drawdowns of a block are measured from the highest value within the block.

A metric does not exist on every window: NaN where its formula has no value (there is no loss to
divide by), infinite where it has one that no market gives. ``metric`` declares what a metric needs
and the reason why it may lack it; ``metrics.undefined`` says them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeVar

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, Float
from pydantic import Field, create_model

from quantamm_cli.core.types import DAY, Daily, Trajectory
from quantamm_cli.settings.component import Component
from quantamm_cli.settings.signs import LOSSES, NEGATED
from quantamm_cli.settings.types import NonNegative

WEEK, MONTH, YEAR = 7 * DAY, 30 * DAY, 365 * DAY
TWO_RETURNS = 2 * DAY + 1
"""The rows of the shortest window with two daily returns."""
MONEY = "numeraire"
"""The unit of metrics that have no largest number."""
NOTHING = 1e-12
"""A fraction that counts as zero where a metric would divide by it."""
LARGEST = 1e12
"""The largest number of a metric that is no amount of money. What is beyond it comes of a window
that is too short for a yearly rate, or of dividing by next to nothing.
"""

Scalar = Float[Array, ""]
C = TypeVar("C", bound=Callable[..., Any])


@dataclass(frozen=True)
class Definition:
    """A metric's formula and unit, whether it reads the window's minutes or only its days and
    ends, whether it sorts, and when it exists.
    """

    formula: Callable[[Any], Scalar]
    unit: str
    reads: Literal["days", "minutes"]
    sorts: bool = False
    minutes: int = 1
    """The rows of the shortest window on which it can exist."""
    lacks: str = "its formula has no value"
    """What a window lacks on which it does not exist."""
    exists: Callable[[Any], Bool[Array, ""]] | None = None
    """Whether it exists on a window; ``None``: it does unless the formula is NaN."""

    @property
    def largest(self) -> float:
        """The largest number that it can be."""
        return float("inf") if self.unit == MONEY else LARGEST

    @property
    def yearly(self) -> bool:
        """Whether it is a number a year, whatever the length of the window."""
        return "year" in self.unit

    def compute(self, path: Trajectory | Daily) -> Scalar:
        """The metric of a window: NaN where the window lacks what it needs, infinite beyond
        ``LARGEST``.
        """
        value = self.unmarked(path)
        if self.exists is not None and path.minutes >= self.minutes:
            value = jnp.where(self.exists(path), value, jnp.nan)
        if self.unit == MONEY:
            return value
        return jnp.where(jnp.abs(value) > self.largest, jnp.sign(value) * jnp.inf, value)

    def unmarked(self, path: Trajectory | Daily) -> Scalar:
        """The value of the formula, whether the metric exists or not; NaN of a window that is too
        short.
        """
        if path.minutes < self.minutes:
            return jnp.full((), jnp.nan, path.days.dtype)
        return self.formula(path)


METRICS: dict[str, Definition] = {}


class Metric(Component, group="metric"):
    """The training objective: a metric, less penalties."""

    unit: ClassVar[str] = ""

    turnover_penalty: NonNegative = Field(
        0.0,
        description="subtracted from the objective, times the mean turnover of weights a minute",
    )


def metric(
    unit: str,
    reads: Literal["days", "minutes"] = "minutes",
    sorts: bool = False,
    name: str | None = None,
    meaning: int = 1,
    sign: Literal[1, -1] = 1,
    minutes: int = 1,
    lacks: str = Definition.lacks,
    exists: Callable[[Any], Bool[Array, ""]] | None = None,
    loss: bool = False,
) -> Callable[[C], C]:
    """Register a metric under its function's name, or ``name`` if that is not an identifier, for
    use in YAML. ``meaning`` rises by one when the definition changes. ``sign`` is -1 of a metric
    that is minus what it is called: tables show it positive (``settings.signs`` lists ours).
    ``loss`` is true of a drawdown or a value at risk, a negative fraction: a limit of it is a size.

    A metric that reads ``days`` receives a ``Daily`` or a ``Trajectory``; others a ``Trajectory``.
    It is not called on windows shorter than ``minutes``. Where ``exists`` is false, or it returns
    NaN, the window lacks what ``lacks`` says.
    """

    def enrol(compute: C) -> C:
        kind = name or compute.__name__
        METRICS[kind] = Definition(compute, unit, reads, sorts, minutes, lacks, exists)
        settings = create_model(
            kind, __base__=Metric, __doc__=compute.__doc__, __cls_kwargs__={"kind": kind}
        )
        settings.unit, settings.meaning = unit, meaning
        if sign < 0:
            NEGATED.add(kind)
        if loss:
            LOSSES.add(kind)
        return compute

    return enrol


def reads_days(names: Iterable[str]) -> bool:
    """Whether none of the named metrics reads minutes."""
    return all(METRICS[name].reads == "days" for name in names)


def score(path: Trajectory | Daily, names: Iterable[str]) -> dict[str, Scalar]:
    """The named metrics of a trajectory, per share where it has an LP supply; those that read
    minutes need all of them.
    """
    path = _measured(path)
    return {name: METRICS[name].compute(path) for name in names}


def unmarked(path: Trajectory | Daily, names: Iterable[str]) -> dict[str, Scalar]:
    """The values of the formulas of the named metrics; with ``existing`` they are ``score``.

    Compiled together with the checks, a formula may differ from itself in the last bit.
    """
    path = _measured(path)
    return {name: METRICS[name].unmarked(path) for name in names}


def existing(path: Trajectory | Daily, names: Iterable[str]) -> dict[str, Bool[Array, ""]]:
    """Whether metrics exist on a window, of those that check it apart from their formula."""
    checks = {name: METRICS[name].exists for name in names if path.minutes >= METRICS[name].minutes}
    path = _measured(path)
    return {name: check(path) for name, check in checks.items() if check is not None}


def _measured(path: Trajectory | Daily) -> Trajectory | Daily:
    """The path as scores are measured."""
    return path.per_share() if isinstance(path, Trajectory) else path


def changes(values: Float[Array, "... k"]) -> Float[Array, "... j"]:
    """Relative changes from each value to the next."""
    return values[..., 1:] / values[..., :-1] - 1


def excess(path: Trajectory | Daily) -> Float[Array, " k"]:
    """Daily returns above those of the riskless account."""
    return above_cash(changes(path.days), path.day_cash)


def above_cash(returns: Float[Array, " j"], cash: Float[Array, " k"] | None) -> Float[Array, " j"]:
    """Returns above those of the riskless account; ``cash`` is ln of its value at their ends."""
    return returns if cash is None else returns - jnp.expm1(jnp.diff(cash))


def yearly_above_cash(yearly: Float[Array, "*m"], path: Trajectory) -> Float[Array, "*m"]:
    """A yearly return over N/1440 days, above that of the riskless account."""
    if path.cash is None:
        return yearly
    earned = path.cash[-1] - path.cash[0]
    return yearly - jnp.expm1(earned * (365 * DAY / len(path.value)))


def blocks(values: Float[Array, " t"], length: int) -> Float[Array, "m length"]:
    """The values in blocks; an incomplete last block is dropped."""
    count = len(values) // length
    return values[: count * length].reshape(count, length)


def mean(values: Array) -> Scalar:
    """The mean; NaN of no values, without a warning."""
    if not len(values):
        return jnp.full((), jnp.nan, values.dtype)
    return values.sum() / len(values)


def root(square: Float[Array, "*k"]) -> Float[Array, "*k"]:
    """The square root, with gradient zero at zero."""
    return jnp.where(square == 0, 0, jnp.sqrt(jnp.where(square == 0, 1, square)))


def deviation(values: Float[Array, " k"]) -> Scalar:
    """The standard deviation, with a finite gradient at zero."""
    return root(((values - mean(values)) ** 2).sum() / len(values))


def vary(returns: Float[Array, " k"]) -> Bool[Array, ""]:
    """Whether returns vary: by more than 1e-12 of the largest of them, and than the rounding of the
    values they are made from.
    """
    rounding = 8 * np.finfo(returns.dtype).eps
    return returns.std() > jnp.maximum(NOTHING * jnp.abs(returns).max(), rounding)


def per_loss(gain: Scalar, loss: Scalar) -> Scalar:
    """``gain`` per unit of ``loss``, a negative fraction; NaN if there is no loss beyond 1e-12 or
    rounding.
    """
    loses = loss < -max(NOTHING, 8 * float(np.finfo(loss.dtype).eps))
    return jnp.where(loses, gain / -jnp.where(loses, loss, -1), jnp.nan)
