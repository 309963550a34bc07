"""Regimes of prices whose volatility and growth are known."""

import math

import numpy as np
import pytest

from quantamm_cli.evaluation.regimes import regime


def prices(daily: float, growth: float, days: int = 101) -> np.ndarray:
    """Log returns that alternate ``daily`` about the growth's share,
    which is their standard deviation.
    """
    steps = growth / (days - 1) + daily * np.resize([1, -1], days - 1)
    return np.exp(np.concatenate([[0], np.cumsum(steps)]))[:, None]


@pytest.mark.parametrize(
    ("volatility", "growth", "names"),
    [
        (0.39, 0.05, ("low", "sideways")),
        (0.41, 0.11, ("medium", "bull")),
        (0.79, -0.11, ("medium", "bear")),
        (0.81, -0.09, ("high", "sideways")),
    ],
)
def test_names_follow_volatility_a_year_and_growth_over_the_period(
    volatility: float, growth: float, names: tuple[str, str]
) -> None:
    """On both sides of each threshold."""
    found = regime(prices(volatility / math.sqrt(365), growth))
    assert (found.volatility, found.trend) == names
    assert found.yearly_volatility == pytest.approx(
        volatility, rel=1e-10
    ) and found.growth == pytest.approx(growth, rel=1e-10)


def test_tokens_count_alike() -> None:
    """A token beside one that stands still has half its volatility and growth."""
    moving = prices(0.04, 0.3)
    both = regime(np.concatenate([moving, np.full_like(moving, 7.0)], axis=1))
    assert both.growth == pytest.approx(0.15, rel=1e-10)
    assert both.yearly_volatility == pytest.approx(0.02 * math.sqrt(365), rel=1e-10)


@pytest.mark.parametrize(
    "daily",
    [
        np.ones((2, 2)),
        np.ones((0, 2)),
        [[1.0], [math.nan], [1.0]],
        [[1.0], [0.0], [1.0]],
        [[1.0], [math.inf], [1.0]],
    ],
)
def test_a_market_that_cannot_be_told_is_unknown(daily: np.ndarray) -> None:
    """Too short, or prices that are none."""
    found = regime(daily)
    assert (found.volatility, found.trend) == ("unknown", "unknown") and math.isnan(found.growth)
