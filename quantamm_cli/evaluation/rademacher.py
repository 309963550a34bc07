r"""How much of the best of many candidates is the freedom to choose:
Rademacher complexity and the haircut it implies.

Rows are candidates, such as the checkpoints of a training run; columns are days. The Rademacher
Anti-Serum bounds the true Sharpe ratios of all candidates at once from the returns among which the
choice was made.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from quantamm_cli.evaluation.sharpe import sharpe


def rademacher(returns: ArrayLike, draws: int = 1000, seed: int = 0) -> float:
    r"""Empirical Rademacher complexity of candidates' returns $X$, ``(candidates, days)``,
    estimated from random signs.

    $$\hat R = \mathrm{E}_\sigma \max_i \frac{\sigma \cdot X_i}{T}$$

    Without the absolute value and the factor two of Bartlett & Mendelson (2002, JMLR 3:463), as
    Mohri et al. (2018, section 3.1) and Paleologo (2024, chapter 8) have it, whose bounds double
    it. Signs come in pairs $\pm\sigma$, so a single candidate has exactly zero. NaN without
    candidates or days, and if a return is not finite.
    """
    table = np.atleast_2d(np.asarray(returns, np.float64))
    if not table.size or not np.isfinite(table).all():
        return math.nan
    days: int = table.shape[1]
    signs = np.random.Generator(np.random.PCG64(seed)).choice((-1.0, 1.0), size=(draws, days))
    sums = signs @ table.T
    best, worst = (
        sums.max(axis=1),
        sums.min(axis=1),
    )  # minus the worst is the best for the opposite signs
    return float((best - worst).mean()) / 2 / days


class Haircut(NamedTuple):
    """What to take off a candidate's Sharpe ratio; all a day, so that it has the unit
    of what it is taken from.
    """

    snooping: float
    """Twice the complexity: the price of having chosen."""
    estimation: float
    """The price of having so few days."""
    candidates: int
    days: int
    reason: str = ""
    """Why there is none, where it is NaN."""

    def after_choice(self, ratio: float) -> float:
        """A Sharpe ratio a day without what the choice may have added; no bound,
        as the error of estimation is left in.
        """
        return ratio - self.snooping

    def bound(self, ratio: float) -> float:
        """What the true Sharpe ratio a day exceeds with the confidence asked for."""
        return ratio - self.snooping - self.estimation


def haircut(
    returns: ArrayLike, confidence: float = 0.95, draws: int = 1000, seed: int = 0
) -> Haircut:
    r"""The Rademacher Anti-Serum for Sharpe ratios.

    [Paleologo, 2024, The Elements of Quantitative Investing, procedure 8.2]

    With this confidence, $1 - \delta$, the true Sharpe ratio a day of every candidate is at least

    $$\widehat{SR}_i - 2\hat R - 3\sqrt{\frac{2\ln(2/\delta)}{T}} -
    \sqrt{\frac{2\ln(2N/\delta)}{T}}$$

    where $\hat R$ is the complexity of returns divided by their standard deviations (their means
    stay). It is meant for independent days with light tails. ``returns`` is ``(candidates, days)``,
    of the days among which the choice was made: the Sharpe ratios to correct are those of the same
    days. Candidates that have none (diverged, or still) are left out.
    """
    table = np.atleast_2d(np.asarray(returns, np.float64))
    days, able = table.shape[1], np.isfinite(sharpe(table))
    chosen = table[able]
    if not len(chosen):
        return Haircut(math.nan, math.nan, 0, days, "no candidate has a Sharpe ratio")
    snooping, doubt = (
        2 * rademacher(chosen / chosen.std(axis=1, keepdims=True), draws, seed),
        1 - confidence,
    )
    estimation = 3 * math.sqrt(2 * math.log(2 / doubt) / days) + math.sqrt(
        2 * math.log(2 * len(chosen) / doubt) / days
    )
    return Haircut(snooping, estimation, len(chosen), days)
