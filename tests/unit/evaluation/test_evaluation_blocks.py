"""Block lengths: of a process whose best length is known, and of series that
another library has measured.
"""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from quantamm_cli.evaluation.blocks import block_length


def autoregressive(share: float, days: int, seed: int) -> NDArray[np.float64]:
    """A process whose value is a share of the one before, and noise."""
    path = np.random.Generator(np.random.PCG64(seed)).standard_normal(days)
    for day in range(1, days):
        path[day] += share * path[day - 1]
    return path


@pytest.mark.parametrize(
    ("share", "days", "seed", "expected"),
    [(0.0, 300, 1, 3.725486434183658), (0.9, 200, 5, 18.27830676829086)],
)
def test_lengths_are_those_of_another_library(
    share: float, days: int, seed: int, expected: float
) -> None:
    """``arch`` 8.0, ``optimal_block_length``, stationary: series on which its count of the lags
    that matter is the paper's.
    """
    assert block_length(autoregressive(share, days, seed)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_an_autoregressive_process_has_its_published_length(share: float) -> None:
    r"""$(2\rho/(1-\rho^2))^{2/3}\,T^{1/3}$ [Politis & White, 2004]: of long samples,
    on the average within a tenth.
    """
    days = 20_000
    found = np.mean([block_length(autoregressive(share, days, seed)) for seed in range(5)])
    assert found == pytest.approx(
        (2 * share / (1 - share**2)) ** (2 / 3) * days ** (1 / 3), rel=0.1
    )


def test_a_series_by_hand() -> None:
    """Nine days of which each is the opposite of the one before: lag one alone is told,
    at full weight, lag two at none.
    """
    series = np.array([1.0, -1, 1, -1, 1, -1, 1, -1, 0])
    covariance = [8 / 9, -7 / 9]
    curved, total = 2 * covariance[1], covariance[0] + 2 * covariance[1]
    assert block_length(series) == pytest.approx(
        min((curved**2 / total**2 * 9) ** (1 / 3), 3), rel=1e-12
    )


def test_lengths_are_bounded() -> None:
    """One at least; no longer than a third of the days, nor three times their root."""
    waves = np.sin(np.arange(100) * 0.37) + 0.3 * np.cos(np.arange(100) ** 2 * 0.11)
    assert [block_length(waves[:days]) for days in (60, 100)] == [20, 30]
    for nothing in ([], [1.0], [2.0] * 50, [1.0, math.nan, 2.0]):
        assert block_length(nothing) == 1.0
    assert all(block_length(autoregressive(0.0, days, 3)) >= 1 for days in range(2, 30))
