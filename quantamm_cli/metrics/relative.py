"""Daily returns x compared with the daily returns b of the market, which is uniform HODL: equal
values of all assets, bought at the first row and held.
"""

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, Float

from quantamm_cli.core.types import Daily, Trajectory
from quantamm_cli.metrics.base import (
    Scalar,
    above_cash,
    changes,
    deviation,
    excess,
    mean,
    metric,
    per_loss,
)

Path = Trajectory | Daily
Returns = Float[Array, " k"]


def market(path: Path) -> Returns:
    """Daily returns of uniform HODL."""
    return changes((path.day_prices / path.day_prices[0]).mean(-1))


def _beta(returns: Returns, base: Returns) -> Scalar:
    """Slope of the regression; NaN of fewer than two returns, or if the market's do not vary."""
    if len(base) < 2:
        return mean(base[:0])
    centred = base - mean(base)
    square = (centred**2).sum()
    slope = (centred * returns).sum() / jnp.where(square > 0, square, 1)
    return jnp.where(square > 0, slope, jnp.nan)


def _capture(returns: Returns, base: Returns, days: Bool[Array, " k"]) -> Scalar:
    """The sum of returns on these days over that of the market; NaN if the market's is zero."""
    market_sum = jnp.where(days, base, 0).sum()
    ratio = jnp.where(days, returns, 0).sum() / jnp.where(market_sum != 0, market_sum, 1)
    return jnp.where(market_sum != 0, ratio, jnp.nan)


@metric(unit="fraction a year", reads="days")
def daily_jensen_alpha(path: Path) -> Scalar:
    """Jensen's alpha of daily returns above the riskless rate against uniform HODL, as a yearly
    rate. [Jensen, 1968]

    (1 + mean(x) - beta mean(b))^365 - 1 with beta = cov(x, b) / var(b)
    """
    returns, base = excess(path), above_cash(market(path), path.day_cash)
    return (1 + mean(returns) - _beta(returns, base) * mean(base)) ** 365 - 1


@metric(unit="ratio", reads="days")
def daily_beta(path: Path) -> Scalar:
    """Minus the beta of daily returns against uniform HODL.

    -cov(x, b) / var(b)
    """
    return -_beta(changes(path.days), market(path))


@metric(unit="1/sqrt(year)", reads="days")
def daily_tracking_error(path: Path) -> Scalar:
    """Minus the yearly tracking error of daily returns against uniform HODL.

    -sqrt(365) std(x - b)
    """
    return -jnp.sqrt(365.0) * deviation(changes(path.days) - market(path))


@metric(unit="1/sqrt(year)", reads="days")
def daily_information_ratio(path: Path) -> Scalar:
    """Information ratio of daily returns against uniform HODL; zero for uniform HODL itself.
    [Sharpe, 1994, J. Portfolio Management 21(1)]

    sqrt(365) mean(x - b) / std(x - b)
    """
    active = changes(path.days) - market(path)
    spread = deviation(active)
    rounding = 32 * np.finfo(spread.dtype).eps
    is_zero = spread <= rounding
    return jnp.where(is_zero, 0, jnp.sqrt(365.0) * mean(active) / jnp.where(is_zero, 1, spread))


@metric(unit="ratio", reads="days")
def daily_up_capture(path: Path) -> Scalar:
    """Up capture: mean return on the days on which uniform HODL rose, over its mean return on those
    days; NaN if there are none.

    mean(x | b > 0) / mean(b | b > 0)
    """
    base = market(path)
    return _capture(changes(path.days), base, base > 0)


@metric(unit="ratio", reads="days")
def daily_down_capture(path: Path) -> Scalar:
    """Minus the down capture: as the up capture, of the days on which uniform HODL did not rise.

    -mean(x | b <= 0) / mean(b | b <= 0)
    """
    base = market(path)
    return -_capture(changes(path.days), base, base <= 0)


@metric(unit="ratio", reads="days")
def daily_capture_ratio(path: Path) -> Scalar:
    """Up capture over down capture; infinite if the down capture is not above zero."""
    returns, base = changes(path.days), market(path)
    return per_loss(_capture(returns, base, base > 0), -_capture(returns, base, base <= 0))
