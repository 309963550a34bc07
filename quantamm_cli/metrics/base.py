"""The definition of a metric, and functions that metrics share.

The docstrings of metrics write V_0 … V_{N-1} for the pool's values at the N minutes of the window,
D_k = V_{1440 k} for its values at the beginning of each day, and x for the daily returns. A
standard deviation divides by the number of values (ddof 0). A year is 365 days. In ratios, returns
are those above the riskless rate, which is zero unless ``scoring.riskless`` sets it. *Blocks* of d
minutes are consecutive pieces from minute 0; minutes after the last whole block are left out.
Drawdowns of a block are measured from the highest value within the block.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeVar

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float
from pydantic import Field, create_model

from quantamm_cli.core.types import DAY, Daily, Trajectory
from quantamm_cli.settings.component import Component
from quantamm_cli.settings.signs import NEGATED
from quantamm_cli.settings.types import NonNegative

WEEK, MONTH, YEAR = 7 * DAY, 30 * DAY, 365 * DAY

Scalar = Float[Array, ""]
C = TypeVar("C", bound=Callable[..., Any])


@dataclass(frozen=True)
class Definition:
    """A metric's function and unit, whether it reads the window's minutes or only its days and
    ends, and whether it sorts.
    """

    compute: Callable[[Any], Scalar]
    unit: str
    reads: Literal["days", "minutes"]
    sorts: bool = False


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
) -> Callable[[C], C]:
    """Register a metric under its function's name, or ``name`` if that is not an identifier, for
    use in YAML. ``meaning`` rises by one when the definition changes. ``sign`` is -1 of a metric
    that is minus what it is called: tables show it positive (``settings.signs`` lists ours).

    A metric that reads ``days`` receives a ``Daily`` or a ``Trajectory``; others a ``Trajectory``.
    """

    def enrol(compute: C) -> C:
        kind = name or compute.__name__
        METRICS[kind] = Definition(compute, unit, reads, sorts)
        settings = create_model(
            kind, __base__=Metric, __doc__=compute.__doc__, __cls_kwargs__={"kind": kind}
        )
        settings.unit, settings.meaning = unit, meaning
        if sign < 0:
            NEGATED.add(kind)
        return compute

    return enrol


def reads_days(names: Iterable[str]) -> bool:
    """Whether none of the named metrics reads minutes."""
    return all(METRICS[name].reads == "days" for name in names)


def score(path: Trajectory | Daily, names: Iterable[str]) -> dict[str, Scalar]:
    """The named metrics of a trajectory, per share where it has an LP supply; those that read
    minutes need all of them.
    """
    if isinstance(path, Trajectory):
        path = path.per_share()
    return {name: METRICS[name].compute(path) for name in names}


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
    """The standard deviation, with a finite gradient at zero; NaN of fewer than two values."""
    if len(values) < 2:
        return mean(values[:0])
    return root(((values - mean(values)) ** 2).sum() / len(values))


def per_loss(gain: Scalar, loss: Scalar) -> Scalar:
    """``gain`` per unit of ``loss``, which is at most 0; infinite if it is 0, NaN if one is NaN."""
    infinite = jnp.inf + 0 * (gain + loss)
    return jnp.where(loss < 0, gain / -jnp.where(loss < 0, loss, -1), infinite)
