"""Thinning shows what was there."""

import numpy as np
import pytest

from quantamm_cli.reporting.thinning import isolated, thinned


def test_few_rows_are_all_kept() -> None:
    """Nothing is thinned where there is room for everything."""
    assert thinned(np.arange(300.0), buckets=100).tolist() == list(range(300))


@pytest.mark.parametrize("row", [0, 1, 777, 99_999])
@pytest.mark.parametrize("spike", [-50.0, 50.0])
def test_an_extreme_of_one_minute_survives(row: int, spike: float) -> None:
    """One row in a hundred thousand that stands out is still drawn,
    wherever it is, and the ends are too.
    """
    values = np.sin(np.arange(100_000) / 700)
    values[row] = spike
    kept = thinned(values)
    assert row in kept and {0, 99_999} <= set(kept.tolist())
    assert (np.diff(kept) > 0).all() and len(kept) <= 3 * 1000 + 2


def test_a_gap_stays_a_gap() -> None:
    """Of rows that are not finite one is kept, so that no line is drawn across them."""
    values = np.arange(100_000.0)
    values[40_000:40_010] = np.nan
    values[70_000] = np.inf
    kept = thinned(values)
    assert np.isnan(values[kept]).any() and np.isinf(values[kept]).any()
    assert thinned(np.full(10_000, np.nan)).max() == 9_999


def test_isolated_values_are_found() -> None:
    """A finite value between two that are not has no line through it."""
    assert isolated(np.array([1.0, np.nan, 2, 3, np.nan, 4])).tolist() == [0, 5]
    assert isolated(np.array([1.0])).tolist() == [0] and isolated(np.array([])).tolist() == []
