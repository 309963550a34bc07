"""Daily returns x compared with the daily returns b of the market, which is uniform HODL: equal
values of all assets, bought at the first row and held.
"""

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from quantamm_cli.core.types import Daily, Trajectory
from quantamm_cli.metrics.base import (
    TWO_RETURNS,
    Scalar,
    above_cash,
    changes,
    deviation,
    excess,
    mean,
    metric,
    per_loss,
    vary,
)

Path = Trajectory | Daily
Returns = Float[Array, " k"]


def market(path: Path) -> Returns:
    """Daily returns of uniform HODL."""
    return changes((path.day_prices / path.day_prices[0]).mean(-1))


def _beta(returns: Returns, base: Returns) -> Scalar:
    """Slope of the regression."""
    centred = base - mean(base)
    square = (centred**2).sum()
    slope = (centred * returns).sum() / jnp.where(square > 0, square, 1)
    return jnp.where(square > 0, slope, jnp.nan)


def _captured(returns: Returns, base: Returns) -> tuple[Scalar, Scalar]:
    """The sums of returns on the days on which the market rose, and on the others, over those of
    the market; NaN if the market's is zero.
    """
    rose = base > 0
    up = per_loss(jnp.where(rose, returns, 0).sum(), -jnp.where(rose, base, 0).sum())
    return up, per_loss(-jnp.where(rose, 0, returns).sum(), jnp.where(rose, 0, base).sum())


@metric(
    unit="fraction a year",
    reads="days",
    minutes=TWO_RETURNS,
    lacks="the daily returns of uniform HODL do not vary",
    exists=lambda path: vary(above_cash(market(path), path.day_cash)),
)
def daily_jensen_alpha(path: Path) -> Scalar:
    """Jensen's alpha of daily returns above the riskless rate against uniform HODL, as a yearly
    rate. [Jensen, 1968]

    (1 + mean(x) - beta mean(b))^365 - 1 with beta = cov(x, b) / var(b)
    """
    returns, base = excess(path), above_cash(market(path), path.day_cash)
    return (1 + mean(returns) - _beta(returns, base) * mean(base)) ** 365 - 1


@metric(
    unit="ratio",
    reads="days",
    minutes=TWO_RETURNS,
    lacks="the daily returns of uniform HODL do not vary",
    exists=lambda path: vary(market(path)),
)
def daily_beta(path: Path) -> Scalar:
    """Minus the beta of daily returns against uniform HODL.

    -cov(x, b) / var(b)
    """
    return -_beta(changes(path.days), market(path))


@metric(unit="1/sqrt(year)", reads="days", minutes=TWO_RETURNS)
def daily_tracking_error(path: Path) -> Scalar:
    """Minus the yearly tracking error of daily returns against uniform HODL.

    -sqrt(365) std(x - b)
    """
    return -jnp.sqrt(365.0) * deviation(changes(path.days) - market(path))


@metric(
    unit="1/sqrt(year)",
    reads="days",
    minutes=TWO_RETURNS,
    lacks="the daily returns above uniform HODL do not vary",
    exists=lambda path: vary(changes(path.days) - market(path)),
)
def daily_information_ratio(path: Path) -> Scalar:
    """Information ratio of daily returns against uniform HODL; there is none for uniform HODL
    itself. [Sharpe, 1994, J. Portfolio Management 21(1)]

    sqrt(365) mean(x - b) / std(x - b)
    """
    active = changes(path.days) - market(path)
    spread = deviation(active)
    rounding = 32 * np.finfo(spread.dtype).eps
    is_zero = spread <= rounding
    return jnp.where(is_zero, 0, jnp.sqrt(365.0) * mean(active) / jnp.where(is_zero, 1, spread))


@metric(unit="ratio", reads="days", minutes=TWO_RETURNS, lacks="uniform HODL has no rising day")
def daily_up_capture(path: Path) -> Scalar:
    """Up capture: mean return on the days on which uniform HODL rose, over its mean return on those
    days.

    mean(x | b > 0) / mean(b | b > 0)
    """
    return _captured(changes(path.days), market(path))[0]


@metric(unit="ratio", reads="days", minutes=TWO_RETURNS, lacks="uniform HODL has no falling day")
def daily_down_capture(path: Path) -> Scalar:
    """Minus the down capture: as the up capture, of the days on which uniform HODL did not rise.

    -mean(x | b <= 0) / mean(b | b <= 0)
    """
    return -_captured(changes(path.days), market(path))[1]


@metric(
    unit="ratio",
    reads="days",
    minutes=TWO_RETURNS,
    lacks="uniform HODL has no rising day or no falling day on which the pool loses",
)
def daily_capture_ratio(path: Path) -> Scalar:
    """Up capture over down capture; there is none if the down capture is not above zero."""
    up, down = _captured(changes(path.days), market(path))
    return per_loss(up, -down)
