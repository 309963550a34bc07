"""How much the choice among many trials may have added: how many they were in effect, and what
their best has without skill.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.evaluation.rademacher import Haircut, haircut, rademacher
from quantamm_cli.evaluation.sharpe import ANNUAL, sharpe, trial_variance

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Luck:
    """What is known of one choice among ``trials``, from a sample of them on the
    days among which it was made.
    """

    trials: int
    """Steps times parameter sets."""
    correlation: float
    """Mean correlation of the daily returns of two of them; NaN of fewer than two."""
    effective: float
    """As many independent trials would leave as much to luck."""
    variance: float
    """Of their Sharpe ratios a day."""
    complexity: float
    """Rademacher complexity of their daily returns."""
    haircut: Haircut
    sharpe: float
    """Of the chosen one on those days, a day."""

    @property
    def adjusted(self) -> float:
        """The yearly Sharpe ratio of the chosen one on those days,
        without what the choice may have added.
        """
        return ANNUAL * self.haircut.after_choice(self.sharpe)

    @property
    def bound(self) -> float:
        """What the true one exceeds with the haircut's confidence."""
        return ANNUAL * self.haircut.bound(self.sharpe)


def luck(returns: Numbers, chosen: int, trials: int) -> Luck:
    """``returns`` is ``(candidates, days)``, a sample of all ``trials``; row ``chosen`` was chosen.

    Those that diverged are left out.
    """
    ratios = sharpe(returns)
    able = returns[np.isfinite(ratios)]
    correlation = mean_correlation(able)
    return Luck(
        trials,
        correlation,
        effective_trials(trials, correlation),
        trial_variance(ratios),
        rademacher(able) if len(able) else math.nan,
        haircut(returns),
        float(ratios[chosen]),
    )


def mean_correlation(returns: Numbers) -> float:
    """Mean correlation of two different rows of ``(candidates, days)`` that vary;
    NaN of fewer than two rows.
    """
    count: int = returns.shape[0]
    if count < 2:
        return math.nan
    standard = (returns - returns.mean(1, keepdims=True)) / returns.std(1, keepdims=True)
    together = (
        float((standard.sum(0) ** 2).sum()) / returns.shape[1]
    )  # of all pairs, each row with itself too
    return float((together - count) / (count * (count - 1)))


def effective_trials(trials: int, correlation: float) -> float:
    r"""How many independent trials so many correlated ones are: $\rho + (1 - \rho) M$.

    [Bailey & López de Prado, 2014, A.3]

    All of them if the correlation is not known; never more.
    """
    shared = 0.0 if math.isnan(correlation) else min(max(correlation, 0.0), 1.0)
    return shared + (1 - shared) * trials
