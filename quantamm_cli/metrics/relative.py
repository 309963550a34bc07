"""Daily returns $x$ beside the daily returns $b$ of the market: equal parts of all assets, bought
at the first row and held.
"""

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, Float

from quantamm_cli.core.types import Daily, Trajectory
from quantamm_cli.metrics.base import Scalar, changes, deviation, mean, metric, over

Path = Trajectory | Daily
Returns = Float[Array, " k"]


def market(path: Path) -> Returns:
    """Daily returns of uniform HODL."""
    return changes((path.day_prices / path.day_prices[0]).mean(-1))


def _beta(earned: Returns, base: Returns) -> Scalar:
    """Slope of the regression; NaN of fewer than two returns, or where the market stood still."""
    if len(base) < 2:
        return mean(base[:0])
    aside = base - mean(base)
    square = (aside**2).sum()
    return jnp.where(square > 0, (aside * earned).sum() / jnp.where(square > 0, square, 1), jnp.nan)


def _captured(earned: Returns, base: Returns, days: Bool[Array, " k"]) -> Scalar:
    """What was earned on those days for each unit that the market did;
    NaN if it did nothing on any.
    """
    there = jnp.where(days, base, 0).sum()
    return jnp.where(
        there != 0, jnp.where(days, earned, 0).sum() / jnp.where(there != 0, there, 1), jnp.nan
    )


@metric(unit="fraction a year", reads="days")
def daily_jensen_alpha(path: Path) -> Scalar:
    r"""Jensen's alpha of daily returns against uniform HODL, as a yearly rate. [Jensen, 1968]

    $$(1 + \mathrm{mean}(x) - \beta\,\mathrm{mean}(b))^{365} - 1,
    \qquad \beta = \mathrm{cov}(x, b)/\mathrm{var}(b)$$
    """
    earned, base = changes(path.days), market(path)
    return (1 + mean(earned) - _beta(earned, base) * mean(base)) ** 365 - 1


@metric(unit="ratio", reads="days")
def daily_beta(path: Path) -> Scalar:
    r"""Minus the beta of daily returns against uniform HODL.

    $$-\mathrm{cov}(x, b)/\mathrm{var}(b)$$
    """
    return -_beta(changes(path.days), market(path))


@metric(unit="1/sqrt(year)", reads="days")
def daily_tracking_error(path: Path) -> Scalar:
    r"""Minus the yearly tracking error of daily returns against uniform HODL.

    $$-\sqrt{365}\;\mathrm{std}(x - b)$$
    """
    return -jnp.sqrt(365.0) * deviation(changes(path.days) - market(path))


@metric(unit="1/sqrt(year)", reads="days")
def daily_information_ratio(path: Path) -> Scalar:
    r"""Information ratio of daily returns against uniform HODL;
    zero for uniform HODL itself. [Treynor & Black, 1973]

    $$\sqrt{365}\;\mathrm{mean}(x - b)/\mathrm{std}(x - b)$$
    """
    active = changes(path.days) - market(path)
    apart = deviation(active)
    rounding = 32 * np.finfo(apart.dtype).eps
    still = apart <= rounding
    return jnp.where(still, 0, jnp.sqrt(365.0) * mean(active) / jnp.where(still, 1, apart))


@metric(unit="ratio", reads="days")
def daily_up_capture(path: Path) -> Scalar:
    r"""Share taken in the market's rises: mean return, over uniform HODL's, of the days on which
    that rose; NaN if there are none.

    $$\mathrm{mean}(x \mid b > 0) / \mathrm{mean}(b \mid b > 0)$$
    """
    base = market(path)
    return _captured(changes(path.days), base, base > 0)


@metric(unit="ratio", reads="days")
def daily_down_capture(path: Path) -> Scalar:
    r"""Minus the share taken in the market's falls; NaN if there are none.

    $$-\mathrm{mean}(x \mid b \le 0) / \mathrm{mean}(b \mid b \le 0)$$
    """
    base = market(path)
    return -_captured(changes(path.days), base, base <= 0)


@metric(unit="ratio", reads="days")
def daily_capture_ratio(path: Path) -> Scalar:
    """Share taken in the market's rises over that in its falls;
    infinite for who does not lose in them.
    """
    earned, base = changes(path.days), market(path)
    return over(_captured(earned, base, base > 0), -_captured(earned, base, base <= 0))
