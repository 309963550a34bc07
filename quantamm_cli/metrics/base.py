r"""What a metric is, and the few ways in which metrics read a trajectory.

Notation of the docstrings: $V_0 … V_{N-1}$ are the values of the window's minutes,
$D_k = V_{1440k}$, $x$ the daily returns $\Delta D/D$; std has ddof 0; a year is 365 days; the
riskless rate is zero. *Blocks of d* are the first ⌊N/d⌋·d values cut into pieces of d minutes; each
begins a new running maximum.
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
from quantamm_cli.settings.types import NonNegative

WEEK, MONTH, YEAR = 7 * DAY, 30 * DAY, 365 * DAY

Scalar = Float[Array, ""]
C = TypeVar("C", bound=Callable[..., Any])


@dataclass(frozen=True)
class Definition:
    """A metric's meaning, its unit, whether it reads the window's minutes or only its days and
    ends, and whether it sorts.
    """

    compute: Callable[[Any], Scalar]
    unit: str
    reads: Literal["days", "minutes"]
    sorts: bool = False


METRICS: dict[str, Definition] = {}


class Metric(Component, group="metric"):
    """The training objective: a metric, less what it is made to cost."""

    unit: ClassVar[str] = ""

    turnover_penalty: NonNegative = Field(
        0.0, description="objective lost per unit of value weight turned over in a minute"
    )


def metric(
    unit: str,
    reads: Literal["days", "minutes"] = "minutes",
    sorts: bool = False,
    name: str | None = None,
) -> Callable[[C], C]:
    """Register a definition under its own name (or ``name``, where that is no identifier),
    so that YAML can choose it.

    One that reads ``days`` is given anything that knows its days, first,
    last and minutes; others get a Trajectory.
    """

    def enrol(compute: C) -> C:
        kind = name or compute.__name__
        METRICS[kind] = Definition(compute, unit, reads, sorts)
        settings = create_model(
            kind, __base__=Metric, __doc__=compute.__doc__, __cls_kwargs__={"kind": kind}
        )
        settings.unit = unit
        return compute

    return enrol


def reads_days(names: Iterable[str]) -> bool:
    """Whether all the named metrics can do without the minutes."""
    return all(METRICS[name].reads == "days" for name in names)


def score(path: Trajectory | Daily, names: Iterable[str]) -> dict[str, Scalar]:
    """The named metrics of a trajectory; those that read minutes need all of them."""
    return {name: METRICS[name].compute(path) for name in names}


def changes(values: Float[Array, "... k"]) -> Float[Array, "... j"]:
    """Relative changes from each value to the next."""
    return values[..., 1:] / values[..., :-1] - 1


def blocks(values: Float[Array, " t"], length: int) -> Float[Array, "m length"]:
    """The values cut into whole blocks."""
    whole = len(values) // length
    return values[: whole * length].reshape(whole, length)


def mean(values: Array) -> Scalar:
    """The mean; NaN of nothing, without a warning."""
    return values.sum() / len(values) if len(values) else jnp.full((), jnp.nan, values.dtype)


def root(square: Float[Array, "*k"]) -> Float[Array, "*k"]:
    """The square root, whose gradient at zero is zero."""
    return jnp.where(square == 0, 0, jnp.sqrt(jnp.where(square == 0, 1, square)))


def deviation(values: Float[Array, " k"]) -> Scalar:
    """The standard deviation, whose gradient is finite where it is zero; NaN of fewer than two."""
    return (
        root(((values - mean(values)) ** 2).sum() / len(values))
        if len(values) > 1
        else mean(values[:0])
    )


def over(earned: Scalar, loss: Scalar) -> Scalar:
    """``earned`` per unit of a loss at or below zero; infinite without one, NaN if either is."""
    none = jnp.inf + 0 * (earned + loss)
    return jnp.where(loss < 0, earned / -jnp.where(loss < 0, loss, -1), none)
