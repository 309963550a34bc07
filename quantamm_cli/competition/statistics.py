r"""Statistics of the seeds of a competition: means, paired differences, intervals, leaders.

Every entrant meets the same markets, so entrants are compared seed by seed: a market's effect on
all of them cancels in a difference. Seeds are independent draws, so intervals of means are
Student's. Notation: s seeds, a entrants.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from quantamm_cli.competition.documents import EstimateRecord

Numbers = NDArray[np.float64]

CONFIDENCE = 0.95
_RESAMPLES, _AT_ONCE = 4000, 2**21  # resamples of the seeds; numbers of them in memory at a time
_FEWEST = 100
"""Fewest seeds of a sequential interval, which is valid asymptotically."""


class Estimate(NamedTuple):
    """A mean over seeds with its standard error and its interval; NaN with too few seeds."""

    mean: float
    error: float
    low: float
    high: float
    seeds: int

    @property
    def sign(self) -> int:
        """1 or -1 if the whole interval is on that side of zero, else 0."""
        return int(self.low > 0) - int(self.high < 0)

    @property
    def record(self) -> EstimateRecord:
        """The estimate as it is stored."""
        return {
            "mean": self.mean,
            "error": self.error,
            "low": self.low,
            "high": self.high,
            "seeds": self.seeds,
        }


def mean(values: ArrayLike, confidence: float = CONFIDENCE) -> Estimate:
    r"""The mean of ``values`` (s,), $\bar x \pm t_{s-1}\,\mathrm{sd}/\sqrt s$ (ddof 1).

    Equal values have an interval of no width.
    """
    numbers = np.asarray(values, np.float64)
    count = len(numbers)
    average = float(numbers.mean()) if count else math.nan
    if count < 2:
        return Estimate(average, math.nan, math.nan, math.nan, count)
    error = float(numbers.std(ddof=1)) / math.sqrt(count)
    reach = float(stdtrit(count - 1, (1 + confidence) / 2)) * error
    return Estimate(average, error, average - reach, average + reach, count)


def difference(first: ArrayLike, second: ArrayLike, confidence: float = CONFIDENCE) -> Estimate:
    """The mean of ``first`` (s,) less ``second`` (s,), paired by seed."""
    return mean(np.asarray(first, np.float64) - np.asarray(second, np.float64), confidence)


def sequential(values: ArrayLike, planned: int, error: float = 1 - CONFIDENCE) -> Estimate:
    r"""The mean of ``values`` (s,) with an interval that stays valid if checked after every seed.

    The probability that it *ever* misses the mean is ``error`` (asymptotically), for any rule of
    stopping:

    $$\bar x_t \pm
    \hat\sigma_t\sqrt{\frac{2(t\rho^2+1)}{t^2\rho^2}\,\log\frac{\sqrt{t\rho^2+1}}{\alpha}}$$

    with the $\rho$ that makes it narrowest at ``planned`` seeds. NaN below 100 seeds.
    [Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas, 2024, Annals of Statistics 52(6)]
    """
    numbers = np.asarray(values, np.float64)
    plain, count = mean(numbers), len(numbers)
    if count < _FEWEST:
        return plain._replace(low=math.nan, high=math.nan)
    log = -2 * math.log(error)
    rho_squared = (log + math.log(log + 1)) / max(planned, 1)
    scaled = count * rho_squared + 1
    reach = float(numbers.std()) * math.sqrt(
        2 * scaled / (count**2 * rho_squared) * math.log(math.sqrt(scaled) / error)
    )
    return plain._replace(low=plain.mean - reach, high=plain.mean + reach)


class Gap(NamedTuple):
    """The leader's lead over the entrant for which its lower bound is lowest."""

    leader: int
    runner_up: int
    estimate: Estimate

    @property
    def decided(self) -> bool:
        """Whether the leader is above every other."""
        return self.estimate.low > 0


def leading_gap(edge: Numbers, planned: int) -> Gap | None:
    """The leader's gap in ``edge`` (s, a) by sequential intervals; None with one entrant or none.

    The leader is chosen on the same seeds, so the error is divided among all pairs of entrants: the
    probability that a wrong leader is ever declared is at most ``1 - CONFIDENCE``.
    """
    entrants = edge.shape[1]
    if entrants < 2:
        return None
    leader = int(np.argmax(edge.mean(0)))
    share = (1 - CONFIDENCE) / (entrants * (entrants - 1) / 2)
    gaps = [
        Gap(leader, other, sequential(edge[:, leader] - edge[:, other], planned, share))
        for other in range(entrants)
        if other != leader
    ]
    return min(gaps, key=_lower_end)


def _lower_end(gap: Gap) -> float:
    """The lower bound; the mean where too few seeds have none."""
    return gap.estimate.mean if math.isnan(gap.estimate.low) else gap.estimate.low


def wins(edge: Numbers) -> Numbers:
    """The share of seeds on which each entrant of ``edge`` (s, a) has the highest edge; tied
    entrants share a seed.
    """
    if not len(edge):
        return np.full(edge.shape[1], np.nan)
    first = edge == edge.max(1, keepdims=True)
    shares: Numbers = (first / first.sum(1, keepdims=True)).mean(0)
    return shares


def beats(first: ArrayLike, second: ArrayLike) -> float:
    """The share of seeds on which ``first`` (s,) is above ``second`` (s,); a tie counts half."""
    ahead = np.sign(np.asarray(first, np.float64) - np.asarray(second, np.float64))
    return float((ahead + 1).mean() / 2) if len(ahead) else math.nan


def probability_best(edge: Numbers) -> Numbers:
    """The probability (a,) that each entrant of ``edge`` (s, a) has the highest mean: its share of
    the bootstrap resamples of seeds.
    """
    seeds, entrants = edge.shape
    if seeds < 2 or entrants < 1:
        return np.full(entrants, np.nan)
    random = np.random.Generator(np.random.PCG64(0))
    highest, most = np.zeros(entrants), max(1, _AT_ONCE // seeds)
    for done in range(0, _RESAMPLES, most):
        count = min(most, _RESAMPLES - done)
        means = random.multinomial(seeds, np.full(seeds, 1 / seeds), size=count) @ edge
        highest += wins(means) * count
    return highest / _RESAMPLES


def ratio(above: ArrayLike, below: ArrayLike) -> float:
    """The sum of ``above`` (s,) over that of ``below`` (s,); NaN if that is not above zero."""
    total = float(np.asarray(below, float).sum())
    return float(np.asarray(above, float).sum()) / total if total > 0 else math.nan
