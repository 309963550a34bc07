"""Minutes without a bar: carried and counted, or refused."""

from collections.abc import Callable
from pathlib import Path

import pytest

from quantamm_cli.errors import DataError
from quantamm_cli.market.parquet import Parquet
from quantamm_cli.settings.types import minute

DAY0 = minute("2023-03-01")  # row 0 of the files that the fixture write makes
Write = Callable[..., Path]

DAY = 1440


def parquet(folder: Path, **settings: object) -> Parquet:
    return Parquet(dir=str(folder), **settings)  # type: ignore[arg-type]


def test_the_last_close_is_carried_and_counted(write: Write, tmp_path: Path) -> None:
    write("parquet", [1.0, 2.0, 3.0, 4.0], minutes=[0, 1, 4, 6])
    read = parquet(tmp_path).read("BTC", DAY0, DAY0 + 7)
    assert read.closes.tolist() == [1, 2, 2, 2, 3, 3, 4]
    assert (read.carried, read.longest_gap) == (3, 2)


def test_a_gap_that_began_before_the_first_row_counts_from_its_beginning(
    write: Write, tmp_path: Path
) -> None:
    write("parquet", [1.0, 2.0], minutes=[0, 10])
    read = parquet(tmp_path).read("BTC", DAY0 + 8, DAY0 + 11)
    assert read.closes.tolist() == [1, 1, 2]
    assert (read.carried, read.longest_gap) == (2, 9)
    with pytest.raises(DataError, match="no prices for 9 minutes from 2023-03-01T00:01"):
        parquet(tmp_path, max_gap_minutes=8).read("BTC", DAY0 + 8, DAY0 + 11)


def test_a_gap_that_is_too_long_names_token_time_and_length(write: Write, tmp_path: Path) -> None:
    write("parquet", [1.0, 2.0, 3.0], minutes=[0, 5, 12])
    with pytest.raises(
        DataError,
        match=(
            r"BTC_USD.parquet: BTC has no prices for 6 minutes from "
            r"2023-03-01T00:06.*data.max_gap_minutes=6"
        ),
    ):
        parquet(tmp_path, max_gap_minutes=5).read("BTC", DAY0, DAY0 + 13)
    assert parquet(tmp_path, max_gap_minutes=6).read("BTC", DAY0, DAY0 + 13).longest_gap == 6


def test_a_gap_outside_the_rows_asked_for_does_not_matter(write: Write, tmp_path: Path) -> None:
    write("parquet", [1.0, 2.0, 3.0, 4.0], minutes=[0, 1, 50, 51])
    strict = parquet(tmp_path, gaps="error")
    assert strict.read("BTC", DAY0, DAY0 + 2).carried == 0
    assert strict.read("BTC", DAY0 + 50, DAY0 + 52).carried == 0
    with pytest.raises(
        DataError, match=r"no prices for 48 minutes from 2023-03-01T00:02 and data.gaps=error"
    ):
        strict.read("BTC", DAY0, DAY0 + 3)


def test_the_edges_of_the_data_reach_a_near_midnight(write: Write, tmp_path: Path) -> None:
    minutes = [2, *range(3, DAY - 5)]
    write("parquet", [float(m) for m in minutes], minutes=minutes)
    near = parquet(tmp_path)
    assert near.span("BTC") == (DAY0, DAY0 + DAY)
    read = near.read("BTC", DAY0, DAY0 + DAY)
    assert read.closes[:4].tolist() == [2, 2, 2, 3]
    assert read.closes[-6:].tolist() == [DAY - 6] * 6
    assert (read.carried, read.longest_gap) == (7, 5)
    assert parquet(tmp_path, gaps="error").span("BTC") == (DAY0 + 2, DAY0 + DAY - 5)
    assert parquet(tmp_path, max_gap_minutes=2).span("BTC") == (DAY0, DAY0 + DAY - 5)


def test_the_edges_do_not_reach_further(write: Write, tmp_path: Path) -> None:
    write("parquet", [1.0, 2.0], minutes=[61, DAY - 62])
    assert parquet(tmp_path).span("BTC") == (DAY0 + 61, DAY0 + DAY - 61)
    with pytest.raises(
        DataError,
        match=(
            "BTC has prices from 2023-03-01T01:01 to 2023-03-01T22:59, the run needs 2023-03-01 to"
        ),
    ):
        parquet(tmp_path).read("BTC", DAY0, DAY0 + 100)
