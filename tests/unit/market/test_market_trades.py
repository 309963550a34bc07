"""Given trades: every one at its minute and in its order, or refused by its row."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars
import pytest

from quantamm_cli.errors import DataError
from quantamm_cli.market import load
from quantamm_cli.market.base import ExternalTrades
from quantamm_cli.market.synthetic import Synthetic
from quantamm_cli.market.trades.base import arranged
from quantamm_cli.market.trades.recorded import RecordedTrades, recorded_trades
from quantamm_cli.settings.types import minute

DAY0 = minute("2023-03-01")
TOKENS = ("BTC", "ETH", "USDC")
SPAN = (DAY0 - 10, DAY0 + 20)


def file(folder: Path, kind: str, minutes: list[float], **columns: list[Any]) -> str:
    count = len(minutes)
    usual = {
        "unix": [int((DAY0 + m) * 60_000) for m in minutes],
        "token_in": ["BTC"] * count,
        "token_out": ["ETH"] * count,
    }
    frame = polars.DataFrame(
        {name: column for name, column in (usual | columns).items() if column is not None},
        strict=False,
    )
    path = folder / f"trades.{kind}"
    frame.write_parquet(path) if kind == "parquet" else frame.write_csv(path)
    return str(path)


def read(path: str, rows: int = 5) -> ExternalTrades:
    return recorded_trades(path, TOKENS, DAY0, DAY0 + rows, SPAN)


def refused(path: str, *parts: str) -> None:
    with pytest.raises(DataError) as failure:
        read(path)
    for part in (path, *parts):
        assert part in str(failure.value)


def test_every_trade_stands_at_its_minute_in_the_files_order(kind: str, tmp_path: Path) -> None:
    """Trades of other minutes are not part of the run; other columns are not looked at."""
    path = file(
        tmp_path,
        kind,
        [-1, 1, 3, 3.2, 3.9, 7],
        token_in=["BTC", "BTC", "USDC", "ETH", "BTC", "BTC"],
        token_out=["ETH", "ETH", "BTC", "USDC", "USDC", "ETH"],
        amount_in=[9, 0.5, 100, None, 0.25, 9],
        amount_out=[None, None, None, 3, None, None],
        hash=["0x"] * 6,
    )
    found = read(path)
    assert found.pay.tolist() == [[-1] * 3, [0, -1, -1], [-1] * 3, [2, 1, 0], [-1] * 3]
    assert found.take.tolist() == [[-1] * 3, [1, -1, -1], [-1] * 3, [0, 2, 2], [-1] * 3]
    assert found.amount.tolist() == [[0] * 3, [0.5, 0, 0], [0] * 3, [100, 3, 0.25], [0] * 3]
    assert found.exact_out.tolist() == [
        [False] * 3,
        [False] * 3,
        [False] * 3,
        [False, True, False],
        [False] * 3,
    ]


def test_no_trade_in_the_run_is_no_trade(kind: str, tmp_path: Path) -> None:
    found = read(file(tmp_path, kind, [-5, 9], amount_in=[1.0, 1.0]))
    assert found.pay.shape == (5, 1)
    assert (found.pay == -1).all()


def test_one_column_of_amounts_is_enough(kind: str, tmp_path: Path) -> None:
    assert not read(file(tmp_path, kind, [0], amount_in=[1.0])).exact_out.any()
    assert (
        read(file(tmp_path, kind, [0], amount_out=[0.0])).exact_out.tolist()
        == [[True]] + [[False]] * 4
    )


def test_what_is_refused(kind: str, tmp_path: Path) -> None:
    one, two = ("row 1", "row 2") if kind == "parquet" else ("line 2", "line 3")
    ones = [1.0, 1.0]
    refused(
        file(tmp_path, kind, [0, 1], token_in=["BTC", "ETC"], amount_in=ones),
        f"{two}: token_in is 'ETC'",
        "(did you mean 'BTC' or 'ETH'?)",
    )
    refused(
        file(tmp_path, kind, [0, 1], token_out=["btc", "BTC"], amount_in=ones),
        f"{one}: token_out is 'btc'",
        "(did you mean 'BTC'?)",
    )
    refused(
        file(tmp_path, kind, [0, 1], token_in=["BTC", None], amount_in=ones),
        f"{two}: token_in is empty; expected one of BTC, ETH, USDC",
    )
    refused(
        file(tmp_path, kind, [0, 1], token_out=["ETH", "BTC"], amount_in=ones),
        f"{two}: token_in and token_out are both BTC",
    )
    refused(
        file(tmp_path, kind, [0, 1], amount_in=[1.0, -2.0]),
        f"{two}: amount_in is -2; expected 0 or more",
    )
    refused(file(tmp_path, kind, [0, 1], amount_in=[1.0, float("nan")]), f"{two} has no amount")
    refused(file(tmp_path, kind, [0, 1], amount_in=[1.0, float("inf")]), f"{two}: amount_in is inf")
    refused(file(tmp_path, kind, [0, 1], amount_in=["1", "x"]), f"{two}: amount_in is 'x'")
    refused(
        file(tmp_path, kind, [0, 1], amount_in=[1.0, 1.0], amount_out=[None, 1.0]),
        f"{two} has both amount_in and amount_out",
    )
    refused(
        file(tmp_path, kind, [2, 1], amount_in=ones),
        f"{two}: 2023-03-01T00:01 comes after 2023-03-01T00:02",
    )
    refused(
        file(tmp_path, kind, [1.5, 1.25], amount_in=ones),
        f"{two}: unix is 1677628875000, after 1677628890000",
    )
    refused(
        file(tmp_path, kind, [], amount_in=[]), "has no rows; expected unix, token_in, token_out"
    )
    refused(file(tmp_path, kind, [0]), "has no column amount_in or amount_out")
    refused(
        file(tmp_path, kind, [0], amount_inn=[1.0]),
        "has no column amount_in or amount_out (did you mean 'amount_inn'?)",
    )
    refused(
        file(tmp_path, kind, [0], token_in=None, tokenin=["BTC"], amount_in=[1.0]),
        "no column token_in (did you mean 'tokenin'?)",
    )
    refused(str(tmp_path / f"none.{kind}"), "cannot be read (No such file or directory)")


def test_a_trade_when_there_are_no_prices_names_both(kind: str, tmp_path: Path) -> None:
    for late in (-11, 20):
        with pytest.raises(
            DataError,
            match="prices are from 2023-02-28T23:50 to 2023-03-01T00:20; remove the trade",
        ) as failure:
            read(file(tmp_path, kind, sorted([0, late]), amount_in=[1.0, 1.0]))
        assert "the trade is at 2023-0" in str(failure.value)


def test_a_minute_with_too_many_trades_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Instead of filling the memory."""
    monkeypatch.setattr(sys.modules[arranged.__module__], "MAX_ENTRIES", 9)
    refused(
        file(tmp_path, "parquet", [0, 3, 3], amount_in=[1.0] * 3),
        "has 2 trades in the minute 2023-03-01T00:03, too many",
    )


def test_trades_are_part_of_the_digest(tmp_path: Path) -> None:
    digests = {load(Synthetic(), TOKENS, DAY0, DAY0 + 9).sha256}
    for amount in (1.0, 2.0):
        path = file(tmp_path, "csv", [3], amount_in=[amount])
        market = load(Synthetic(), TOKENS, DAY0, DAY0 + 9, trades=RecordedTrades(file=path))
        assert market.trades is not None
        assert np.flatnonzero(market.trades.pay[:, 0] >= 0).tolist() == [3]
        digests.add(market.sha256)
    assert len(digests) == 3
