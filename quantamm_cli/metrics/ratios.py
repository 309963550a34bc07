"""Return for its variation."""

import jax.numpy as jnp

from quantamm_cli.core.types import Daily, Trajectory
from quantamm_cli.metrics.base import YEAR, Scalar, changes, deviation, mean, metric, over, root


@metric(unit="1/sqrt(year)")
def sharpe(path: Trajectory) -> Scalar:
    r"""Sharpe ratio of minute returns, without a riskless rate.

    $$\sqrt{525600}\;\mathrm{mean}(r)/\mathrm{std}(r), \qquad r_t = V_{t+1}/V_t - 1$$
    """
    earned = changes(path.value)
    return jnp.sqrt(1.0 * YEAR) * earned.mean() / earned.std()


@metric(unit="1/sqrt(year)", reads="days")
def daily_sharpe(path: Trajectory | Daily) -> Scalar:
    r"""Sharpe ratio of daily returns, without a riskless rate.

    $$\sqrt{365}\;\mathrm{mean}(x)/\mathrm{std}(x), \qquad x = \Delta D/D$$

    Values are read every 1440 minutes from the first; a trailing part-day is dropped.
    """
    earned = changes(path.days)
    return jnp.sqrt(365.0) * earned.mean() / earned.std()


@metric(unit="1/sqrt(year)", reads="days")
def daily_log_sharpe(path: Trajectory | Daily) -> Scalar:
    r"""Sharpe ratio of daily log returns, without a riskless rate.

    $$\sqrt{365}\;\mathrm{mean}(x)/(\mathrm{std}(x) + 10^{-8}), \qquad x = \Delta\ln(D + 10^{-12})$$

    Values are read every 1440 minutes from the first; a trailing part-day is dropped.
    """
    earned = jnp.diff(jnp.log(path.days + 1e-12))
    return jnp.sqrt(365.0) * earned.mean() / (earned.std() + 1e-8)


@metric(unit="1/sqrt(year)", reads="days")
def daily_sortino(path: Trajectory | Daily) -> Scalar:
    r"""Sortino ratio of daily returns, with a target of zero; infinite without a losing
    day. [Sortino & Price, 1994]

    $$\sqrt{365}\;\mathrm{mean}(x) / \sqrt{\mathrm{mean}(\min(x, 0)^2)}$$
    """
    earned = changes(path.days)
    return jnp.sqrt(365.0) * over(mean(earned), -root(mean(jnp.minimum(earned, 0) ** 2)))


@metric(unit="ratio", reads="days")
def daily_omega(path: Trajectory | Daily) -> Scalar:
    r"""Omega ratio of daily returns at a threshold of zero; infinite without a losing day.
    [Keating & Shadwick, 2002]

    $$\sum \max(x, 0) / \sum \max(-x, 0)$$
    """
    earned = changes(path.days)
    return over(mean(jnp.maximum(earned, 0)), mean(jnp.minimum(earned, 0)))


@metric(unit="1/sqrt(year)", reads="days")
def daily_volatility(path: Trajectory | Daily) -> Scalar:
    r"""Minus the yearly volatility of daily returns.

    $$-\sqrt{365}\;\mathrm{std}(x)$$
    """
    return -jnp.sqrt(365.0) * deviation(changes(path.days))
