"""Drawdowns."""

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from quantamm_cli.core.types import DAY, Daily, Trajectory
from quantamm_cli.metrics.base import (
    MONTH,
    WEEK,
    Scalar,
    blocks,
    mean,
    metric,
    per_loss,
    root,
    yearly_above_cash,
)

TAIL = 0.05


def drawdowns(values: Float[Array, "... k"]) -> Float[Array, "... k"]:
    """Each value relative to the highest so far, as a fraction of at most zero."""
    highest = jax.lax.cummax(values, axis=values.ndim - 1)
    return (values - highest) / highest


def _yearly(path: Trajectory) -> Scalar:
    """Yearly return over N/1440 days, above the riskless rate."""
    yearly = (path.value[-1] / path.value[0]) ** (365 * DAY / len(path.value)) - 1
    return yearly_above_cash(yearly, path)


@metric(unit="fraction", minutes=2, loss=True)
def greatest_draw_down(path: Trajectory) -> Scalar:
    """Deepest fall below the first value (not below the peak), as a fraction of it."""
    return (path.value - path.value[0]).min() / path.value[0]


@metric(unit="fraction", minutes=2, loss=True)
def max_drawdown(path: Trajectory) -> Scalar:
    """Deepest fall of the window, from a peak to a trough after it."""
    return drawdowns(path.value).min()


@metric(unit="fraction", minutes=WEEK, loss=True)
def weekly_max_drawdown(path: Trajectory) -> Scalar:
    """Deepest drawdown within any block of a week."""
    return drawdowns(blocks(path.value, WEEK)).min(initial=0.0)


@metric(unit="fraction", minutes=MONTH)
def ulcer(path: Trajectory) -> Scalar:
    """Minus the mean over 30-day blocks of the root mean square drawdown. [Martin, 1987]"""
    return -mean(root((drawdowns(blocks(path.value, MONTH)) ** 2).mean(-1)))


@metric(unit="1/year", minutes=MONTH, lacks="no month has a drawdown")
def sterling(path: Trajectory) -> Scalar:
    """Yearly return per unit of the mean over 30-day blocks of their deepest drawdown; there is
    none without drawdown.
    """
    months = drawdowns(blocks(path.value, MONTH))
    return per_loss(_yearly(path), mean(months.min(-1)))


@metric(unit="1/year", minutes=2, lacks="there is no drawdown")
def calmar(path: Trajectory) -> Scalar:
    """Yearly return per unit of the window's deepest drawdown; there is none without
    drawdown. [Young, 1991]
    """
    return per_loss(_yearly(path), drawdowns(path.value).min())


@metric(
    unit="fraction", reads="days", sorts=True, name="daily_cdar_95%", minutes=DAY + 1, loss=True
)
def cdar(path: Trajectory | Daily) -> Scalar:
    """Conditional drawdown at risk: mean of the deepest 5 % of all daily drawdowns.
    [Chekhlov, Uryasev & Zabarankin, 2005]

    If 5 % of the days is not a whole number, the last day counts in part.
    """
    deepest = jnp.sort(drawdowns(path.days))
    days = TAIL * len(deepest)
    parts = jnp.clip(days - jnp.arange(len(deepest)), 0, 1).astype(deepest.dtype)
    return (parts * deepest).sum() / days
