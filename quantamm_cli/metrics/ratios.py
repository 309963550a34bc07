"""Return for its variation."""

import jax.numpy as jnp

from quantamm_cli.core.types import Daily, Trajectory
from quantamm_cli.metrics.base import YEAR, Scalar, changes, metric


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
