"""How far and how long value stood below where it had been."""

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from quantamm_cli.core.types import DAY, Daily, Trajectory
from quantamm_cli.metrics.base import MONTH, WEEK, Scalar, blocks, mean, metric, over, root

TAIL = 0.05


def drawdowns(values: Float[Array, "... k"]) -> Float[Array, "... k"]:
    """Each value against the highest so far, as a fraction at or below zero."""
    highest = jax.lax.cummax(values, axis=values.ndim - 1)
    return (values - highest) / highest


def _yearly(path: Trajectory) -> Scalar:
    """Yearly return with the days counted as N/1440."""
    return (path.value[-1] / path.value[0]) ** (365 * DAY / len(path.value)) - 1


@metric(unit="fraction")
def greatest_draw_down(path: Trajectory) -> Scalar:
    """Deepest fall below the first value, as a fraction of it; not below the peak."""
    return (path.value - path.value[0]).min() / path.value[0]


@metric(unit="fraction")
def max_drawdown(path: Trajectory) -> Scalar:
    """Deepest fall of the window, from a peak to a trough after it."""
    return drawdowns(path.value).min()


@metric(unit="fraction")
def weekly_max_drawdown(path: Trajectory) -> Scalar:
    """Deepest drawdown within any block of a week."""
    weeks = drawdowns(blocks(path.value, WEEK))
    return weeks.min(initial=0.0) if len(weeks) else mean(weeks.ravel())


@metric(unit="fraction")
def ulcer(path: Trajectory) -> Scalar:
    """Minus the mean over 30-day blocks of the root mean square drawdown;
    NaN below 30 days. [Martin, 1987]
    """
    return -mean(root((drawdowns(blocks(path.value, MONTH)) ** 2).mean(-1)))


@metric(unit="1/year")
def sterling(path: Trajectory) -> Scalar:
    """Yearly return per unit of the mean over 30-day blocks of their deepest drawdown; infinite
    without drawdown, NaN below 30 days.
    """
    months = drawdowns(blocks(path.value, MONTH))
    return over(_yearly(path), mean(months.min(-1))) if len(months) else mean(months.ravel())


@metric(unit="1/year")
def calmar(path: Trajectory) -> Scalar:
    """Yearly return per unit of the deepest drawdown of the whole window;
    infinite without one. [Young, 1991]
    """
    return over(_yearly(path), drawdowns(path.value).min())


@metric(unit="fraction", reads="days", sorts=True, name="daily_cdar_95%")
def cdar(path: Trajectory | Daily) -> Scalar:
    """Conditional drawdown at risk: mean of the deepest twentieth of all daily drawdowns.
    [Chekhlov, Uryasev & Zabarankin, 2005]

    A day that the twentieth cuts counts in part.
    """
    deepest = jnp.sort(drawdowns(path.days))
    part = TAIL * len(deepest)
    return (
        jnp.clip(part - jnp.arange(len(deepest)), 0, 1).astype(deepest.dtype) * deepest
    ).sum() / part
