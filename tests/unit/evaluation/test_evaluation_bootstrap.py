"""The stationary bootstrap: its rows, its closed form, and how often its
intervals hold the truth.
"""

import math

import numpy as np
import pytest
from scipy.signal import lfilter

from quantamm_cli.evaluation.bootstrap import Bootstrap, resampled
from quantamm_cli.evaluation.sharpe import ANNUAL, sharpe

RETURNS = np.random.default_rng(11).normal(0.002, 0.02, 200)
OTHER = 0.5 * RETURNS + np.random.default_rng(12).normal(0.001, 0.01, 200)
FEW = Bootstrap(resamples=500)


def autoregression(rho: float, samples: int, days: int, seed: int) -> np.ndarray:
    """Series of unit variance that forget by the share ``rho`` a day."""
    shocks = np.random.default_rng(seed).normal(size=(samples, days + 100))
    return lfilter([math.sqrt(1 - rho**2)], [1, -rho], shocks)[:, 100:]


def test_days_follow_each_other_in_blocks_of_the_mean_length() -> None:
    """A day is followed by the next of the circle unless a block opens,
    whose day is any: each day is as likely.
    """
    rows = np.concatenate(list(resampled(50, 10.0, 4000)))
    assert rows.shape == (4000, 50) and rows.min() == 0 and rows.max() == 49
    follows = np.mean(rows[:, 1:] == (rows[:, :-1] + 1) % 50)
    assert follows == pytest.approx(0.9 + 0.1 / 50, abs=0.004)
    np.testing.assert_allclose(np.bincount(rows.ravel()) / rows.size, 1 / 50, atol=0.002)


def test_blocks_of_one_day_are_the_plain_bootstrap() -> None:
    """Neighbours have nothing in common."""
    rows = np.concatenate(list(resampled(50, 1.0, 2000)))
    assert np.mean(rows[:, 1:] == (rows[:, :-1] + 1) % 50) == pytest.approx(1 / 50, abs=0.003)


def test_the_variance_of_resampled_means_is_the_closed_form() -> None:
    r"""Politis & Romano (1994), lemma 1: $C_0 + 2\sum_i (1 - i/T)(1 - 1/b)^i C_i$ with
    circular autocovariances, over T.
    """
    series, block, days = autoregression(0.6, 1, 80, 13)[0], 6.0, 80
    centred = series - series.mean()
    lags = np.arange(1, days)
    common = np.array([centred @ np.roll(centred, -lag) / days for lag in lags])
    expected = (
        centred @ centred / days + 2 * ((1 - lags / days) * (1 - 1 / block) ** lags * common).sum()
    ) / days
    means = np.concatenate([series[rows].mean(1) for rows in resampled(days, block, 20_000)])
    assert means.var() == pytest.approx(expected, rel=0.04)
    assert means.mean() == pytest.approx(series.mean(), abs=4 * math.sqrt(expected / 20_000))
    assert expected > 1.5 * centred @ centred / days**2


def test_a_seed_repeats_an_interval() -> None:
    """Bit for bit; another seed draws others."""
    found = [Bootstrap(resamples=300, seed=seed).sharpe(RETURNS) for seed in (0, 0, 1)]
    assert (
        found[0] == found[1]
        and found[0].low != found[2].low
        and found[0].estimate == found[2].estimate
    )


def test_the_interval_of_a_sharpe_ratio_is_about_its_known_error() -> None:
    """Independent normal days: the standard error is sqrt((1 + SR^2/2) / T) a day
    [Lo, 2002]; yearly numbers.
    """
    days = np.random.default_rng(14).normal(0.05, 1, 1000)
    found = Bootstrap(0.9, block=1.0, resamples=4000).sharpe(days)
    ratio = float(sharpe(days))
    error = 1.6449 * ANNUAL * math.sqrt((1 + ratio**2 / 2) / 1000)
    assert (
        found.estimate == pytest.approx(ANNUAL * ratio, rel=1e-14)
        and found.days == 1000
        and found.reason == ""
    )
    assert (found.high - found.low) / 2 == pytest.approx(error, rel=0.07)
    assert found.low < found.estimate < found.high
    wider = Bootstrap(0.99, block=1.0, resamples=4000).sharpe(days)
    assert wider.low < found.low and wider.high > found.high


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """Days that remember: blocks come near 90 %, single days stay far below."""
    samples, truth = autoregression(0.5, 120, 300, 15) + 0.1, ANNUAL * 0.1

    def coverage(block: float) -> float:
        found = [
            Bootstrap(0.9, block, 200, seed).sharpe(sample) for seed, sample in enumerate(samples)
        ]
        return float(np.mean([each.low <= truth <= each.high for each in found]))

    assert 0.8 <= coverage(15.0) <= 0.95
    assert coverage(1.0) < 0.75


def test_a_difference_is_of_the_same_days() -> None:
    """What two strategies share drops out: the interval of the mean is that
    of the daily differences.
    """
    found = FEW.mean_difference(RETURNS, OTHER)
    assert found.estimate == pytest.approx(365 * (RETURNS - OTHER).mean(), rel=1e-12)
    alone = FEW.interval(lambda sample: 365 * sample.mean(-1), RETURNS - OTHER)
    np.testing.assert_allclose(found[:4], alone[:4], rtol=1e-9)
    lifted = FEW.mean_difference(RETURNS + 0.001, RETURNS)
    np.testing.assert_allclose(lifted[:4], [0.365, 0.365, 0.365, 1], rtol=1e-9)


def test_a_difference_of_ratios_changes_sign_with_its_order() -> None:
    """And is nothing for a strategy beside its own double, whatever the scale."""
    one, other = (FEW.sharpe_difference(*pair) for pair in ((RETURNS, OTHER), (OTHER, RETURNS)))
    assert one.estimate == pytest.approx(ANNUAL * float(sharpe(RETURNS) - sharpe(OTHER)), rel=1e-12)
    np.testing.assert_allclose(one[:3], [-other.estimate, -other.high, -other.low], rtol=1e-12)
    assert one.positive == pytest.approx(1 - other.positive, abs=1e-12)
    np.testing.assert_allclose(FEW.sharpe_difference(RETURNS, 2 * RETURNS)[:3], 0, atol=1e-12)


@pytest.mark.parametrize(
    ("returns", "reason"),
    [
        ([], "there are no days"),
        ([0.1], "1 days are too few: 40 are needed"),
        (RETURNS[:39], "39 days are too few: 40 are needed"),
        ([0.1] * 50, "the daily returns do not vary"),
        ([0.0] * 49 + [1.0], "too many resamples have no value"),
        ([*RETURNS[:50], math.nan], "a daily return is not finite"),
        ([*RETURNS[:50], math.inf], "a daily return is not finite"),
    ],
)
def test_without_enough_there_is_a_reason_in_place_of_an_interval(
    returns: list[float], reason: str
) -> None:
    """NaN, never an error; the estimate stays where there is one."""
    found = FEW.sharpe(returns)
    assert np.isnan([found.low, found.high, found.positive]).all() and found.reason == reason
    np.testing.assert_array_equal(found.estimate, ANNUAL * sharpe(returns))


def test_forty_days_are_enough_and_short_blocks_need_twenty() -> None:
    """The bound of the reasons, from its other side."""
    assert not FEW.sharpe(RETURNS[:40]).reason
    assert not Bootstrap(block=2.0, resamples=500).sharpe(RETURNS[:20]).reason
    assert (
        Bootstrap(block=2.0, resamples=500).sharpe(RETURNS[:19]).reason
        == "19 days are too few: 20 are needed"
    )


def test_only_the_same_days_compare() -> None:
    """Series of other lengths have a reason, no difference."""
    found = FEW.mean_difference(RETURNS, RETURNS[1:])
    assert (
        math.isnan(found.estimate)
        and found.reason == "199 days and 200 days: only the same days can be compared"
    )
