"""Parquet and CSV prices: what is read, what is refused, and where the message points."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from quantamm_cli.errors import ConfigError, DataError
from quantamm_cli.market import Source
from quantamm_cli.market.csv import Csv
from quantamm_cli.market.parquet import Parquet
from quantamm_cli.settings.component import component
from quantamm_cli.settings.types import minute

DAY0 = minute("2023-03-01")  # row 0 of the files that the fixture write makes
Write = Callable[..., Path]


def source(kind: str, folder: Path, **settings: object) -> Source:
    made = component("data", kind)(dir=str(folder), **settings)
    assert isinstance(made, Source)
    return made


def refused(kind: str, folder: Path, *parts: str) -> None:
    """The file is refused with its name and these parts in one line."""
    with pytest.raises(DataError) as failure:
        source(kind, folder).span("BTC")
    said = str(failure.value)
    assert "\n" not in said
    for part in (f"BTC_USD.{kind}", *parts):
        assert part in said


def row(kind: str, index: int) -> str:
    return f"row {index + 1}" if kind == "parquet" else f"line {index + 2}"


@pytest.mark.parametrize("second", [1, 10**3, 10**6, 10**9])
def test_stamps_in_any_unit_are_read(kind: str, second: int, write: Write, tmp_path: Path) -> None:
    write(kind, [1.0, 2.0, 3.0], stamps=[(DAY0 + m) * 60 * second for m in range(3)])
    made = source(kind, tmp_path)
    assert made.span("BTC")[0] == DAY0
    assert made.read("BTC", DAY0, DAY0 + 3).closes.tolist() == [1.0, 2.0, 3.0]


def test_mixed_units_are_refused(kind: str, write: Write, tmp_path: Path) -> None:
    write(kind, [1.0, 2.0], stamps=[DAY0 * 60_000, (DAY0 + 1) * 60_000_000])
    refused(kind, tmp_path, row(kind, 1), "which is us", "are ms")


def test_stamps_that_are_no_times_are_refused(kind: str, write: Write, tmp_path: Path) -> None:
    write(kind, [1.0, 2.0], stamps=[0, 60])
    refused(kind, tmp_path, row(kind, 0), "unix is 0")


def test_a_stamp_off_the_minute_names_the_nearest(kind: str, write: Write, tmp_path: Path) -> None:
    write(kind, [1.0, 2.0], stamps=[DAY0 * 60_000, (DAY0 + 1) * 60_000 + 29_000])
    refused(kind, tmp_path, row(kind, 1), "2023-03-01T00:01", str((DAY0 + 1) * 60_000))


def test_a_fractional_stamp_is_refused(kind: str, write: Write, tmp_path: Path) -> None:
    write(kind, [1.0, 2.0], stamps=[DAY0 * 60_000.0, (DAY0 + 1) * 60_000 + 0.5])
    refused(kind, tmp_path, row(kind, 1), "whole")


def test_whole_stamps_written_as_floats_are_read(kind: str, write: Write, tmp_path: Path) -> None:
    write(kind, [1.0, 2.0], stamps=[DAY0 * 60_000.0, (DAY0 + 1) * 60_000.0])
    assert source(kind, tmp_path).read("BTC", DAY0, DAY0 + 2).closes.tolist() == [1.0, 2.0]


def test_a_minute_twice_is_refused(kind: str, write: Write, tmp_path: Path) -> None:
    write(kind, [1.0, 2.0, 3.0], minutes=[0, 1, 1])
    refused(kind, tmp_path, row(kind, 2), "2023-03-01T00:01 comes twice")


def test_rows_out_of_order_are_refused(kind: str, write: Write, tmp_path: Path) -> None:
    write(kind, [1.0, 2.0, 3.0], minutes=[0, 2, 1])
    refused(kind, tmp_path, row(kind, 2), "2023-03-01T00:01 comes after 2023-03-01T00:02")


@pytest.mark.parametrize("bad", [0.0, -1.5, float("nan"), float("inf"), float("-inf")])
def test_closes_that_are_no_prices_are_refused(
    kind: str, bad: float, write: Write, tmp_path: Path
) -> None:
    write(kind, [1.0, 2.0, bad])
    refused(kind, tmp_path, row(kind, 2), "2023-03-01T00:02", f"close is {bad:g}")


def test_an_empty_close_is_refused(kind: str, write: Write, tmp_path: Path) -> None:
    write(kind, [1.0, None, 2.0])
    refused(kind, tmp_path, row(kind, 1), "close is empty")


def test_text_among_the_closes_is_refused(kind: str, write: Write, tmp_path: Path) -> None:
    write(kind, ["1.0", "n/a", "2.0"])
    refused(kind, tmp_path, row(kind, 1), "close is 'n/a'", "a number")


def test_a_column_of_another_type_is_refused(write: Write, tmp_path: Path) -> None:
    write("parquet", [True, False])
    refused("parquet", tmp_path, "close is of type Boolean")


def test_missing_columns_are_named(kind: str, tmp_path: Path) -> None:
    import polars

    frame = polars.DataFrame({"unix": [DAY0 * 60_000], "Close": [1.0]})
    path = tmp_path / f"BTC_USD.{kind}"
    frame.write_parquet(path) if kind == "parquet" else frame.write_csv(path)
    refused(kind, tmp_path, "no column close (did you mean 'Close'?)", "it has unix, Close")


def test_a_file_without_rows_is_refused(kind: str, write: Write, tmp_path: Path) -> None:
    write(kind, [], stamps=[])
    refused(kind, tmp_path, "has no rows")


def test_a_file_without_bytes_is_refused(kind: str, tmp_path: Path) -> None:
    (tmp_path / f"BTC_USD.{kind}").touch()
    refused(kind, tmp_path, "is empty")


def test_a_parquet_file_cut_anywhere_is_refused(write: Write, tmp_path: Path) -> None:
    path = write("parquet", [float(k + 1) for k in range(500)])
    whole = path.read_bytes()
    for kept in (3, 20, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:kept])
        refused("parquet", tmp_path, "is not a readable parquet file")


def test_a_csv_cut_within_a_row_is_refused(write: Write, tmp_path: Path) -> None:
    path = write("csv", [1.0, 2.0, 3.0])
    path.write_text(path.read_text()[:-12])
    refused("csv", tmp_path, "line 4")


def test_a_token_without_a_file_names_the_ones_there_are(
    kind: str, write: Write, tmp_path: Path
) -> None:
    write(kind, [1.0], token="BTC")
    write(kind, [1.0], token="LINK")
    with pytest.raises(
        DataError, match=r"LINC has no prices \(did you mean 'LINK'\?\); the folder has BTC, LINK"
    ):
        source(kind, tmp_path).span("LINC")


def test_no_folder_says_what_to_write(kind: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"data\.dir: is not set; write data\.dir=PATH"):
        component("data", kind)().span("BTC")  # type: ignore[attr-defined]
    with pytest.raises(DataError, match="nowhere' is not a folder"):
        source(kind, tmp_path / "nowhere").span("BTC")


def test_parquet_and_csv_of_the_same_prices_agree(write: Write, tmp_path: Path) -> None:
    closes = list(100 * np.exp(np.random.default_rng(0).normal(0, 1e-3, 200)))
    write("parquet", closes)
    write("csv", closes)
    asked = ("BTC", DAY0, DAY0 + 200)
    assert np.array_equal(
        Parquet(dir=str(tmp_path)).read(*asked).closes, Csv(dir=str(tmp_path)).read(*asked).closes
    )


def test_a_file_that_changes_is_read_again(kind: str, write: Write, tmp_path: Path) -> None:
    write(kind, [1.0, 2.0])
    assert source(kind, tmp_path).read("BTC", DAY0, DAY0 + 1).closes.tolist() == [1.0]
    write(kind, [3.0, 4.0, 5.0])
    assert source(kind, tmp_path).read("BTC", DAY0, DAY0 + 1).closes.tolist() == [3.0]
