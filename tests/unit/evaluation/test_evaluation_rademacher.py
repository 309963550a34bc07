"""Rademacher complexity by all signs, and the haircut by its formula and
on returns without skill.
"""

import itertools
import math

import numpy as np
import pytest

from quantamm_cli.evaluation.rademacher import haircut, rademacher
from quantamm_cli.evaluation.sharpe import sharpe

TABLE = np.random.default_rng(5).normal(0.1, 1, (4, 9))


def by_all_signs(table: np.ndarray) -> float:
    signs = np.array(list(itertools.product((-1, 1), repeat=table.shape[1])))
    return float((signs @ table.T).max(axis=1).mean() / table.shape[1])


def test_a_single_vector_has_no_complexity() -> None:
    """Nothing was chosen: all signs together give zero, and so do pairs
    of opposite ones, exactly.
    """
    assert by_all_signs(TABLE[:1]) == pytest.approx(0, abs=1e-15)
    assert rademacher(TABLE[0], draws=3) == rademacher(TABLE[:1], draws=3) == 0
    assert rademacher(np.repeat(TABLE[:1], 5, axis=0)) == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize(
    "table",
    [np.stack([TABLE[0], -TABLE[0]]), TABLE, np.abs(TABLE), TABLE * [[1], [1e-3], [0], [2]]],
)
def test_complexity_is_the_mean_over_all_signs(table: np.ndarray) -> None:
    """Within four standard errors of the draws, for a vector with its opposite and for several."""
    found = [rademacher(table, draws=500, seed=seed) for seed in range(40)]
    assert np.mean(found) == pytest.approx(
        by_all_signs(table), abs=4 * np.std(found) / math.sqrt(40)
    )
    assert 0 < np.std(found) / np.mean(found) < 0.1


def test_a_vector_and_its_opposite_by_hand() -> None:
    """Of (1, 2): the sums are 3, 1, 1, 3, their mean is 2, and a day's share 1."""
    assert by_all_signs(np.array([[1.0, 2.0], [-1.0, -2.0]])) == 1
    assert rademacher([[1.0, 2.0], [-1.0, -2.0]], draws=40_000) == pytest.approx(1, abs=0.01)


def test_complexity_scales_grows_and_stays_below_massarts_bound() -> None:
    """It has the unit of returns, more candidates never lower it, and max |X| sqrt(2 ln N) / T
    bounds it; a seed repeats it.
    """
    table = np.random.default_rng(6).normal(size=(30, 200))
    whole = rademacher(table)
    assert rademacher(3 * table) == pytest.approx(3 * whole, rel=1e-12)
    assert (
        0
        < rademacher(table[:10])
        < whole
        < np.linalg.norm(table, axis=1).max() * math.sqrt(2 * math.log(30)) / 200
    )
    assert whole == rademacher(table) != rademacher(table, seed=1)


@pytest.mark.parametrize(
    "table", [np.zeros((0, 5)), np.zeros((5, 0)), [[0.1, math.nan]], [[0.1, math.inf]]]
)
def test_without_finite_returns_there_is_no_complexity(table: np.ndarray) -> None:
    """NaN, not an error."""
    assert math.isnan(rademacher(table))


def test_the_haircut_is_the_published_formula() -> None:
    """Twice the complexity of the returns in units of their deviation, and two terms for the days,
    at the confidence asked for.
    """
    table = 0.01 * np.random.default_rng(8).normal(0.1, 1, (20, 400)) * np.arange(1, 21)[:, None]
    cut = haircut(table, confidence=0.9, seed=3)
    assert cut.snooping == pytest.approx(
        2 * rademacher(table / table.std(axis=1)[:, None], seed=3), rel=1e-12
    )
    expected = 3 * math.sqrt(2 * math.log(20) / 400) + math.sqrt(2 * math.log(400) / 400)
    assert cut.estimation == pytest.approx(expected, rel=1e-12)
    assert cut.after_choice(0.5) == 0.5 - cut.snooping
    assert cut.bound(0.5) == pytest.approx(0.5 - cut.snooping - expected, rel=1e-12)
    assert (cut.candidates, cut.days, cut.reason) == (20, 400, "")
    assert haircut(1000 * table, confidence=0.9, seed=3).snooping == pytest.approx(
        cut.snooping, rel=1e-12
    )


def test_candidates_without_a_ratio_have_no_part() -> None:
    """Diverged and still ones change nothing; of those alone nothing can be said."""
    broken = np.array([np.full(9, math.nan), np.full(9, 0.1)])
    assert haircut(np.concatenate([TABLE, broken])) == haircut(TABLE)
    for table in (broken, np.zeros((0, 9)), np.zeros((3, 1)), np.zeros((3, 0))):
        cut = haircut(table)
        assert (
            math.isnan(cut.bound(1.0))
            and math.isnan(cut.after_choice(1.0))
            and cut.reason
            and cut.candidates == 0
        )


def test_the_bound_holds_for_candidates_without_skill() -> None:
    """No bound is above the true ratio, zero; and what the choice added is taken off the best,
    which alone looks skilled.
    """
    random, over, chosen = np.random.default_rng(9), [], []
    for seed in range(40):
        table = random.normal(size=(40, 150))
        best, cut = float(sharpe(table).max()), haircut(table, draws=200, seed=seed)
        over.append(cut.bound(best) > 0)
        chosen.append((best > 0.12, cut.after_choice(best) > 0))
    assert not any(over)
    skilled, left = np.mean(chosen, axis=0)
    assert skilled > 0.9 and left < 0.1
