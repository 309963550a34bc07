"""What kind of market a period was, from the daily prices of its tokens."""

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quantamm_cli.evaluation.sharpe import ANNUAL

CALM, WILD = 0.4, 0.8
"""Yearly volatilities below which it is low, and at which it is high."""
TREND = 0.1
"""Log growth over the period beyond which a market is a bull's, or below its negative a bear's."""


class Regime(NamedTuple):
    """Volatility and trend of the tokens' mean daily log return, as numbers and as names."""

    volatility: Literal["low", "medium", "high", "unknown"]
    trend: Literal["bull", "bear", "sideways", "unknown"]
    yearly_volatility: float
    growth: float
    """Sum of the log returns over the period."""


def regime(prices: ArrayLike) -> Regime:
    """The regime of daily prices, ``(days, tokens)``; unknown below two daily returns, or if a
    price is not positive and finite.
    """
    daily = np.asarray(prices, np.float64)
    if len(daily) < 3 or not (np.isfinite(daily) & (daily > 0)).all():
        return Regime("unknown", "unknown", math.nan, math.nan)
    earned = np.diff(np.log(daily), axis=0).mean(axis=1)
    spread, growth = ANNUAL * float(earned.std()), float(earned.sum())
    return Regime(
        "low" if spread < CALM else "medium" if spread < WILD else "high",
        "bull" if growth > TREND else "bear" if growth < -TREND else "sideways",
        spread,
        growth,
    )
