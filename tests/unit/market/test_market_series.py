"""Fee-like series: the last observation holds."""

from pathlib import Path

import numpy as np
import polars
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quantamm_cli.errors import DataError
from quantamm_cli.market import series
from quantamm_cli.settings.types import minute

DAY0 = minute("2023-03-01")  # row 0 of the files that the fixture write makes

NAMES = ("fee", "gas_cost", "arb_fee")
DEFAULTS = {"fee": 0.001, "gas_cost": 0.0, "arb_fee": 0.5}


def file(folder: Path, kind: str, minutes: list[float], **columns: list[object]) -> str:
    frame = polars.DataFrame({"unix": [int((DAY0 + m) * 60_000) for m in minutes]} | columns, strict=False)
    path = folder / f"fees.{kind}"
    frame.write_parquet(path) if kind == "parquet" else frame.write_csv(path)
    return str(path)


def refused(path: str, *parts: str) -> None:
    with pytest.raises(DataError) as failure:
        series(path, NAMES, DAY0, 5, DEFAULTS)
    for part in (path, *parts):
        assert part in str(failure.value)


def test_the_case_the_reference_gets_wrong(kind: str, tmp_path: Path) -> None:
    """defects.md A4: observations .002 at 2 and .003 at 5 after .001."""
    read = series(file(tmp_path, kind, [2, 5], fee=[0.002, 0.003]), NAMES, DAY0, 7, DEFAULTS)
    assert list(read) == ["fee"]
    assert read["fee"].tolist() == [0.001, 0.001, 0.002, 0.002, 0.002, 0.003, 0.003]


def test_an_observation_before_the_first_row_holds(kind: str, tmp_path: Path) -> None:
    assert series(file(tmp_path, kind, [-9, 2], fee=[0.02, 0.03]), NAMES, DAY0, 3, DEFAULTS)["fee"].tolist() == [0.02, 0.02, 0.03]


def test_zero_is_an_observation_and_empty_is_none(kind: str, tmp_path: Path) -> None:
    path = file(tmp_path, kind, [0, 1, 2, 3], fee=[0.1, None, 0.0, float("nan")], gas_cost=[None, 5.0, None, 6.0], arb_fee=[None] * 4)
    read = series(path, NAMES, DAY0, 5, DEFAULTS)
    assert read["fee"].tolist() == [0.1, 0.1, 0, 0, 0]
    assert read["gas_cost"].tolist() == [0, 5, 5, 6, 6]
    assert read["arb_fee"].tolist() == [0.5] * 5


def test_of_several_in_a_minute_the_last_wins(kind: str, tmp_path: Path) -> None:
    path = file(tmp_path, kind, [1, 1.25, 1.75, 3], fee=[0.1, 0.2, 0.3, 0.4])
    assert series(path, NAMES, DAY0, 4, DEFAULTS)["fee"].tolist() == [0.001, 0.3, 0.3, 0.4]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(-5, 25), st.none() | st.floats(0, 1)), min_size=1, max_size=12))
def test_it_is_what_a_plain_loop_does(tmp_path: Path, rows: list[tuple[int, float | None]]) -> None:
    rows.sort(key=lambda pair: pair[0])
    read = series(file(tmp_path, "parquet", [m for m, _ in rows], fee=[v for _, v in rows]), NAMES, DAY0, 20, DEFAULTS)["fee"]
    expected = []
    for now in range(20):
        past = [value for when, value in rows if when <= now and value is not None]
        expected.append(past[-1] if past else DEFAULTS["fee"])
    assert np.array_equal(read, expected)


def test_what_is_refused(kind: str, tmp_path: Path) -> None:
    refused(file(tmp_path, kind, [1, 2], fees=[0.1, 0.2]), "'fees' is no series known here (did you mean 'fee'?)")
    refused(file(tmp_path, kind, [1, 2]), "has no series", "fee, gas_cost, arb_fee")
    refused(file(tmp_path, kind, [2, 1], fee=[0.1, 0.2]), "2023-03-01T00:01 comes after 2023-03-01T00:02")
    refused(file(tmp_path, kind, [1, 2], fee=["0.1", "abc"]), "fee is 'abc'")
    refused(file(tmp_path, kind, [1, 2], fee=[0.1, float("inf")]), "fee is inf")
    refused(file(tmp_path, kind, [], fee=[]), "has no rows")
    refused(str(tmp_path / f"none.{kind}"), "cannot be read (No such file or directory)")
    refused(str(tmp_path / "fees.json"), "expected a .parquet or .csv file")


def test_a_file_without_stamps_is_refused(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"fees.{kind}"
    frame = polars.DataFrame({"Unix": [1], "fee": [0.1]})
    frame.write_parquet(path) if kind == "parquet" else frame.write_csv(path)
    refused(str(path), "no column unix (did you mean 'Unix'?)")
