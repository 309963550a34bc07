"""Means, paired differences and leaders: what the seeds say, and how sure that is."""

import math

import numpy as np
import pytest
from scipy import stats

from quantamm_cli.competition.statistics import (
    beats,
    difference,
    leading_gap,
    mean,
    probability_best,
    ratio,
    sequential,
    wins,
)


def drawn(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.Generator(np.random.PCG64(seed)).standard_normal(shape)


def test_the_mean_and_its_interval_are_students() -> None:
    """As scipy has them."""
    values = 3 + 2 * drawn(25)
    found, wanted = mean(values), stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert found.error == pytest.approx(stats.sem(values), rel=1e-12)
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high), rel=1e-9)


def test_a_paired_interval_covers_the_truth() -> None:
    """In 93 to 97 % of repetitions, whatever the seeds do to both:
    what they have in common drops out.
    """
    repetitions, seeds, truth = 4000, 40, 1.5
    common = 100 * drawn(repetitions, seeds, seed=1)
    skewed = np.exp(0.5 * drawn(repetitions, seeds, seed=2))  # edges are not normal
    first = common + truth + skewed - math.exp(0.125)
    second = common + 0.5 * drawn(repetitions, seeds, seed=3)
    found = [difference(one, other) for one, other in zip(first, second, strict=True)]
    covered = np.mean([each.low <= truth <= each.high for each in found])
    assert 0.93 <= covered <= 0.97
    assert max(each.error for each in found) < 1  # unpaired it would be above 15


@pytest.mark.heavy
def test_an_interval_for_any_time_is_looked_at_without_harm() -> None:
    """Of paths looked at fifty times, no more than one in twenty ever has the truth outside; of
    plain intervals far more have.
    """
    paths = drawn(400, 2500, seed=4)
    looks = range(100, 2501, 48)
    any_time = [
        any(
            not sequential(path[:count], 500).low <= 0 <= sequential(path[:count], 500).high
            for count in looks
        )
        for path in paths
    ]
    plain = [
        any(not mean(path[:count]).low <= 0 <= mean(path[:count]).high for count in looks)
        for path in paths
    ]
    assert np.mean(any_time) <= 0.05
    assert np.mean(plain) > 0.1


def test_few_seeds_have_no_interval() -> None:
    """One seed has a mean and no error; below a hundred nothing holds whenever one stops."""
    assert math.isnan(mean([2.0]).low)
    assert mean([2.0]).mean == 2.0
    assert math.isnan(mean([]).mean)
    assert math.isnan(sequential(drawn(99), 100).low)
    assert not math.isnan(sequential(drawn(100), 100).low)


def test_the_leader_is_declared_only_when_it_is_above_every_other() -> None:
    """The gap told is the least sure one; equal strategies are never decided, a better one is."""
    edge = 5 * drawn(400, 1, seed=5) + drawn(400, 3, seed=6)
    alike = leading_gap(edge, 400)
    assert alike is not None
    assert not alike.decided
    ahead = leading_gap(edge + np.array([0.0, 1.0, 3.0]), 400)
    assert ahead is not None
    assert (ahead.leader, ahead.runner_up, ahead.decided) == (2, 1, True)
    assert leading_gap(edge[:, :1], 400) is None


def test_shares_of_seeds_are_shared_when_tied() -> None:
    """Copies win half each; all shares make one."""
    edge = np.repeat(drawn(50, 1), 2, axis=1)
    assert wins(edge).tolist() == [0.5, 0.5]
    assert probability_best(edge).tolist() == [0.5, 0.5]
    assert beats(edge[:, 0], edge[:, 1]) == 0.5
    other = drawn(50, 4, seed=7)
    assert wins(other).sum() == pytest.approx(1)
    assert probability_best(other).sum() == pytest.approx(1)


def test_the_probability_of_the_best_is_that_of_the_paired_test() -> None:
    """Of two, about the one-sided probability of Student's paired test."""
    edge = 10 * drawn(300, 1, seed=8) + drawn(300, 2, seed=9) + np.array([0.1, 0.0])
    told = stats.ttest_rel(edge[:, 0], edge[:, 1], alternative="greater").pvalue
    assert probability_best(edge)[0] == pytest.approx(1 - told, abs=0.03)


def test_a_ratio_is_of_sums() -> None:
    """Edge per volume is that of all seeds together; of no volume there is none."""
    assert ratio([1, 2], [10, 20]) == 0.1
    assert math.isnan(ratio([0.0], [0.0]))
