"""What cycles come to, from made-up daily returns whose truth is known."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from kinds import components

from quantamm_cli.evaluation.bootstrap import Bootstrap
from quantamm_cli.evaluation.selection_bias import selection_bias
from quantamm_cli.evaluation.sharpe import ANNUAL, sharpe
from quantamm_cli.evaluation.walk_forward import (
    Aggregate,
    Outcome,
    aggregate,
    difference,
    verdict_of,
    yearly,
)

METRIC = "daily_log_sharpe"
DAYS, CYCLES, CANDIDATES = 40, 4, 20
assert "returns" in components("metric")


def outcome(seed: int, skill: float, drift: float = 0.0, days: int = DAYS) -> Outcome:
    """A cycle in a market of 1% a day and some drift, whose pool earns ``skill`` a day more than
    it, give or take half a percent.

    Candidates are alike but for a little noise; the best in sample was chosen.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    market = random.standard_normal(days) * 0.01 + drift
    own = market + skill + random.standard_normal(days) * 0.005
    inside = (
        random.standard_normal(120) * 0.01
        + skill
        + drift
        + random.standard_normal((CANDIDATES, 120)) * 0.001
    )
    best = int(np.nanargmax(sharpe(inside)))
    scores = {
        "train": {METRIC: float(ANNUAL * sharpe(inside[best])), "returns": 0.1, "calmar": math.inf},
        "test": {
            METRIC: float(ANNUAL * sharpe(own)),
            "returns": float(np.prod(1 + own) - 1),
            "calmar": math.nan,
        },
    }
    returns = {
        "pool": own,
        "hodl": market,
        "uniform_hodl": market * 0.9,
        "constant_weight": market * 1.1,
    }
    return Outcome(scores, returns, selection_bias(inside, best, 400))


def walk(
    seed: int, skill: float, drift: float = 0.0, cycles: int = CYCLES, days: int = DAYS
) -> Aggregate:
    return aggregate(
        [outcome(100 * seed + cycle, skill, drift, days) for cycle in range(cycles)], METRIC
    )


def share(found: Sequence[Aggregate], finding: str) -> float:
    return float(np.mean([verdict_of(each).finding == finding for each in found]))


def test_skill_is_effective_and_told_why() -> None:
    """A reason for every check: kept, worst cycle, chance, above the hardest benchmark, haircut."""
    found = verdict_of(walk(1, skill=0.004))
    assert found.finding == "effective"
    assert len(found.reasons) == 5
    assert "The bootstrap interval of a yearly Sharpe ratio above that of" in found.reasons[3]


@pytest.mark.heavy
def test_no_skill_is_not_effective_in_at_least_nineteen_of_twenty() -> None:
    """Neither in a market that goes nowhere nor in one that rises, where holding earns as much."""
    found = [walk(seed, skill=0.0, drift=0.004 * (seed % 2), days=20) for seed in range(20)]
    assert share(found, "effective") <= 0.05
    assert share(found, "not effective") >= 0.9


def test_what_was_chosen_on_the_test_is_never_effective() -> None:
    """And the reason says so, and by which words."""
    found = verdict_of(walk(1, skill=0.004), "--load best_test")
    assert found.finding == "not enough data"
    assert "(--load best_test): nothing here is out of sample" in found.reasons[0]


@pytest.mark.parametrize(("cycles", "days"), [(1, 100), (2, 29)])
def test_one_cycle_or_few_days_are_not_enough(cycles: int, days: int) -> None:
    """Whatever was earned in them."""
    assert verdict_of(walk(1, 0.004, cycles=cycles, days=days)).finding == "not enough data"


def test_days_are_put_one_after_the_other() -> None:
    """In the order of the cycles, all of them, and it is they that everything is told of."""
    cycles = [outcome(seed, 0.001, days=30 + seed) for seed in range(3)]
    found = aggregate(cycles, METRIC)
    assert {name: len(days) for name, days in found.returns.items()} == dict.fromkeys(
        found.returns, 93
    )
    assert np.array_equal(found.returns["hodl"][30:61], cycles[1].returns["hodl"])
    assert found.deflated.days == found.sharpe.days == 93
    assert found.sharpe.estimate == pytest.approx(
        ANNUAL * sharpe(np.concatenate([each.returns["pool"] for each in cycles]))
    )


def test_luck_is_that_of_the_cycle_with_most_of_it() -> None:
    """As many trials as the least alike had in effect, rounded up; haircuts are averaged."""
    cycles = [outcome(seed, 0.001) for seed in range(3)]
    found = aggregate(cycles, METRIC)
    assert found.deflated.trials == math.ceil(max(each.bias.effective for each in cycles))
    assert found.adjusted == pytest.approx(np.mean([each.bias.adjusted for each in cycles]))
    assert found.bound < found.adjusted


def test_means_leave_out_what_is_not_finite() -> None:
    """One cycle without drawdown does not make a mean infinite;
    where none is finite there is none.
    """
    found = walk(1, 0.001)
    assert math.isnan(found.means["train"]["calmar"]) and math.isnan(found.worst["calmar"])
    assert found.means["train"]["returns"] == pytest.approx(0.1)
    assert found.worst[METRIC] == found.cycles.worst


@pytest.mark.parametrize(
    ("metric", "compared"),
    [
        ("daily_log_sharpe", "daily_log_sharpe"),
        ("calmar", "calmar"),
        ("annualised_returns", "annualised_returns"),
        ("returns", "annualised_returns"),
        ("returns_over_uniform_hodl", "annualised_returns_over_uniform_hodl"),
        ("weekly_max_drawdown", "daily_log_sharpe"),
        ("greatest_draw_down", "daily_log_sharpe"),
    ],
)
def test_cycles_are_compared_by_yearly_rates(metric: str, compared: str) -> None:
    """Training and test periods differ in length: a plain return of the one says nothing
    beside that of the other.
    """
    assert yearly(metric) == compared


def test_the_hardest_benchmark_is_the_one_least_beaten() -> None:
    """By the Sharpe ratio under a Sharpe ratio, by the mean under a return."""
    cycles = [outcome(seed, 0.001) for seed in range(3)]
    rich = [
        Outcome(each.scores, each.returns | {"hodl": each.returns["pool"] + 0.01}, each.bias)
        for each in cycles
    ]
    found = aggregate(rich, METRIC)
    assert found.hardest == "hodl" and found.margin("hodl") is found.differences["hodl"].sharpe
    assert found.margin("hodl").high < 0


def test_differences_are_of_the_same_days() -> None:
    """What two strategies share drops out: the interval is that of their difference alone, and
    other numbers of days are refused.
    """
    random = np.random.Generator(np.random.PCG64(1))
    shared, own = random.standard_normal(200), random.standard_normal(200) * 0.01
    found = difference(shared + own + 0.01, shared)
    assert found.mean.high - found.mean.low < 2 * 365 * 0.01
    assert found.mean.estimate == pytest.approx(365 * (own + 0.01).mean())
    assert found.mean.high - found.mean.low < 0.1 * np.ptp(
        Bootstrap().mean_difference(shared, 0 * shared)[1:3]
    )
    assert "only the same days can be compared" in difference(shared, shared[1:]).mean.reason


def test_a_riskless_rate_is_taken_off_every_sharpe_ratio() -> None:
    """As if all had earned so much less; returns stay, and so do differences of them."""
    rate = 4e-4
    usual = [outcome(seed, 0.002) for seed in range(3)]
    above = [
        replace(each, returns={name: own - rate for name, own in each.returns.items()})
        for each in usual
    ]
    rated = aggregate([replace(each, riskless=np.full(DAYS, rate)) for each in usual], METRIC)
    lower, zero = aggregate(above, METRIC), aggregate(usual, METRIC)
    assert (rated.deflated, rated.sharpe) == (lower.deflated, lower.sharpe)
    assert rated.differences == lower.differences
    assert rated.sharpe.estimate < zero.sharpe.estimate
    for name, returns in zero.returns.items():
        np.testing.assert_array_equal(rated.returns[name], returns)
    mean = rated.differences["hodl"].mean.estimate
    assert mean == pytest.approx(zero.differences["hodl"].mean.estimate, rel=1e-9)
    assert zero.riskless is None
