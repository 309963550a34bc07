"""Sharpe ratios: their formulas as scipy says them, and how often they are
right on simulated returns.
"""

import math

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from quantamm_cli.core.types import DAY, Trajectory
from quantamm_cli.evaluation.sharpe import (
    ANNUAL,
    deflated_sharpe,
    expected_best,
    probabilistic_sharpe,
    sharpe,
    trial_variance,
    undefined,
)
from quantamm_cli.metrics import score

HAND = [0.01, -0.02, 0.03, 0.0]  # mean 0.005, squares about it sum to 0.0013
RANDOM = np.random.default_rng(7)
SKEWED = RANDOM.exponential(0.01, 300) - 0.009


def test_a_sharpe_ratio_by_hand() -> None:
    """Mean over standard deviation with ddof 0."""
    assert float(sharpe(HAND)) == pytest.approx(0.005 / math.sqrt(0.0013 / 4), rel=1e-14)
    np.testing.assert_allclose(
        sharpe([HAND, [-x for x in HAND]]), sharpe(HAND) * np.array([1, -1]), rtol=1e-14
    )


def test_a_year_of_it_is_the_metric() -> None:
    """The metric of this name and the statistics mean one thing."""
    days = np.cumprod(np.concatenate([[1.0], 1 + SKEWED[:4]]))
    value = jnp.asarray(np.repeat(days, DAY))
    column = value[:, None]
    metric = score(Trajectory(column, column, column, value, value), ["daily_sharpe"])[
        "daily_sharpe"
    ]
    assert ANNUAL * float(sharpe(SKEWED[:4])) == pytest.approx(float(metric), rel=1e-9)


@pytest.mark.parametrize(
    "returns", [[], [0.1], [0.1] * 30, [0.1, math.nan], [0.1, math.inf], [0.0, 1e-200]]
)
def test_without_a_ratio_all_is_nan_for_a_reason(returns: list[float]) -> None:
    """Too short, constant (0.1 has a rounded mean) and not finite."""
    assert np.isnan(sharpe(returns)) and undefined(returns)
    assert math.isnan(probabilistic_sharpe(returns))
    told = deflated_sharpe(returns, 10)
    assert (
        math.isnan(told.probability)
        and told.reason == undefined(returns)
        and told.days == len(returns)
    )


def test_the_probabilistic_ratio_is_the_published_formula() -> None:
    """With scipy's moments and normal distribution."""
    ratio, benchmark = SKEWED.mean() / SKEWED.std(), 0.02
    spread = (
        1 - stats.skew(SKEWED) * ratio + (stats.kurtosis(SKEWED, fisher=False) - 1) / 4 * ratio**2
    )
    expected = stats.norm.cdf((ratio - benchmark) * math.sqrt(299) / math.sqrt(spread))
    assert probabilistic_sharpe(SKEWED, benchmark) == pytest.approx(expected, rel=1e-12)
    assert probabilistic_sharpe(SKEWED, ratio) == pytest.approx(0.5, abs=1e-15)


def test_losses_with_a_long_tail_make_a_ratio_less_sure() -> None:
    """The sign of the skewness: of two series with one ratio the one
    with rare gains is the surer.
    """
    gains = (SKEWED - SKEWED.mean()) / SKEWED.std()
    assert probabilistic_sharpe(gains + 0.1) > probabilistic_sharpe(0.1 - gains) > 0.9


def test_the_probabilistic_ratio_is_calibrated() -> None:
    """Without skill it is uniform, also for skewed returns: above 95 % in one of twenty samples."""
    normal = np.random.default_rng(1).normal(size=(2000, 250))
    skewed = np.random.default_rng(2).exponential(size=(2000, 250)) - 1
    for samples in (normal, skewed):
        found = np.array([probabilistic_sharpe(sample) for sample in samples])
        assert np.mean(found > 0.95) == pytest.approx(0.05, abs=0.015)
        assert found.mean() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(("trials", "value"), [(10, 1.574598), (100, 2.530603), (1000, 3.255122)])
def test_the_expected_best_is_the_published_formula(trials: int, value: float) -> None:
    """Also by the numbers, in units of the trials' standard deviation;
    near what simulation finds.
    """
    norm = stats.norm
    formula = (1 - np.euler_gamma) * norm.ppf(1 - 1 / trials) + np.euler_gamma * norm.ppf(
        1 - 1 / (trials * math.e)
    )
    assert expected_best(trials, 4.0) == pytest.approx(2 * formula, rel=1e-10)
    assert expected_best(trials, 1.0) == pytest.approx(value, abs=1e-6)
    simulated = np.random.default_rng(3).normal(size=(2000, trials)).max(axis=1).mean()
    assert value == pytest.approx(simulated, abs=0.06)


def test_the_best_of_one_is_any() -> None:
    """One trial is not deflated; none, or a variance that is none, has no benchmark."""
    assert expected_best(1, 0.01) == 0 and expected_best(5, 0.0) == 0
    assert deflated_sharpe(SKEWED, 1).probability == probabilistic_sharpe(SKEWED)
    for trials, variance in [(0, 0.01), (5, -1.0), (5, math.nan)]:
        assert math.isnan(expected_best(trials, variance))
        assert (
            deflated_sharpe(SKEWED, trials, variance).reason
            == "the trials' number or variance is not known"
        )


def test_a_deflated_ratio_is_the_probability_above_the_expected_best() -> None:
    """With the trials' variance, and without it that of no skill."""
    told = deflated_sharpe(SKEWED, 50, 0.002)
    assert told.benchmark == expected_best(50, 0.002) and told.probability == probabilistic_sharpe(
        SKEWED, told.benchmark
    )
    assert (told.sharpe, told.trials, told.days, told.reason) == (
        float(sharpe(SKEWED)),
        50,
        300,
        "",
    )
    assert deflated_sharpe(SKEWED, 50).benchmark == expected_best(50, 1 / 299)


def test_the_published_example() -> None:
    """Bailey & López de Prado (2014): a yearly ratio of 2.5 from 1250 days of 250 a year and 100
    trials, skewness -3, kurtosis 10.

    The variance of the yearly ratios is 1/2. They find a benchmark of 0.1132 a day
    and a probability of 0.9004.
    """
    benchmark = expected_best(100, 0.5 / 250)
    assert benchmark == pytest.approx(0.1132, abs=5e-5)
    losses = np.where(
        np.arange(1250) < 105, -1.0, 0.0
    )  # kurtosis is 1 + skewness^2: two values, the lower on 105 days
    assert (stats.skew(losses), stats.kurtosis(losses, fisher=False)) == pytest.approx(
        (-3, 10), rel=4e-4
    )
    returns = (losses - losses.mean()) / losses.std() + 2.5 / math.sqrt(250)
    assert probabilistic_sharpe(returns, benchmark) == pytest.approx(0.9004, abs=5e-5)


def test_the_best_of_many_without_skill_is_seldom_called_good() -> None:
    """The deflated ratio passes rarely where the plain one nearly always does."""
    plain, deflated = [], []
    random = np.random.default_rng(4)
    for _ in range(200):
        trials = random.normal(size=(50, 250))
        ratios = sharpe(trials)
        best = trials[ratios.argmax()]
        plain.append(probabilistic_sharpe(best) > 0.95)
        deflated.append(deflated_sharpe(best, 50, trial_variance(ratios)).probability > 0.95)
    assert np.mean(plain) > 0.85 and np.mean(deflated) < 0.05


def test_trials_that_failed_have_no_part_in_the_variance() -> None:
    """A sample variance of the finite ones; one is too few."""
    assert trial_variance([1.0, math.nan, 3.0, -math.inf]) == 2.0
    assert math.isnan(trial_variance([1.0, math.nan])) and math.isnan(trial_variance([]))
