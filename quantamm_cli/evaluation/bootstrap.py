"""The stationary bootstrap: confidence intervals of statistics of daily returns.

[Politis & Romano, 1994, JASA 89:1303]

Blocks of days, of geometric length and from anywhere in a circle of days, preserve dependence
between neighbouring days. Series that are compared are resampled by the same days, so that common
movements cancel in the difference.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quantamm_cli.evaluation.sharpe import ANNUAL, Numbers, sharpe, undefined

FEWEST_DAYS, FEWEST_BLOCKS = 20, 4
"""With fewer, an interval would be too narrow."""
_BATCH_DAYS = 2**16  # days of all resamples that are drawn together; they fit the CPU's cache


class Interval(NamedTuple):
    """A statistic of a sample, with the percentile interval of its resamples."""

    estimate: float
    low: float
    high: float
    positive: float
    """Share of resamples above zero."""
    days: int
    reason: str = ""
    """Why the interval is NaN, if it is."""


@dataclass(frozen=True)
class Bootstrap:
    """Settings of intervals: their confidence, the mean length of a block in days, the number of
    resamples, and the seed.
    """

    confidence: float = 0.95
    block: float = 10.0
    resamples: int = 10_000
    seed: int = 0

    def sharpe(self, returns: ArrayLike) -> Interval:
        """The yearly Sharpe ratio of daily returns."""
        return self.interval(lambda sample: ANNUAL * sharpe(sample), returns)

    def mean_difference(self, first: ArrayLike, second: ArrayLike) -> Interval:
        """365 times the mean daily return of ``first`` less that of ``second`` on the same days."""
        return self.interval(lambda one, other: 365 * (one - other).mean(-1), first, second)

    def sharpe_difference(self, first: ArrayLike, second: ArrayLike) -> Interval:
        """The yearly Sharpe ratio of ``first`` less that of ``second`` on the same days.

        [resampling pairs of days: Ledoit & Wolf, 2008]
        """
        return self.interval(
            lambda one, other: ANNUAL * (sharpe(one) - sharpe(other)), first, second
        )

    def interval(self, statistic: Callable[..., Numbers], *series: ArrayLike) -> Interval:
        """The percentile interval of a statistic of one or more series of the same days.

        ``statistic`` takes each series as ``(resamples, days)`` and returns a number for each
        resample. Resamples whose number is not finite are omitted, if they are at most 5 %.
        """
        daily = [np.asarray(values, np.float64) for values in series]
        days, needed = len(daily[0]), max(FEWEST_DAYS, math.ceil(FEWEST_BLOCKS * self.block))
        if reason := _first(map(partial(_invalid, days=days), daily)):
            return _without(math.nan, days, reason)

        def resample(rows: NDArray[np.int64]) -> Numbers:
            return statistic(*(values[rows] for values in daily))

        estimate = float(resample(np.arange(days)[None])[0])
        if days < needed:
            return _without(estimate, days, f"{days} days are too few: {needed} are needed")
        rows = resampled(days, self.block, self.resamples, self.seed)
        numbers = np.concatenate(list(map(resample, rows)))
        numbers = numbers[np.isfinite(numbers)]
        if not math.isfinite(estimate) or len(numbers) < 0.95 * self.resamples:
            reason = _first(map(undefined, daily)) or "too many resamples have no value"
            return _without(estimate, days, reason)
        low, high = np.quantile(numbers, ((1 - self.confidence) / 2, (1 + self.confidence) / 2))
        return Interval(estimate, float(low), float(high), float((numbers > 0).mean()), days)


def resampled(
    days: int, block: float, resamples: int, seed: int = 0
) -> Iterator[NDArray[np.int64]]:
    """Rows of the stationary bootstrap in batches ``(resamples, days)``: with probability 1/block a
    row is random, otherwise it is the one after the row before.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    order, batch = np.arange(days), max(1, _BATCH_DAYS // days)
    for done in range(0, resamples, batch):
        shape = (min(batch, resamples - done), days)
        begins = random.random(shape) * block < 1
        begins[:, 0] = True
        begin = np.maximum.accumulate(np.where(begins, order, 0), axis=1)
        first = np.take_along_axis(random.integers(days, size=shape), begin, axis=1)
        yield (first + order - begin) % days


def _without(estimate: float, days: int, reason: str) -> Interval:
    return Interval(estimate, math.nan, math.nan, math.nan, days, reason)


def _first(reasons: Iterable[str]) -> str:
    return next(filter(None, reasons), "")


def _invalid(returns: Numbers, days: int) -> str:
    """Why a series cannot be resampled; empty if it can."""
    if len(returns) != days:
        return f"{len(returns)} days and {days} days: only the same days can be compared"
    if not days:
        return "there are no days"
    return "" if np.isfinite(returns).all() else "a daily return is not finite"
