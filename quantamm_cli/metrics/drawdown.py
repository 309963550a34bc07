"""How far and how long value stood below where it had been."""

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from quantamm_cli.core.types import DAY, Trajectory
from quantamm_cli.metrics.base import MONTH, WEEK, Scalar, blocks, mean, metric


def drawdowns(values: Float[Array, "... k"]) -> Float[Array, "... k"]:
    """Each value against the highest so far, as a fraction at or below zero."""
    highest = jax.lax.cummax(values, axis=values.ndim - 1)
    return (values - highest) / highest


def _yearly(path: Trajectory) -> Scalar:
    """Yearly return with the days counted as N/1440."""
    return (path.value[-1] / path.value[0]) ** (365 * DAY / len(path.value)) - 1


def _over(earned: Scalar, loss: Scalar) -> Scalar:
    """``earned`` per unit of a loss at or below zero; infinite without one."""
    return jnp.where(loss < 0, earned / -jnp.where(loss < 0, loss, -1), jnp.inf)


@metric(unit="fraction")
def greatest_draw_down(path: Trajectory) -> Scalar:
    """Deepest fall below the first value, as a fraction of it; not below the peak."""
    return (path.value - path.value[0]).min() / path.value[0]


@metric(unit="fraction")
def weekly_max_drawdown(path: Trajectory) -> Scalar:
    """Deepest drawdown within any block of a week."""
    weeks = drawdowns(blocks(path.value, WEEK))
    return weeks.min(initial=0.0) if len(weeks) else mean(weeks.ravel())


@metric(unit="fraction")
def ulcer(path: Trajectory) -> Scalar:
    """Minus the mean over 30-day blocks of the root mean square drawdown; NaN below 30 days. [Martin, 1987]"""
    squares = (drawdowns(blocks(path.value, MONTH)) ** 2).mean(-1)
    # The root of a block without drawdown has no slope; its gradient is zero, not NaN.
    return -mean(jnp.where(squares > 0, jnp.sqrt(jnp.where(squares > 0, squares, 1)), 0))


@metric(unit="1/year")
def sterling(path: Trajectory) -> Scalar:
    """Yearly return per unit of the mean over 30-day blocks of their deepest drawdown; infinite without drawdown, NaN below 30 days."""
    months = drawdowns(blocks(path.value, MONTH))
    return _over(_yearly(path), mean(months.min(-1))) if len(months) else mean(months.ravel())


@metric(unit="1/year")
def calmar(path: Trajectory) -> Scalar:
    """Yearly return per unit of the deepest drawdown of the whole window; infinite without one. [Young, 1991]"""
    return _over(_yearly(path), drawdowns(path.value).min())
