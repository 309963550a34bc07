"""How far a number of daily returns would vary in other samples: the stationary bootstrap.

[Politis & Romano, 1994, JASA 89:1303]

Blocks of days, of geometric length and from anywhere in a circle of days, keep what neighbouring
days have in common. Series that are compared are resampled by the same days, so what they share
drops out of the difference.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quantamm_cli.evaluation.sharpe import ANNUAL, Numbers, sharpe, undefined

FEWEST_DAYS, FEWEST_BLOCKS = 20, 4
"""Below either, an interval would be narrower than what is known."""
_AT_ONCE = 2**16  # days of all resamples that are drawn together: they stay in cache


class Interval(NamedTuple):
    """A number of a sample with the percentile interval of its resamples."""

    estimate: float
    low: float
    high: float
    positive: float
    """Share of resamples above zero."""
    days: int
    reason: str = ""
    """Why there is no interval, where it is NaN."""


@dataclass(frozen=True)
class Bootstrap:
    """How intervals are found: their confidence, the mean length of a block in days, how many
    resamples, and from which seed.
    """

    confidence: float = 0.95
    block: float = 10.0
    resamples: int = 10_000
    seed: int = 0

    def sharpe(self, returns: ArrayLike) -> Interval:
        """The yearly Sharpe ratio of daily returns."""
        return self.interval(lambda sample: ANNUAL * sharpe(sample), returns)

    def mean_difference(self, first: ArrayLike, second: ArrayLike) -> Interval:
        """What ``first`` earned above ``second`` on the same days,
        as 365 times the mean daily difference.
        """
        return self.interval(lambda one, other: 365 * (one - other).mean(-1), first, second)

    def sharpe_difference(self, first: ArrayLike, second: ArrayLike) -> Interval:
        """The yearly Sharpe ratio of ``first`` less that of ``second`` on the same days.

        [pairs of days: Ledoit & Wolf, 2008]
        """
        return self.interval(
            lambda one, other: ANNUAL * (sharpe(one) - sharpe(other)), first, second
        )

    def interval(self, statistic: Callable[..., Numbers], *series: ArrayLike) -> Interval:
        """The percentile interval of any number of one or more series of the same days.

        ``statistic`` takes each series as ``(resamples, days)`` and gives a number for each
        resample. Resamples without a number are left out, if they are no more than one in twenty.
        """
        daily = [np.asarray(each, np.float64) for each in series]
        days, needed = len(daily[0]), max(FEWEST_DAYS, math.ceil(FEWEST_BLOCKS * self.block))
        if reason := _first(_lacking(each, days) for each in daily):
            return _without(math.nan, days, reason)
        estimate = float(statistic(*(each[None] for each in daily))[0])
        if days < needed:
            return _without(estimate, days, f"{days} days are too few: {needed} are needed")
        rows = resampled(days, self.block, self.resamples, self.seed)
        numbers = np.concatenate([statistic(*(each[some] for each in daily)) for some in rows])
        numbers = numbers[np.isfinite(numbers)]
        if not math.isfinite(estimate) or len(numbers) < 0.95 * self.resamples:
            return _without(
                estimate,
                days,
                _first(undefined(each) for each in daily) or "too many resamples have no value",
            )
        low, high = np.quantile(numbers, ((1 - self.confidence) / 2, (1 + self.confidence) / 2))
        return Interval(estimate, float(low), float(high), float((numbers > 0).mean()), days)


def resampled(
    days: int, block: float, resamples: int, seed: int = 0
) -> Iterator[NDArray[np.int64]]:
    """Rows of the stationary bootstrap, ``(some, days)`` at a time: each day follows the one
    before, or with 1/block is any.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    order, most = np.arange(days), max(1, _AT_ONCE // days)
    for done in range(0, resamples, most):
        shape = (min(most, resamples - done), days)
        fresh = random.random(shape) * block < 1
        fresh[:, 0] = True
        opened = np.maximum.accumulate(np.where(fresh, order, 0), axis=1)
        first = np.take_along_axis(random.integers(days, size=shape), opened, axis=1)
        yield (first + order - opened) % days


def _without(estimate: float, days: int, reason: str) -> Interval:
    return Interval(estimate, math.nan, math.nan, math.nan, days, reason)


def _first(reasons: Iterator[str]) -> str:
    return next(filter(None, reasons), "")


def _lacking(returns: Numbers, days: int) -> str:
    if len(returns) != days:
        return f"{len(returns)} days beside {days}: only the same days can be compared"
    if not days:
        return "there are no days"
    return "" if np.isfinite(returns).all() else "a daily return is not finite"
