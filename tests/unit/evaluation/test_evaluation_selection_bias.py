"""How many trials there were in effect, and what the choice among them may have added."""

import math

import numpy as np
import pytest

from quantamm_cli.evaluation.selection_bias import (
    effective_trials,
    mean_correlation,
    selection_bias,
)
from quantamm_cli.evaluation.sharpe import ANNUAL, sharpe

RANDOM = np.random.Generator(np.random.PCG64(7))
TABLE = RANDOM.standard_normal((6, 50)) * 0.01 + RANDOM.standard_normal(50) * 0.01


def test_the_mean_correlation_is_that_of_all_pairs() -> None:
    """As numpy has it; scale and mean of a row do not matter."""
    expected = np.corrcoef(TABLE)[np.triu_indices(6, 1)].mean()
    assert mean_correlation(TABLE) == pytest.approx(expected, rel=1e-12)
    assert mean_correlation(TABLE * np.arange(1, 7)[:, None] + 3) == pytest.approx(
        expected, rel=1e-9
    )
    assert mean_correlation(np.stack([TABLE[0], -TABLE[0]])) == pytest.approx(-1, rel=1e-12)
    assert math.isnan(mean_correlation(TABLE[:1]))


@pytest.mark.parametrize(
    ("trials", "correlation", "expected"),
    [
        (100, 0.0, 100.0),
        (100, 1.0, 1.0),
        (100, 0.9, 10.9),
        (100, -0.5, 100.0),
        (100, math.nan, 100.0),
        (1, 0.3, 1.0),
    ],
)
def test_trials_that_are_alike_count_for_fewer(
    trials: int, correlation: float, expected: float
) -> None:
    """Bailey & López de Prado, 2014, A.3, by hand; a negative correlation
    does not make more of them.
    """
    assert effective_trials(trials, correlation) == pytest.approx(expected, rel=1e-12)


def test_luck_is_that_of_the_sample_and_of_all_trials() -> None:
    """Variance and complexity are the sample's, the number of trials is that of the run; the Sharpe
    ratio is the chosen one's.
    """
    found = selection_bias(TABLE, chosen=4, trials=600)
    assert found.effective == pytest.approx(found.correlation + (1 - found.correlation) * 600)
    assert found.variance == pytest.approx(np.var(sharpe(TABLE), ddof=1))
    assert found.sharpe == sharpe(TABLE[4])
    assert found.adjusted == pytest.approx(ANNUAL * (found.sharpe - found.haircut.snooping))
    assert found.bound < found.adjusted < ANNUAL * found.sharpe


def test_what_diverged_is_left_out() -> None:
    """A candidate that is not finite, or stands still, changes nothing but its own place."""
    broken = np.concatenate([TABLE, np.full((1, 50), math.nan), np.zeros((1, 50))])
    one, other = selection_bias(TABLE, 2, 600), selection_bias(broken, 2, 600)
    assert one == other


def test_a_single_candidate_had_no_choice() -> None:
    """Nothing is taken off for choosing; its variance is not known."""
    found = selection_bias(TABLE[:1], 0, 1)
    assert found.effective == 1 and found.haircut.snooping == 0 and math.isnan(found.variance)
    assert found.adjusted == pytest.approx(ANNUAL * found.sharpe)


def test_no_days_tell_nothing() -> None:
    """A period shorter than a day has no Sharpe ratio and no haircut."""
    found = selection_bias(np.empty((3, 0)), 0, 30)
    assert math.isnan(found.adjusted) and math.isnan(found.complexity) and found.effective == 30
