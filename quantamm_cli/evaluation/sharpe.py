r"""The significance of a Sharpe ratio, of one strategy and of the best of many.

Notation: $x$ are $T$ daily returns, $\widehat{SR} = \mathrm{mean}(x)/\mathrm{std}(x)$ their Sharpe
ratio *a day* (std has ddof 0), $\gamma_3$ their skewness and $\gamma_4$ their kurtosis (3 if
normal). The formulas hold for daily Sharpe ratios and a number of days; only printed numbers are
yearly, multiplied by ``ANNUAL``.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

Numbers = NDArray[np.float64]

_NOTHING, _ROUNDING = 1e-12, 8 * float(np.finfo(float).eps)
ANNUAL = math.sqrt(365)
"""The factor from a daily Sharpe ratio to a yearly one."""


def sharpe(returns: ArrayLike) -> Numbers:
    """Daily Sharpe ratios of the last axis; NaN of fewer than two returns, of returns that vary by
    no more than 1e-12 of the largest or by their rounding, and if a return is not finite.
    """
    daily = np.asarray(returns, np.float64)
    if daily.shape[-1] < 2:
        return np.full(daily.shape[:-1], np.nan)
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        mean, spread = daily.mean(-1), daily.std(-1)
        least = np.maximum(_NOTHING * np.abs(daily).max(-1), _ROUNDING)
        defined = (spread > least) & np.isfinite(spread)
        undefined_ratios: Numbers = np.full(mean.shape, np.nan)
        ratios: Numbers = np.divide(mean, spread, out=undefined_ratios, where=defined)
    return ratios


def probabilistic_sharpe(returns: ArrayLike, benchmark: float = 0.0) -> float:
    r"""PSR: the probability that the true Sharpe ratio is above ``benchmark`` (both daily).

    [Bailey & López de Prado, 2012, J. Risk 15(2)]

    $$\Phi\left(\frac{(\widehat{SR} - SR^*)\sqrt{T - 1}}
    {\sqrt{1 - \gamma_3\widehat{SR} + \tfrac{\gamma_4 - 1}{4}\widehat{SR}^2}}\right)$$

    It assumes that days are independent. NaN if there is no Sharpe ratio.
    """
    daily = np.asarray(returns, np.float64)
    ratio = float(sharpe(daily))
    if math.isnan(ratio) or math.isnan(benchmark):
        return math.nan
    standard = (daily - daily.mean()) / daily.std()
    skewness, kurtosis = float((standard**3).mean()), float((standard**4).mean())
    variance = 1 - skewness * ratio + (kurtosis - 1) / 4 * ratio**2
    # By Pearson's inequality the variance is at least zero; it is zero for some returns that take
    # two values only.
    if variance <= 0:
        return math.nan
    return float(ndtr((ratio - benchmark) * math.sqrt(len(daily) - 1) / math.sqrt(variance)))


def expected_best(trials: int, variance: float) -> float:
    r"""The Sharpe ratio expected of the best of ``trials`` independent strategies without skill.

    [Bailey & López de Prado, 2014, J. Portfolio Management 40(5)]

    $$\sqrt{V}\left((1 - \gamma)\,\Phi^{-1}\left(1 - \tfrac1N\right) + \gamma\,\Phi^{-1}\left(1 -
    \tfrac1{N e}\right)\right)$$

    $N$ is the number of trials, $V$ the variance of their Sharpe ratios, $\gamma$ Euler's constant.
    Zero of a single trial, where the approximation diverges; NaN of fewer, or of a variance that is
    negative or NaN.
    """
    if not (trials >= 1 and variance >= 0):
        return math.nan
    if trials == 1:
        return 0.0
    first, second = ndtri(1 / trials), ndtri(1 / (trials * math.e))
    extremes = (1 - np.euler_gamma) * -first + np.euler_gamma * -second
    return math.sqrt(variance) * max(float(extremes), 0.0)


class Deflated(NamedTuple):
    """A deflated Sharpe ratio: the probability that the true one is above that expected of the best
    of so many trials without skill.
    """

    probability: float
    sharpe: float
    """The daily Sharpe ratio."""
    benchmark: float
    """The daily Sharpe ratio expected of the best trial without skill."""
    trials: int
    days: int
    reason: str = ""
    """Why the probability is NaN, if it is."""


def deflated_sharpe(returns: ArrayLike, trials: int, variance: float | None = None) -> Deflated:
    """DSR: ``probabilistic_sharpe`` above ``expected_best``. [Bailey & López de Prado, 2014]

    ``trials`` counts all trials among which these returns were chosen. ``variance`` is that of the
    trials' daily Sharpe ratios (``trial_variance``); ``None``: that of strategies without skill
    over as many days, 1/(T - 1).
    """
    daily = np.asarray(returns, np.float64)
    days, ratio = len(daily), float(sharpe(daily))
    if variance is None:
        variance = 1 / (days - 1) if days > 1 else math.nan
    benchmark = expected_best(trials, variance)
    probability = probabilistic_sharpe(daily, benchmark)
    reason = ""
    if math.isnan(probability):
        unknown = "the returns take two values"
        if math.isnan(benchmark):
            unknown = "the trials' number or variance is not known"
        reason = undefined(daily) or unknown
    return Deflated(probability, ratio, benchmark, trials, days, reason)


def trial_variance(sharpes: ArrayLike) -> float:
    """Variance of the trials' finite Sharpe ratios (ddof 1); NaN of fewer than two."""
    ratios = np.asarray(sharpes, np.float64)
    ratios = ratios[np.isfinite(ratios)]
    return float(ratios.var(ddof=1)) if len(ratios) > 1 else math.nan


def undefined(returns: ArrayLike) -> str:
    """Why daily returns have no Sharpe ratio; empty if they have one."""
    daily = np.asarray(returns, np.float64)
    if len(daily) < 2:
        return f"{len(daily)} daily returns are too few"
    if not np.isfinite(daily).all():
        return "a daily return is not finite"
    return "the daily returns do not vary" if np.isnan(sharpe(daily)) else ""
