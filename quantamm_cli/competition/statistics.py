r"""What the seeds of a competition say of its entrants, and how sure that is.

Every entrant meets the same markets, so entrants are compared seed by seed: what a market does to
all of them drops out of a difference. Seeds are independent draws, so means are as Student has
them. Notation: s seeds, a entrants.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from quantamm_cli.competition.documents import EstimateRecord

Numbers = NDArray[np.float64]

CONFIDENCE = 0.95
_RESAMPLES, _AT_ONCE = 4000, 2**21  # resamples of the seeds; numbers of them held at a time
_FEWEST = 100
"""Seeds below which a sequential interval, which is right for many, is not given."""


class Estimate(NamedTuple):
    """A mean over seeds with its standard error and its interval; NaN where too few seeds tell."""

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
        """As it is written."""
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
    middle = float(numbers.mean()) if count else math.nan
    if count < 2:
        return Estimate(middle, math.nan, math.nan, math.nan, count)
    error = float(numbers.std(ddof=1)) / math.sqrt(count)
    reach = float(stdtrit(count - 1, (1 + confidence) / 2)) * error
    return Estimate(middle, error, middle - reach, middle + reach, count)


def difference(first: ArrayLike, second: ArrayLike, confidence: float = CONFIDENCE) -> Estimate:
    """How far ``first`` (s,) is above ``second`` (s,) on the same seeds, in the mean."""
    return mean(np.asarray(first, np.float64) - np.asarray(second, np.float64), confidence)


def sequential(values: ArrayLike, planned: int, error: float = 1 - CONFIDENCE) -> Estimate:
    r"""The mean of ``values`` (s,) with an interval that may be looked at after every seed.

    The probability that it *ever* misses the mean is ``error`` (asymptotically), whenever one
    stops, for whatever reason:

    $$\bar x_t \pm
    \hat\sigma_t\sqrt{\frac{2(t\rho^2+1)}{t^2\rho^2}\,\log\frac{\sqrt{t\rho^2+1}}{\alpha}}$$

    with $\rho$ such that it is narrowest at ``planned`` seeds. NaN below 100 seeds.
    [Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas, 2024, Annals of Statistics 52(6)]
    """
    numbers = np.asarray(values, np.float64)
    plain, count = mean(numbers), len(numbers)
    if count < _FEWEST:
        return plain._replace(low=math.nan, high=math.nan)
    log = -2 * math.log(error)
    tuned = (log + math.log(log + 1)) / max(planned, 1)
    grown = count * tuned + 1
    reach = float(numbers.std()) * math.sqrt(
        2 * grown / (count**2 * tuned) * math.log(math.sqrt(grown) / error)
    )
    return plain._replace(low=plain.mean - reach, high=plain.mean + reach)


class Gap(NamedTuple):
    """How far the leader is above the one it is least surely above."""

    leader: int
    runner_up: int
    estimate: Estimate

    @property
    def decided(self) -> bool:
        """Whether the leader is above every other."""
        return self.estimate.low > 0


def leading_gap(edge: Numbers, planned: int) -> Gap | None:
    """The leader's gap of ``edge`` (s, a) by sequential intervals; None of fewer than two entrants.

    The leader is found on the same seeds, so the error is shared among all pairs of entrants: the
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
    return min(
        gaps,
        key=lambda gap: gap.estimate.low if not math.isnan(gap.estimate.low) else gap.estimate.mean,
    )


def wins(edge: Numbers) -> Numbers:
    """The share of seeds on which each entrant of ``edge`` (s, a) has the highest edge;
    entrants that tie share a seed.
    """
    if not len(edge):
        return np.full(edge.shape[1], np.nan)
    first = edge == edge.max(1, keepdims=True)
    shares: Numbers = (first / first.sum(1, keepdims=True)).mean(0)
    return shares


def beats(first: ArrayLike, second: ArrayLike) -> float:
    """The share of seeds on which ``first`` (s,) is above ``second`` (s,); a tie is half of one."""
    ahead = np.sign(np.asarray(first, np.float64) - np.asarray(second, np.float64))
    return float((ahead + 1).mean() / 2) if len(ahead) else math.nan


def best(edge: Numbers) -> Numbers:
    """The probability (a,) that each entrant of ``edge`` (s, a) has the highest mean: its share of
    the bootstrap resamples of seeds.
    """
    seeds, entrants = edge.shape
    if seeds < 2 or entrants < 1:
        return np.full(entrants, np.nan)
    random = np.random.Generator(np.random.PCG64(0))
    found, most = np.zeros(entrants), max(1, _AT_ONCE // seeds)
    for done in range(0, _RESAMPLES, most):
        some = min(most, _RESAMPLES - done)
        means = random.multinomial(seeds, np.full(seeds, 1 / seeds), size=some) @ edge
        found += wins(means) * some
    return found / _RESAMPLES


def ratio(above: ArrayLike, below: ArrayLike) -> float:
    """The sum of ``above`` (s,) over that of ``below`` (s,); NaN of nothing."""
    total = float(np.asarray(below, float).sum())
    return float(np.asarray(above, float).sum()) / total if total > 0 else math.nan
