"""Walk-forward efficiency, gap and worst cycle by hand."""

import math

import numpy as np
import pytest

from quantamm_cli.evaluation.robustness import efficiency, robustness


def test_cycles_by_hand() -> None:
    """In sample 2, 1, 3; out of sample 1, 1.5, -1."""
    found = robustness([2.0, 1.0, 3.0], [1.0, 1.5, -1.0])
    assert (found.inside, found.outside, found.efficiency, found.gap) == (2.0, 0.5, 0.25, 1.5)
    assert found.efficiencies == (0.5, 1.5, -1 / 3) and found.gaps == (1.0, -0.5, 4.0)
    assert found.deviation == pytest.approx(math.sqrt((0.5**2 + 1 + 1.5**2) / 3), rel=1e-14)
    assert (found.worst, found.worst_cycle, found.cycles, found.scored) == (-1.0, 2, 3, 3)


def test_a_cycle_that_earned_almost_nothing_does_not_rule_the_efficiency() -> None:
    """The mean of the cycles' own would be above 30."""
    found = robustness([0.01, 2.0], [0.7, 0.4])
    assert (
        found.efficiency == pytest.approx(1.1 / 2.01, rel=1e-12)
        and np.mean(found.efficiencies) > 30
    )


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        (0.0, 1.0),
        (-1.0, 1.0),
        (-1.0, -0.5),
        (math.nan, 1.0),
        (1.0, math.nan),
        (math.inf, 1.0),
        (1.0, math.inf),
    ],
)
def test_a_share_of_nothing_is_nan(inside: float, outside: float) -> None:
    """Two losses are no efficiency of one half."""
    assert math.isnan(efficiency(inside, outside))


def test_cycles_without_a_score_are_left_out_and_counted() -> None:
    """One broken cycle does not make everything NaN, nor does it hide."""
    found = robustness([2.0, math.nan, 1.0, 5.0], [1.0, -9.0, 0.5, math.inf])
    assert (found.cycles, found.scored, found.efficiency, found.worst, found.worst_cycle) == (
        4,
        2,
        0.5,
        0.5,
        2,
    )
    assert np.isnan(found.efficiencies[1]) and np.isnan(found.gaps[1]) and np.isnan(found.gaps[3])


@pytest.mark.parametrize("scores", [[], [math.nan, math.nan]])
def test_without_scores_all_is_nan(scores: list[float]) -> None:
    """Not an error."""
    found = robustness(scores, scores)
    assert np.isnan([found.inside, found.outside, found.efficiency, found.gap]).all()
    assert np.isnan([found.deviation, found.worst]).all()
    assert found.worst_cycle is None and (found.cycles, found.scored) == (len(scores), 0)
