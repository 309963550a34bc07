r"""The selection bias of the best of many candidates: Rademacher complexity, and the haircut of a
Sharpe ratio that follows from it.

Rows are candidates, such as the checkpoints of a training run; columns are days. The Rademacher
Anti-Serum bounds the true Sharpe ratios of all candidates at once, from the returns by which one
was chosen.
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

    This is the definition of Mohri et al. (2018, section 3.1) and Paleologo (2024, chapter 8),
    whose bounds contain it twice; that of Bartlett & Mendelson (2002, JMLR 3:463) has an absolute
    value and the factor two. Signs are drawn in pairs $\pm\sigma$, so a single candidate has
    exactly zero. NaN without candidates or days, and if a return is not finite.
    """
    table = np.atleast_2d(np.asarray(returns, np.float64))
    if not table.size or not np.isfinite(table).all():
        return math.nan
    days: int = table.shape[1]
    signs = np.random.Generator(np.random.PCG64(seed)).choice((-1.0, 1.0), size=(draws, days))
    sums = signs @ table.T
    # Minus the worst sum is the best one for the opposite signs.
    return float((sums.max(axis=1) - sums.min(axis=1)).mean()) / 2 / days


class Haircut(NamedTuple):
    """What to subtract from a candidate's Sharpe ratio; like that, per day."""

    snooping: float
    """The bias of the choice: twice the complexity."""
    estimation: float
    """The error of estimation from so many days."""
    candidates: int
    days: int
    reason: str = ""
    """Why the numbers are NaN, if they are."""

    def after_choice(self, ratio: float) -> float:
        """A daily Sharpe ratio without the bias of the choice. It is no bound, as it contains the
        error of estimation.
        """
        return ratio - self.snooping

    def bound(self, ratio: float) -> float:
        """The lower bound of the true daily Sharpe ratio, at the haircut's confidence."""
        return ratio - self.snooping - self.estimation


def haircut(
    returns: ArrayLike, confidence: float = 0.95, draws: int = 1000, seed: int = 0
) -> Haircut:
    r"""The Rademacher Anti-Serum for Sharpe ratios.

    [Paleologo, 2024, The Elements of Quantitative Investing, procedure 8.2]

    With confidence $1 - \delta$, the true daily Sharpe ratio of every candidate is at least

    $$\widehat{SR}_i - 2\hat R - 3\sqrt{\frac{2\ln(2/\delta)}{T}} -
    \sqrt{\frac{2\ln(2N/\delta)}{T}}$$

    where $\hat R$ is the complexity of returns divided by their standard deviations (not centred).
    It holds for independent days with light tails. ``returns`` is ``(candidates, days)``, of the
    days by which the choice was made; the Sharpe ratios to correct are those of the same days.
    Candidates without a Sharpe ratio (infinite or constant returns) are omitted.
    """
    table = np.atleast_2d(np.asarray(returns, np.float64))
    days, delta = table.shape[1], 1 - confidence
    valid = table[np.isfinite(sharpe(table))]
    if not len(valid):
        return Haircut(math.nan, math.nan, 0, days, "no candidate has a Sharpe ratio")
    snooping = 2 * rademacher(valid / valid.std(axis=1, keepdims=True), draws, seed)
    common = 3 * math.sqrt(2 * math.log(2 / delta) / days)
    each = math.sqrt(2 * math.log(2 * len(valid) / delta) / days)
    return Haircut(snooping, common + each, len(valid), days)
