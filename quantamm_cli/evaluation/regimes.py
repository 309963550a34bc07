"""The market regime of a period, from the daily prices of its tokens."""

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quantamm_cli.evaluation.sharpe import ANNUAL

CALM, WILD = 0.4, 0.8
"""A yearly volatility below the first is low, from the second on it is high."""
TREND = 0.1
"""A market with more log growth over the period is a bull market, with less than minus this a bear
market.
"""


class Regime(NamedTuple):
    """Volatility and trend of the tokens' mean daily log return, as names and as numbers."""

    volatility: Literal["low", "medium", "high", "unknown"]
    trend: Literal["bull", "bear", "sideways", "unknown"]
    yearly_volatility: float
    growth: float
    """Sum of the log returns over the period."""


def regime(prices: ArrayLike) -> Regime:
    """The regime of daily prices, ``(days, tokens)``; unknown with fewer than two daily returns, or
    if a price is not positive and finite.
    """
    daily = np.asarray(prices, np.float64)
    if len(daily) < 3 or not (np.isfinite(daily) & (daily > 0)).all():
        return Regime("unknown", "unknown", math.nan, math.nan)
    returns = np.diff(np.log(daily), axis=0).mean(axis=1)
    volatility, growth = ANNUAL * float(returns.std()), float(returns.sum())
    return Regime(_volatility(volatility), _trend(growth), volatility, growth)


def _volatility(volatility: float) -> Literal["low", "medium", "high"]:
    if volatility < CALM:
        return "low"
    return "medium" if volatility < WILD else "high"


def _trend(growth: float) -> Literal["bull", "bear", "sideways"]:
    if growth > TREND:
        return "bull"
    return "bear" if growth < -TREND else "sideways"
