"""Ratios of return to risk, and volatility, of minutes and days."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from quantamm_cli.core.types import Daily, Trajectory
from quantamm_cli.metrics.base import (
    TWO_RETURNS,
    YEAR,
    Scalar,
    above_cash,
    changes,
    deviation,
    excess,
    mean,
    metric,
    per_loss,
    root,
    vary,
)


def _log_returns(path: Trajectory | Daily) -> Float[Array, " k"]:
    """Daily log returns above those of the riskless account."""
    returns = jnp.diff(jnp.log(path.days + 1e-12))
    if path.day_cash is not None:
        returns = returns - jnp.diff(path.day_cash)
    return returns


@metric(
    unit="1/sqrt(year)",
    minutes=3,
    lacks="the minute returns do not vary",
    exists=lambda path: vary(above_cash(changes(path.value), path.cash)),
)
def sharpe(path: Trajectory) -> Scalar:
    """Sharpe ratio of minute returns.

    sqrt(525600) mean(r) / std(r) with r_t = V_{t+1} / V_t - 1
    """
    returns = above_cash(changes(path.value), path.cash)
    return jnp.sqrt(1.0 * YEAR) * returns.mean() / returns.std()


@metric(
    unit="1/sqrt(year)",
    reads="days",
    minutes=TWO_RETURNS,
    lacks="the daily returns do not vary",
    exists=lambda path: vary(excess(path)),
)
def daily_sharpe(path: Trajectory | Daily) -> Scalar:
    """Sharpe ratio of daily returns.

    sqrt(365) mean(x) / std(x) with x_k = D_{k+1} / D_k - 1

    D are the values every 1440 minutes from the first; an incomplete last day is dropped.
    """
    returns = excess(path)
    return jnp.sqrt(365.0) * returns.mean() / returns.std()


@metric(
    unit="1/sqrt(year)",
    reads="days",
    minutes=TWO_RETURNS,
    lacks="the daily returns do not vary",
    exists=lambda path: vary(_log_returns(path)),
)
def daily_log_sharpe(path: Trajectory | Daily) -> Scalar:
    """Sharpe ratio of daily log returns.

    sqrt(365) mean(x) / (std(x) + 1e-8) with x_k = ln(D_{k+1} + 1e-12) - ln(D_k + 1e-12)

    D are the values every 1440 minutes from the first; an incomplete last day is dropped.
    """
    returns = _log_returns(path)
    return jnp.sqrt(365.0) * returns.mean() / (returns.std() + 1e-8)


@metric(unit="1/sqrt(year)", reads="days", minutes=TWO_RETURNS, lacks="no day has a loss")
def daily_sortino(path: Trajectory | Daily) -> Scalar:
    """Sortino ratio of daily returns, with the riskless rate as target; there is none without a
    losing day. [Sortino & Price, 1994]

    sqrt(365) mean(x) / sqrt(mean(min(x, 0)^2))
    """
    returns = excess(path)
    return jnp.sqrt(365.0) * per_loss(mean(returns), -root(mean(jnp.minimum(returns, 0) ** 2)))


@metric(unit="ratio", reads="days", minutes=TWO_RETURNS, lacks="no day has a loss")
def daily_omega(path: Trajectory | Daily) -> Scalar:
    """Omega ratio of daily returns, with the riskless rate as threshold; there is none without a
    losing day. [Keating & Shadwick, 2002]

    sum(max(x, 0)) / sum(max(-x, 0))
    """
    returns = excess(path)
    return per_loss(mean(jnp.maximum(returns, 0)), mean(jnp.minimum(returns, 0)))


@metric(unit="1/sqrt(year)", reads="days", minutes=TWO_RETURNS)
def daily_volatility(path: Trajectory | Daily) -> Scalar:
    """Minus the yearly volatility of daily returns.

    -sqrt(365) std(x)
    """
    return -jnp.sqrt(365.0) * deviation(changes(path.days))
