"""Grids of values, settings and parameters."""

import numpy as np
import pytest

from quantamm_cli.core.bijectors import Log2
from quantamm_cli.core.grid import combine, product, settings_and_parameters, split, ticks


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


def test_a_batch_comes_apart_again() -> None:
    sets = [
        {"a": np.array([1.0, 2.0]), "b": np.array([[3.0]])},
        {"a": np.array([4.0, 5.0]), "b": np.array([[6.0]])},
    ]
    batch = combine(sets)
    assert {name: value.shape for name, value in batch.items()} == {"a": (2, 2), "b": (2, 1, 1)}
    assert all(
        np.array_equal(one[name], other[name])
        for one, other in zip(split(batch), sets, strict=True)
        for name in one
    )
    assert combine([]) == {}
    assert split({}) == []


def test_settings_multiply_parameters_ride_along() -> None:
    found = list(
        settings_and_parameters({"fees.fee": [0.0, 0.003]}, {"k": [1.0, 2.0], "m": [3.0, 4.0]})
    )
    assert [chosen for chosen, _ in found] == [{"fees.fee": 0.0}, {"fees.fee": 0.003}]
    assert found[0][1]["k"].tolist() == [1, 1, 2, 2]
    assert found[0][1]["m"].tolist() == [3, 4, 3, 4]
