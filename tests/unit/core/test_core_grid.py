"""Grids of values."""

import numpy as np
import pytest

from quantamm_cli.core.bijectors import Log2
from quantamm_cli.core.grid import product, ticks


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({"low": 1, "high": 3, "count": 3}, [1, 2, 3]),
        ({"low": 1, "high": 100, "count": 3, "log": True}, [1, 10, 100]),
        ({"low": 1, "high": 100, "count": 4, "log": True, "zero": True}, [0, 1, 10, 100]),
        ({"low": 1, "high": 4, "count": 3, "log": True, "raw": Log2()}, [0, 1, 2]),
        ({"low": 5, "high": 9, "count": 1}, [5]),
        ({"low": -1, "high": 1, "count": 2}, [-1, 1]),
        ({"low": 0.1, "high": 200, "count": 2, "log": True}, [0.1, 200]),
    ],
)
def test_ticks(words: dict[str, object], expected: list[float]) -> None:
    np.testing.assert_allclose(ticks(**words), expected, rtol=1e-14, atol=1e-14)


def test_a_product_has_every_combination_once() -> None:
    points = list(product({"a": [1, 2], "b": [3, 4, 5]}))
    assert points[:4] == [{"a": 1, "b": 3}, {"a": 1, "b": 4}, {"a": 1, "b": 5}, {"a": 2, "b": 3}]
    assert len(points) == 6
    assert list(product({})) == [{}]
