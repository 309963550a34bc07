"""Metrics that cite a paper, against the paper's own form of the definition."""

import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray

from quantamm_cli.core.types import DAY, Daily, Snapshot, Trajectory
from quantamm_cli.metrics import score

Numbers = NDArray[np.float64]
RETURNS = np.random.Generator(np.random.PCG64(21)).standard_t(4, 250) * 0.02 + 0.001
MARKET = np.random.Generator(np.random.PCG64(22)).normal(0.0005, 0.015, 250)
RATE = 0.05
A_DAY = (1 + RATE) ** (1 / 365) - 1


def days(returns: Numbers, market: Numbers = MARKET, riskless: bool = False) -> Daily:
    """A window that is known at its days, beside a market of one token's returns."""
    value = jnp.asarray(np.concatenate([[1.0], np.cumprod(1 + returns)]))
    price = jnp.asarray(np.concatenate([[1.0], np.cumprod(1 + market)]))
    prices = jnp.stack([price, price], axis=-1)
    first, last = (
        Snapshot(prices[row], value[row] / prices[row] / 2, value[row]) for row in (0, -1)
    )
    cash = jnp.arange(len(value)) * np.log1p(A_DAY) if riskless else None
    return Daily(first, last, value, prices, len(returns) * DAY + 1, cash)


def minutes(value: Numbers) -> Trajectory:
    one = np.ones((len(value), 2))
    return Trajectory(*map(jnp.asarray, (one, one / 2, one * value[:, None] / 2, value, 0 * value)))


def compute(name: str, path: Trajectory | Daily) -> float:
    return float(score(path, [name])[name])


@pytest.mark.parametrize("riskless", [False, True])
def test_omega_is_the_area_above_the_distribution_over_that_below(riskless: bool) -> None:
    """[Keating & Shadwick, 2002] The integral of 1 - F above the threshold, over that of F below,
    for the distribution function of the sample.
    """
    threshold, ordered = A_DAY * riskless, np.sort(RETURNS)
    steps = np.union1d(ordered, [threshold])
    below = np.searchsorted(ordered, steps[:-1], side="right") / len(ordered)
    widths, is_above = np.diff(steps), steps[:-1] >= threshold
    areas = ((1 - below) * widths)[is_above].sum(), (below * widths)[~is_above].sum()
    omega = compute("daily_omega", days(RETURNS, riskless=riskless))
    assert omega == pytest.approx(areas[0] / areas[1], rel=1e-9)


@pytest.mark.parametrize("riskless", [False, True])
def test_sortino_divides_by_the_second_lower_partial_moment(riskless: bool) -> None:
    """[Sortino & Price, 1994] Of all days, not of the losing ones alone; both from the target."""
    target = A_DAY * riskless
    below = np.where(target > RETURNS, target - RETURNS, 0.0)
    expected = np.sqrt(365) * (RETURNS.mean() - target) / np.sqrt((below**2).mean())
    assert compute("daily_sortino", days(RETURNS, riskless=riskless)) == pytest.approx(
        expected, rel=1e-9
    )


@pytest.mark.parametrize("riskless", [False, True])
def test_jensens_alpha_is_the_intercept_of_excess_returns(riskless: bool) -> None:
    """[Jensen, 1968] Of the regression of x - r on b - r."""
    rate = A_DAY * riskless
    design = np.stack([np.ones(len(MARKET)), MARKET - rate], axis=-1)
    intercept, slope = np.linalg.lstsq(design, RETURNS - rate, rcond=None)[0]
    path = days(RETURNS, riskless=riskless)
    assert compute("daily_jensen_alpha", path) == pytest.approx(
        (1 + intercept) ** 365 - 1, rel=1e-8
    )
    assert compute("daily_beta", path) == pytest.approx(-slope, rel=1e-9)


def test_the_information_ratio_is_the_sharpe_ratio_of_differential_returns() -> None:
    """[Sharpe, 1994] Mean over deviation of fund less benchmark; a riskless rate cancels."""
    apart = RETURNS - MARKET
    expected = np.sqrt(365) * apart.mean() / apart.std()
    for riskless in (False, True):
        path = days(RETURNS, riskless=riskless)
        assert compute("daily_information_ratio", path) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("riskless", [False, True])
def test_return_on_value_at_risk_is_excess_return_over_it(riskless: bool) -> None:
    """[Dowd, 2000] The loss that one day in twenty exceeds is of the returns themselves."""
    expected = np.sqrt(365) * (RETURNS.mean() - A_DAY * riskless) / -np.percentile(RETURNS, 5)
    assert compute("daily_return_on_var", days(RETURNS, riskless=riskless)) == pytest.approx(
        expected, rel=1e-9
    )


def test_calmar_is_the_compound_yearly_return_over_the_deepest_drawdown() -> None:
    """[Young, 1991] Up to twice, down by a half, up to what makes 44 % in two years."""
    rows = 730 * DAY
    value = np.interp(np.arange(rows), [0, rows // 3, rows // 2, rows - 1], [1, 2, 1, 1.44])
    assert compute("calmar", minutes(value)) == pytest.approx(0.2 / 0.5, rel=1e-6)


def test_ulcer_is_the_root_mean_square_of_drawdowns_from_the_peak_so_far() -> None:
    """[Martin, 1987] A third of a month at the peak, a third 10 % and a third 20 % below it; of two
    months their mean, each with a peak of its own.
    """
    month = np.repeat([1.0, 0.9, 0.8], 10 * DAY)
    index = np.sqrt((0.1**2 + 0.2**2) / 3)
    assert compute("ulcer", minutes(month)) == pytest.approx(-index, rel=1e-12)
    calm = np.full(30 * DAY, 0.8)
    both = np.concatenate([month, calm])
    assert compute("ulcer", minutes(both)) == pytest.approx(-index / 2, rel=1e-12)


def test_conditional_drawdown_at_risk_minimises_its_auxiliary_function() -> None:
    """[Chekhlov, Uryasev & Zabarankin, 2005] min over y of y + E max(drawdown - y, 0) / 5 %."""
    value = np.concatenate([[1.0], np.cumprod(1 + RETURNS)])
    drawdowns = 1 - value / np.maximum.accumulate(value)
    least = min(y + np.maximum(drawdowns - y, 0).mean() / 0.05 for y in drawdowns)
    assert compute("daily_cdar_95%", days(RETURNS)) == pytest.approx(-least, rel=1e-9)
