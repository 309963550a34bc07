r"""How sure a Sharpe ratio is, of one strategy and of the best of many.

Notation: $x$ are $T$ daily returns, $\widehat{SR} = \mathrm{mean}(x)/\mathrm{std}(x)$ their Sharpe
ratio *a day* (std has ddof 0), $\gamma_3$ their skewness and $\gamma_4$ their kurtosis (3 if
normal). The formulas hold for Sharpe ratios a day beside a number of days; only what is printed is
brought to a year, by ``ANNUAL``.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

Numbers = NDArray[np.float64]

ANNUAL = math.sqrt(365)
"""What makes a Sharpe ratio a day one a year."""


def sharpe(returns: ArrayLike) -> Numbers:
    """Sharpe ratios a day of the last axis; NaN of fewer than two returns, of equal ones,
    and where one is not finite.
    """
    earned = np.asarray(returns, np.float64)
    if earned.shape[-1] < 2:
        return np.full(earned.shape[:-1], np.nan)
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        middle, spread = earned.mean(-1), earned.std(-1)
        defined = (earned.max(-1) > earned.min(-1)) & (spread > 0) & np.isfinite(spread)
        ratios: Numbers = np.divide(
            middle, spread, out=np.full(middle.shape, np.nan), where=defined
        )
    return ratios


def probabilistic_sharpe(returns: ArrayLike, benchmark: float = 0.0) -> float:
    r"""PSR: the probability that the true Sharpe ratio is above ``benchmark`` (both a day).

    [Bailey & López de Prado, 2012, J. Risk 15(2)]

    $$\Phi\left(\frac{(\widehat{SR} - SR^*)\sqrt{T - 1}}
    {\sqrt{1 - \gamma_3\widehat{SR} + \tfrac{\gamma_4 - 1}{4}\widehat{SR}^2}}\right)$$

    The days are taken as independent. NaN where there is no Sharpe ratio.
    """
    earned = np.asarray(returns, np.float64)
    ratio = float(sharpe(earned))
    if math.isnan(ratio) or math.isnan(benchmark):
        return math.nan
    standard = (earned - earned.mean()) / earned.std()
    variance = (
        1 - float((standard**3).mean()) * ratio + (float((standard**4).mean()) - 1) / 4 * ratio**2
    )
    # Never below zero by Pearson's inequality; zero where two values alone make the ratio certain.
    return (
        float(ndtr((ratio - benchmark) * math.sqrt(len(earned) - 1) / math.sqrt(variance)))
        if variance > 0
        else math.nan
    )


def expected_best(trials: int, variance: float) -> float:
    r"""The Sharpe ratio expected of the best of ``trials`` independent strategies without skill.

    [Bailey & López de Prado, 2014, J. Portfolio Management 40(5)]

    $$\sqrt{V}\left((1 - \gamma)\,\Phi^{-1}\left(1 - \tfrac1N\right) + \gamma\,\Phi^{-1}\left(1 -
    \tfrac1{N e}\right)\right)$$

    $N$ is the number of trials, $V$ the variance of their Sharpe ratios, $\gamma$ Euler's constant.
    Zero of a single trial (where the approximation diverges), NaN of fewer or of a variance that is
    none.
    """
    if not (trials >= 1 and variance >= 0):
        return math.nan
    if trials == 1:
        return 0.0
    extremes = (1 - np.euler_gamma) * -ndtri(1 / trials) + np.euler_gamma * -ndtri(
        1 / (trials * math.e)
    )
    return math.sqrt(variance) * max(float(extremes), 0.0)


class Deflated(NamedTuple):
    """A deflated Sharpe ratio: the probability that the true one is above what the best of
    so many trials has by luck.
    """

    probability: float
    sharpe: float
    """A day."""
    benchmark: float
    """What luck alone is expected to reach, a day."""
    trials: int
    days: int
    reason: str = ""
    """Why the probability is NaN, where it is."""


def deflated_sharpe(returns: ArrayLike, trials: int, variance: float | None = None) -> Deflated:
    """DSR: ``probabilistic_sharpe`` above ``expected_best``. [Bailey & López de Prado, 2014]

    ``trials`` counts all that were tried before these returns were chosen. ``variance`` is that of
    the trials' Sharpe ratios a day (``trial_variance``); if it is not known, what strategies
    without skill have over as many days, 1/(T - 1).
    """
    earned = np.asarray(returns, np.float64)
    days, ratio = len(earned), float(sharpe(earned))
    luck = 1 / (days - 1) if variance is None and days > 1 else variance
    benchmark = math.nan if luck is None else expected_best(trials, luck)
    probability = probabilistic_sharpe(earned, benchmark)
    unknown = (
        "the trials' number or variance is not known"
        if math.isnan(benchmark)
        else "the returns take two values"
    )
    reason = (undefined(earned) or unknown) if math.isnan(probability) else ""
    return Deflated(probability, ratio, benchmark, trials, days, reason)


def trial_variance(sharpes: ArrayLike) -> float:
    """Variance of the trials' Sharpe ratios (ddof 1), those that failed left
    out; NaN of fewer than two.
    """
    found = np.asarray(sharpes, np.float64)
    found = found[np.isfinite(found)]
    return float(found.var(ddof=1)) if len(found) > 1 else math.nan


def undefined(returns: ArrayLike) -> str:
    """Why daily returns have no Sharpe ratio; empty if they have one."""
    earned = np.asarray(returns, np.float64)
    if len(earned) < 2:
        return f"{len(earned)} daily returns are too few"
    if not np.isfinite(earned).all():
        return "a daily return is not finite"
    return "the daily returns do not vary" if np.isnan(sharpe(earned)) else ""
