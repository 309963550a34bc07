"""Fee-like series: the last observation holds."""

from pathlib import Path

import numpy as np
import polars
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from quantamm_cli.errors import DataError
from quantamm_cli.market.series import series
from quantamm_cli.settings.types import minute

DAY0 = minute("2023-03-01")  # row 0 of the files that the fixture write makes

NAMES = ("fee", "gas_cost", "arb_fee")
DEFAULTS = {"fee": 0.001, "gas_cost": 0.0, "arb_fee": 0.5}
RANGES = [
    ("fee", 1.0, "fee is 1; expected at least 0 and below 1 (a fraction: 0.003 is 30 bps)"),
    ("fee", -0.1, "fee is -0.1; expected at least 0"),
    ("gas_cost", -1.0, "gas_cost is -1; expected at least 0 (numeraire a trade)"),
    ("arb_fee", -1e-9, "arb_fee is -1e-09; expected at least 0"),
    ("lp_supply", 0.0, "lp_supply is 0; expected above 0"),
    ("lp_supply", -3.0, "lp_supply is -3; expected above 0"),
]


def file(folder: Path, kind: str, minutes: list[float], **columns: list[object]) -> str:
    frame = polars.DataFrame(
        {"unix": [int((DAY0 + m) * 60_000) for m in minutes]} | columns, strict=False
    )
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
    assert series(file(tmp_path, kind, [-9, 2], fee=[0.02, 0.03]), NAMES, DAY0, 3, DEFAULTS)[
        "fee"
    ].tolist() == [0.02, 0.02, 0.03]


def test_zero_is_an_observation_and_empty_is_none(kind: str, tmp_path: Path) -> None:
    path = file(
        tmp_path,
        kind,
        [0, 1, 2, 3],
        fee=[0.1, None, 0.0, float("nan")],
        gas_cost=[None, 5.0, None, 6.0],
        arb_fee=[None] * 4,
    )
    read = series(path, NAMES, DAY0, 5, DEFAULTS)
    assert read["fee"].tolist() == [0.1, 0.1, 0, 0, 0]
    assert read["gas_cost"].tolist() == [0, 5, 5, 6, 6]
    assert read["arb_fee"].tolist() == [0.5] * 5


def test_of_several_in_a_minute_the_last_wins(kind: str, tmp_path: Path) -> None:
    path = file(tmp_path, kind, [1, 1.25, 1.75, 3], fee=[0.1, 0.2, 0.3, 0.4])
    assert series(path, NAMES, DAY0, 4, DEFAULTS)["fee"].tolist() == [0.001, 0.3, 0.3, 0.4]


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(
        st.tuples(st.integers(-5, 25), st.none() | st.floats(0, 0.99)), min_size=1, max_size=12
    )
)
def test_it_is_what_a_plain_loop_does(tmp_path: Path, rows: list[tuple[int, float | None]]) -> None:
    rows.sort(key=lambda pair: pair[0])
    assume(rows[0][0] < 20)
    read = series(
        file(tmp_path, "parquet", [m for m, _ in rows], fee=[v for _, v in rows]),
        NAMES,
        DAY0,
        20,
        DEFAULTS,
    )["fee"]
    expected = []
    for now in range(20):
        past = [value for when, value in rows if when <= now and value is not None]
        expected.append(past[-1] if past else DEFAULTS["fee"])
    assert np.array_equal(read, expected)


def test_what_is_refused(kind: str, tmp_path: Path) -> None:
    refused(
        file(tmp_path, kind, [1, 2], fees=[0.1, 0.2]),
        "has an unknown column 'fees' (did you mean 'fee'?)",
    )
    refused(file(tmp_path, kind, [1, 2]), "has no column besides unix", "fee, gas_cost, arb_fee")
    refused(
        file(tmp_path, kind, [2, 1], fee=[0.1, 0.2]),
        "2023-03-01T00:01 comes after 2023-03-01T00:02",
    )
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


@pytest.mark.parametrize(("name", "value", "said"), RANGES)
def test_a_number_outside_its_range_is_refused_with_row_and_minute(
    name: str, value: float, said: str, kind: str, tmp_path: Path
) -> None:
    path = file(tmp_path, kind, [0, 2], **{name: [0.5, value]})
    with pytest.raises(DataError) as failure:
        series(path, (name,), DAY0, 5, {name: 0.0})
    row = "row 2" if kind == "parquet" else "line 3"
    assert f"{path}: {row} (2023-03-01T00:02): {said}" in str(failure.value)


def test_without_a_default_the_first_observation_holds_before_it_too(
    kind: str, tmp_path: Path
) -> None:
    """Of an LP supply only the growth counts: there is none before it is known."""
    path = file(tmp_path, kind, [2, 3], lp_supply=[50.0, 100.0])
    assert series(path, ("lp_supply",), DAY0, 5, {"lp_supply": None})["lp_supply"].tolist() == [
        50,
        50,
        50,
        100,
        100,
    ]


def test_a_file_of_another_time_is_refused(kind: str, tmp_path: Path) -> None:
    """One that ended before the run holds; one that begins after it,
    or in no year of ours, is a mistake.
    """
    assert (
        series(file(tmp_path, kind, [-9], fee=[0.02]), NAMES, DAY0, 3, DEFAULTS)["fee"].tolist()
        == [0.02] * 3
    )
    refused(
        file(tmp_path, kind, [5], fee=[0.02]),
        "begins 2023-03-01T00:05, after the run's end (2023-03-01T00:05)",
    )
    refused(
        file(tmp_path, kind, [9e7], fee=[0.02]), "after the year 2100; expected an earlier time"
    )
    refused(
        file(tmp_path, kind, [-DAY0 + 30], fee=[0.02]),
        "expected s, ms, us or ns since 1970, after 1973",
    )
