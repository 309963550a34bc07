"""The selection bias of a choice among many trials: their effective number, and the haircut."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.evaluation.rademacher import Haircut, haircut, rademacher
from quantamm_cli.evaluation.sharpe import ANNUAL, sharpe, trial_variance

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class SelectionBias:
    """Statistics of one choice among ``trials``, from a sample of them on the days by which it was
    made.
    """

    trials: int
    """Steps times parameter sets."""
    correlation: float
    """Mean correlation of the daily returns of two trials; NaN of fewer than two."""
    effective: float
    """The number of independent trials with the same selection bias."""
    variance: float
    """Variance of the trials' daily Sharpe ratios."""
    complexity: float
    """Rademacher complexity of the trials' daily returns."""
    haircut: Haircut
    sharpe: float
    """The chosen trial's daily Sharpe ratio on those days."""

    @property
    def adjusted(self) -> float:
        """The chosen trial's yearly Sharpe ratio on those days, without the bias of the choice."""
        return ANNUAL * self.haircut.after_choice(self.sharpe)

    @property
    def bound(self) -> float:
        """The lower bound of the true yearly Sharpe ratio, at the haircut's confidence."""
        return ANNUAL * self.haircut.bound(self.sharpe)


def selection_bias(returns: Numbers, chosen: int, trials: int) -> SelectionBias:
    """The statistics of a choice: ``returns`` is ``(candidates, days)``, a sample of all
    ``trials``; row ``chosen`` was chosen.

    Candidates without a Sharpe ratio are omitted.
    """
    ratios = sharpe(returns)
    valid = returns[np.isfinite(ratios)]
    correlation = mean_correlation(valid)
    return SelectionBias(
        trials,
        correlation,
        effective_trials(trials, correlation),
        trial_variance(ratios),
        rademacher(valid) if len(valid) else math.nan,
        haircut(returns),
        float(ratios[chosen]),
    )


def mean_correlation(returns: Numbers) -> float:
    """Mean correlation of two different rows of ``(candidates, days)``, none of which is constant;
    NaN of fewer than two rows.
    """
    count: int = returns.shape[0]
    if count < 2:
        return math.nan
    standard = (returns - returns.mean(1, keepdims=True)) / returns.std(1, keepdims=True)
    # The sum over all pairs, including each row with itself.
    total = float((standard.sum(0) ** 2).sum()) / returns.shape[1]
    return float((total - count) / (count * (count - 1)))


def effective_trials(trials: int, correlation: float) -> float:
    r"""The number of independent trials that correlated ones amount to: $\rho + (1 - \rho) M$.

    [Bailey & López de Prado, 2014, A.3]

    It is the number of trials if the correlation is unknown, and never more.
    """
    shared = 0.0 if math.isnan(correlation) else min(max(correlation, 0.0), 1.0)
    return shared + (1 - shared) * trials
