"""Fees and trades of whatever kind: read once, and refused where they are none."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import polars
import pytest
import toy

from quantamm_cli.errors import DataError
from quantamm_cli.market import Market, load
from quantamm_cli.market.base import ExternalTrades, FeeSeries
from quantamm_cli.market.fees.base import Fees, read_fees
from quantamm_cli.market.synthetic import Synthetic
from quantamm_cli.market.trades.base import Trades, arranged, read_trades
from quantamm_cli.settings.types import minute

FIRST, ROWS = minute("2021-02-01"), 4
MARKET = Market(("BTC", "ETH"), np.ones((6, 2)), FIRST - 2, 2, {}, {}, "")


class _Fees(Fees):
    """Gives ``series``."""

    kind = "own"
    series: Any

    def read(self, market: Market) -> FeeSeries:
        return FeeSeries(self.series)


class _Trades(Trades):
    """Gives one trade in the second minute."""

    kind = "own"
    pay: int = 0
    take: int = 1
    amount: float = 1.0

    def read(self, market: Market) -> ExternalTrades:
        return arranged(FIRST, ROWS, [FIRST + 1], [self.pay], [self.take], [self.amount])


@pytest.mark.parametrize(
    ("series", "message"),
    [
        ({}, "returns no series; expected any of fee, gas_cost, arb_fee, lp_supply"),
        ({"fe": np.zeros(4)}, "returns a series 'fe' (did you mean 'fee'?); expected any of fee,"),
        ({"fee": np.zeros(6)}, r"returns fee of shape (6,); expected (4,), a value a minute"),
        ({"fee": np.array([0, 0, 1.0, 2])}, "fee is 1 at 2021-02-01T00:02; expected at"),
        ({"gas_cost": np.array([0, np.inf, 0, 0])}, "gas_cost is inf at 2021-02-01T00:01"),
        ({"lp_supply": np.array([1, 1, 1, np.nan])}, "lp_supply is nan at 2021-02-01T00:03"),
    ],
)
def test_series_that_are_no_fees_are_refused(series: Any, message: str) -> None:
    with pytest.raises(DataError) as failure:
        read_fees(_Fees(series=series), MARKET)
    assert f"fees=own: {message}" in str(failure.value)


def test_a_fee_may_leave_minutes_to_the_settings() -> None:
    """NaN is no error: there the number of the settings holds."""
    found = read_fees(_Fees(series={"fee": np.array([np.nan, 0, 0.5, np.nan])}), MARKET)
    assert found is not None
    assert found.frame(FIRST)["fee"].to_list() == [None, 0.0, 0.5, None]


@pytest.mark.parametrize(
    "trade", [{"pay": 2}, {"take": 2}, {"take": 0}, {"amount": -1.0}, {"amount": np.inf}]
)
def test_trades_that_are_none_are_refused(trade: dict[str, Any]) -> None:
    assert read_trades(_Trades(), MARKET) is not None
    message = "trades=own: returns a trade of .* at 2021-02-01T00:01; expected 0 or more, and two"
    with pytest.raises(DataError, match=message):
        read_trades(_Trades.model_construct(**trade), MARKET)


def test_trades_of_other_minutes_are_refused() -> None:
    """Arrays must be as long as the run."""
    longer = Market(("BTC", "ETH"), np.ones((9, 2)), FIRST - 2, 2, {}, {}, "")
    with pytest.raises(DataError, match=r"of shapes \(4, 1\), .*; expected \(7, k\), up to k"):
        read_trades(_Trades(), longer)


def test_trades_are_sorted_by_minute_and_keep_their_order_within() -> None:
    """Those outside of the run are left out."""
    found = arranged(
        FIRST, 2, [FIRST + 1, FIRST + 9, FIRST, FIRST + 1], [0, 1, 1, 1], 2, [1, 2, 3, 4]
    )
    assert found.pay.tolist() == [[1, -1], [0, 1]]
    assert found.take.tolist() == [[2, -1], [2, 2]]
    assert found.amount.tolist() == [[3, 0], [1, 4]]


def test_a_file_of_fees_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The digest of a run's data is that of the bytes that were read."""
    path, count = tmp_path / "fees.csv", []
    first, last = minute("2021-01-08"), minute("2021-01-28")
    path.write_text(f"unix,fee\n{first * 60},0.003\n")
    content, read = path.read_bytes(), Path.read_bytes

    def counted(self: Path) -> bytes:
        count.append(self.name)
        return read(self)

    monkeypatch.setattr(Path, "read_bytes", counted)
    words = ("fees=recorded", f"fees.file={path}", "fit.steps=0")
    answer = toy.call("train", *toy.TOY, *words, "--json", folder=tmp_path)
    assert answer.code == 0, answer.err
    assert count.count("fees.csv") == 1
    prices = load(Synthetic(burn_in_days=5), ("BTC", "ETH"), first, last).sha256
    data = toy.document(tmp_path)["provenance"]["data"]
    assert data == hashlib.sha256(prices.encode() + content).hexdigest()


def test_python_code_gets_the_observations_that_were_read(tmp_path: Path) -> None:
    """A market of settings has the rows of the file, whatever the run's minutes."""
    import quantamm_cli as qsim

    path = tmp_path / "fees.csv"
    unix = [at * 60_000 for at in (FIRST - 9, FIRST + 5)]
    polars.DataFrame({"unix": unix, "fee": [0.1, 0.2], "gas_cost": [1.0, None]}).write_csv(path)
    words = ("tokens=[BTC,ETH]", "start=2021-02-01", "end=2021-02-02", "data.burn_in_days=1")
    settings = qsim.compose("simulate", *words, "fees=recorded", f"fees.file={path}")
    table = qsim.market(settings, gas_cost=2.0).tables["fees"]
    assert table.filter(polars.col("fee").is_not_null())["unix"].to_list() == unix
    assert table["gas_cost"].drop_nulls().to_list() == [2.0]
