"""Ratios of return to risk, and volatility, of minutes and days."""

import jax.numpy as jnp

from quantamm_cli.core.types import Daily, Trajectory
from quantamm_cli.metrics.base import (
    TWO_RETURNS,
    YEAR,
    Scalar,
    changes,
    deviation,
    mean,
    metric,
    per_loss,
    root,
    vary,
)


@metric(
    unit="1/sqrt(year)",
    minutes=3,
    lacks="the minute returns do not vary",
    exists=lambda path: vary(changes(path.value)),
)
def sharpe(path: Trajectory) -> Scalar:
    """Sharpe ratio of minute returns, without a riskless rate.

    sqrt(525600) mean(r) / std(r) with r_t = V_{t+1} / V_t - 1
    """
    returns = changes(path.value)
    return jnp.sqrt(1.0 * YEAR) * returns.mean() / returns.std()


@metric(
    unit="1/sqrt(year)",
    reads="days",
    minutes=TWO_RETURNS,
    lacks="the daily returns do not vary",
    exists=lambda path: vary(changes(path.days)),
)
def daily_sharpe(path: Trajectory | Daily) -> Scalar:
    """Sharpe ratio of daily returns, without a riskless rate.

    sqrt(365) mean(x) / std(x) with x_k = D_{k+1} / D_k - 1

    D are the values every 1440 minutes from the first; an incomplete last day is dropped.
    """
    returns = changes(path.days)
    return jnp.sqrt(365.0) * returns.mean() / returns.std()


@metric(
    unit="1/sqrt(year)",
    reads="days",
    minutes=TWO_RETURNS,
    lacks="the daily returns do not vary",
    exists=lambda path: vary(jnp.diff(jnp.log(path.days + 1e-12))),
)
def daily_log_sharpe(path: Trajectory | Daily) -> Scalar:
    """Sharpe ratio of daily log returns, without a riskless rate.

    sqrt(365) mean(x) / (std(x) + 1e-8) with x_k = ln(D_{k+1} + 1e-12) - ln(D_k + 1e-12)

    D are the values every 1440 minutes from the first; an incomplete last day is dropped.
    """
    returns = jnp.diff(jnp.log(path.days + 1e-12))
    return jnp.sqrt(365.0) * returns.mean() / (returns.std() + 1e-8)


@metric(unit="1/sqrt(year)", reads="days", minutes=TWO_RETURNS, lacks="no day has a loss")
def daily_sortino(path: Trajectory | Daily) -> Scalar:
    """Sortino ratio of daily returns, with a target of zero; there is none without a losing day.
    [Sortino & Price, 1994]

    sqrt(365) mean(x) / sqrt(mean(min(x, 0)^2))
    """
    returns = changes(path.days)
    return jnp.sqrt(365.0) * per_loss(mean(returns), -root(mean(jnp.minimum(returns, 0) ** 2)))


@metric(unit="ratio", reads="days", minutes=TWO_RETURNS, lacks="no day has a loss")
def daily_omega(path: Trajectory | Daily) -> Scalar:
    """Omega ratio of daily returns at a threshold of zero; there is none without a losing day.
    [Keating & Shadwick, 2002]

    sum(max(x, 0)) / sum(max(-x, 0))
    """
    returns = changes(path.days)
    return per_loss(mean(jnp.maximum(returns, 0)), mean(jnp.minimum(returns, 0)))


@metric(unit="1/sqrt(year)", reads="days", minutes=TWO_RETURNS)
def daily_volatility(path: Trajectory | Daily) -> Scalar:
    """Minus the yearly volatility of daily returns.

    -sqrt(365) std(x)
    """
    return -jnp.sqrt(365.0) * deviation(changes(path.days))
