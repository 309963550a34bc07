"""The door: periods, burn-in, columns, digests."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from quantamm_cli.errors import DataError
from quantamm_cli.market import load
from quantamm_cli.market.parquet import Parquet
from quantamm_cli.market.synthetic import Synthetic
from quantamm_cli.settings.types import minute

DAY0 = minute("2023-03-01")  # row 0 of the files that the fixture write makes
Write = Callable[..., Path]

DAY = 1440
ROOT = Path(__file__).parents[3]
SHARED = ROOT.parent / "shared" / "data"
real = pytest.mark.skipif(
    not (SHARED / "BTC_USD.parquet").is_file(),
    reason="the real prices of ../shared/data are not here",
)


@pytest.fixture
def days(write: Write, tmp_path: Path) -> Path:
    """BTC has five days from DAY0; ETH lacks the first minute over an hour of them."""
    for token, head in (("BTC", 0), ("ETH", 100)):
        minutes = range(head, 5 * DAY)
        write("parquet", [1.0 + m for m in minutes], token=token, minutes=minutes)
    return tmp_path


def test_rows_are_the_burn_in_and_the_period(days: Path) -> None:
    market = load(Parquet(dir=str(days)), ("BTC",), DAY0 + 2 * DAY, DAY0 + 3 * DAY)
    assert (market.first_minute, market.burn_in, market.prices.shape) == (
        DAY0,
        2 * DAY,
        (3 * DAY, 1),
    )
    assert np.array_equal(market.prices[:, 0], 1.0 + np.arange(3 * DAY))
    assert (
        market.prices.dtype == np.float64
        and market.prices.flags.c_contiguous
        and not market.prices.flags.writeable
    )


def test_burn_in_is_what_all_tokens_have(days: Path) -> None:
    market = load(Parquet(dir=str(days)), ("BTC", "ETH"), DAY0 + 3 * DAY, DAY0 + 4 * DAY)
    assert market.burn_in == 2 * DAY
    assert load(Parquet(dir=str(days)), ("BTC", "ETH"), DAY0 + 100, DAY0 + DAY).burn_in == 0


def test_burn_in_is_a_year_at_most() -> None:
    start = minute("2023-01-01")
    assert load(Synthetic(), ("BTC", "USDC"), start, start + 10).burn_in == 365 * DAY


def test_burn_in_days_are_exact(days: Path) -> None:
    asked = (("BTC", "ETH"), DAY0 + 3 * DAY, DAY0 + 4 * DAY)
    assert load(Parquet(dir=str(days), burn_in_days=1), *asked).burn_in == DAY
    assert load(Parquet(dir=str(days), burn_in_days=0), *asked).first_minute == asked[1]
    with pytest.raises(
        DataError,
        match=(
            r"data\.burn_in_days: is 3, but ETH begins 2023-03-01T01:40, 2 days before 2023-03-04; "
            r"use at most 2"
        ),
    ):
        load(Parquet(dir=str(days), burn_in_days=3), *asked)


@pytest.mark.parametrize(
    ("first", "last"), [(-1, DAY), (DAY, 5 * DAY + 1), (9 * DAY, 10 * DAY), (-9 * DAY, -8 * DAY)]
)
def test_a_period_outside_the_data_is_refused(first: int, last: int, days: Path) -> None:
    with pytest.raises(
        DataError,
        match=r"BTC_USD\.parquet: BTC has prices from 2023-03-01 to 2023-03-06, the run needs",
    ):
        load(Parquet(dir=str(days)), ("BTC",), DAY0 + first, DAY0 + last)


def test_columns_are_in_the_users_order_and_so_is_the_digest() -> None:
    start = minute("2021-01-05")
    one, two = (
        load(Synthetic(), tokens, start, start + 100) for tokens in (("ETH", "BTC"), ("BTC", "ETH"))
    )
    assert np.array_equal(one.prices, two.prices[:, ::-1])
    assert one.sha256 != two.sha256
    assert one.sha256 == load(Synthetic(), ("ETH", "BTC"), start, start + 100).sha256
    assert re.fullmatch("[0-9a-f]{64}", one.sha256)


def test_the_digest_does_not_depend_on_the_kind_of_file(days: Path, write: Write) -> None:
    from quantamm_cli.market.csv import Csv

    write("csv", [1.0 + m for m in range(5 * DAY)], token="BTC")
    asked = (("BTC",), DAY0 + DAY, DAY0 + 2 * DAY)
    assert load(Csv(dir=str(days)), *asked).sha256 == load(Parquet(dir=str(days)), *asked).sha256


def test_importing_the_market_imports_neither_polars_nor_jax() -> None:
    said = "import sys, quantamm_cli.market; sys.exit(bool({'polars', 'jax'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", said], cwd=ROOT, check=False).returncode == 0


@real
def test_real_prices_load() -> None:
    market = load(
        Parquet(dir=str(SHARED)), ("BTC", "ETH", "XRP"), minute("2018-05-01"), minute("2019-07-01")
    )
    assert market.prices.shape == ((365 + 181) * DAY, 3)
    assert market.burn_in == 120 * DAY
    assert (market.carried["BTC"], market.longest_gap["BTC"]) == (12403, 197)
    assert np.isfinite(market.prices).all() and (market.prices > 0).all()


@real
def test_real_files_that_begin_and_end_within_a_day_name_what_they_cover() -> None:
    source = Parquet(dir=str(SHARED / "binance_perp_2023"))
    with pytest.raises(DataError, match="BTC has prices from 2023-07-18T11:14 to 2023-08-17T11:12"):
        load(source, ("BTC", "ETH"), minute("2023-07-18"), minute("2023-08-01"))
    assert (
        load(source, ("BTC", "SOL"), minute("2023-07-25"), minute("2023-08-01")).burn_in == 6 * DAY
    )
