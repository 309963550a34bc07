"""Whole multiples of 10^-18."""

import json
from pathlib import Path

import pytest

from quantamm_cli.errors import StoreError
from quantamm_cli.store.fixed_point18 import ONE, bd18, bd18_shares, write_export


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1000000000000000000"),
        (0.5, "500000000000000000"),
        (-0.5, "-500000000000000000"),
        (-1.25, "-1250000000000000000"),
        (0.1, "100000000000000000"),
        (-0.1, "-100000000000000000"),
        (0.3, "300000000000000000"),
        (1e-18, "1"),
        (-1e-18, "-1"),
        (5e-19, "0"),
        (1.5e-18, "2"),
        (2.5e-18, "2"),
        (5e-324, "0"),
        (1 / 3, "333333333333333300"),
        (123456789.12345679, "123456789123456790000000000"),
        (1e300, "1" + "0" * 318),
        (-1e22, "-1" + "0" * 40),
        (20, "20000000000000000000"),
    ],
)
def test_the_shortest_decimal_of_a_float_times_1e18(value: float, text: str) -> None:
    """What somebody wrote is what the contract gets; halves of a unit go to the even one."""
    assert bd18(value) == text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_finite_has_no_digits(value: float) -> None:
    with pytest.raises(ValueError, match="no decimal digits"):
        bd18(value)


@pytest.mark.parametrize(
    "shares", [[0.1] * 10, [1 / 3] * 3, [0.2, 0.3, 0.5], [0.7, 0.1, 0.2], [1 / 7] * 7, [1.0]]
)
def test_shares_sum_to_one_to_the_last_unit(shares: list[float]) -> None:
    """No unit is off by more than what rounding can lose."""
    texts = bd18_shares(shares)
    assert sum(map(int, texts)) == ONE
    assert all(
        abs(int(text) - share * ONE) < 1000 for text, share in zip(texts, shares, strict=True)
    )


def test_an_export_replaces_the_one_before(tmp_path: Path) -> None:
    path = write_export(tmp_path / "run", {"a": 1})
    assert write_export(tmp_path / "run", {"a": [2.5, "x"]}) == path
    assert json.loads(path.read_text()) == {"a": [2.5, "x"]}
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError):
        write_export(tmp_path / "file", {})
