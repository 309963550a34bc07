"""What a pool looks at besides prices."""

import hashlib
from pathlib import Path

import numpy as np
import polars
import pytest

from quantamm_cli.errors import DataError
from quantamm_cli.market import load
from quantamm_cli.market.oracles import oracle
from quantamm_cli.market.parquet import Parquet
from quantamm_cli.market.synthetic import FIRST, Synthetic
from quantamm_cli.settings.types import minute

DAY, DAY0 = 1440, minute("2023-03-01")
DIGESTS = {
    (0, "BTC"): "ac77e0248c729f1758cfb58389c5ba458e66fc855d66ab0413eae66520dc4489",
    (0, "FOO"): "39bc8164edbf0271fdebc9bcd8a49a16295f25c528ce0ea2e84d65cb6b6c2b82",
    (7, "USDC"): "e63bd1b43f6058b2e2cbb20d446ed8b7c2e0e90f594ee6135deef74320029fd2",
}
TOKENS = ("BTC", "ETH")


def file(folder: Path, kind: str, minutes: list[float], **columns: list[object]) -> str:
    frame = polars.DataFrame(
        {"unix": [int((DAY0 + m) * 60_000) for m in minutes]} | columns, strict=False
    )
    path = folder / f"oracle.{kind}"
    frame.write_parquet(path) if kind == "parquet" else frame.write_csv(path)
    return str(path)


def read(
    path: str, name: str = "x", fill: str = "forward", first: int = 0, last: int = 6
) -> list[list[float]]:
    found = oracle(name, path, TOKENS, DAY0 + first, DAY0 + last, fill)  # type: ignore[arg-type]
    return found.rows(DAY0 + first, DAY0 + last).tolist()


def refused(path: str, *parts: str, name: str = "x", fill: str = "forward") -> None:
    with pytest.raises(DataError) as failure:
        read(path, name, fill)
    for part in (path, *parts):
        assert part in str(failure.value)


def test_a_column_a_token_in_the_users_order(kind: str, tmp_path: Path) -> None:
    """Columns of other tokens are not looked at; the last of a minute wins, and holds;
    empty and NaN are no observations.
    """
    path = file(
        tmp_path,
        kind,
        [-3, 1, 1.5, 4],
        XRP=["a"] * 4,
        ETH=[1.0, None, 2.0, float("nan")],
        BTC=[5.0, 6.0, 7.0, 8.0],
    )
    assert read(path) == [[5, 1], [7, 2], [7, 2], [7, 2], [8, 2], [8, 2]]


def test_one_column_for_all(kind: str, tmp_path: Path) -> None:
    assert read(file(tmp_path, kind, [0, 4], value=[0.5, 0.25])) == [[0.5]] * 4 + [[0.25]] * 2


def test_minutes_between_observations_may_hold_zero(kind: str, tmp_path: Path) -> None:
    """Then nothing need be known at the start; a file with nothing of the
    run's time is still a mistake.
    """
    path = file(tmp_path, kind, [-1, 2, 2.5, 4], value=[9.0, 1.0, 2.0, None])
    assert read(path, fill="zero") == [[0], [0], [2], [0], [0], [0]]
    refused(
        file(tmp_path, kind, [-4], value=[9.0]),
        "has no observation from 2023-03-01 to 2023-03-01T00:06",
        fill="zero",
    )


def test_nothing_is_known_before_the_first_observation(kind: str, tmp_path: Path) -> None:
    path = file(tmp_path, kind, [0, 2], BTC=[1.0, 1.0], ETH=[None, 2.0])
    refused(
        path,
        "begins 2023-03-01T00:02, after the run does (2023-03-01)",
        "start=2023-03-01T00:02",
        "data.series_fill=zero",
    )
    refused(file(tmp_path, kind, [0], BTC=[1.0], ETH=[None]), "column ETH has no numbers")


def test_what_is_refused(kind: str, tmp_path: Path) -> None:
    refused(
        file(tmp_path, kind, [0], BTC=[1.0]),
        "has no column ETH",
        "a column for each token (BTC, ETH), or unix and value",
        "it has BTC",
    )
    refused(
        file(tmp_path, kind, [0], BTC=[1.0], eth=[1.0]), "has no column ETH (did you mean 'eth'?)"
    )
    refused(file(tmp_path, kind, [0], valu=[1.0]), "has no column BTC")
    refused(
        file(tmp_path, kind, [2, 1], value=[0.1, 0.2]),
        "2023-03-01T00:01 comes after 2023-03-01T00:02",
    )
    refused(file(tmp_path, kind, [0], value=["abc"]), "value is 'abc'")
    refused(
        file(tmp_path, kind, [0], value=[float("inf")]), "value is inf; expected a finite number"
    )
    refused(
        file(tmp_path, kind, [], value=[]), "has no rows; expected unix and a column for each token"
    )
    refused(file(tmp_path, kind, [7], value=[1.0]), "begins 2023-03-01T00:07, after the run's end")
    refused(str(tmp_path / f"none.{kind}"), "cannot be read (No such file or directory)")
    refused(
        file(tmp_path, kind, [0], value=[0.0]),
        "value is 0; expected above 0 (circulating coins)",
        name="supply",
    )


def test_weights_are_positive_and_sum_to_one(kind: str, tmp_path: Path) -> None:
    """To 1e-6, which is divided out; whatever ``series_fill`` says they are held."""
    path = file(tmp_path, kind, [0, 3], BTC=[0.25, 0.6], ETH=[0.75, 0.4000004])
    found = np.array(read(path, "weights", "zero"))
    assert found[:3].tolist() == [[0.25, 0.75]] * 3
    np.testing.assert_allclose(found.sum(-1), 1, rtol=1e-15)
    row = "row 2 " if kind == "parquet" else "line 3 "
    when = f"{row}(2023-03-01T00:03)"
    refused(
        file(tmp_path, kind, [0, 3], BTC=[0.5, 0.6], ETH=[0.5, 0.40001]),
        when,
        "weights are 0.6, 0.40001 and sum to 1.00001",
        name="weights",
    )
    refused(
        file(tmp_path, kind, [0, 3], BTC=[0.5, 1.0], ETH=[0.5, 0.0]),
        when,
        "weights are 1, 0 and sum to 1",
        name="weights",
    )
    refused(
        file(tmp_path, kind, [0, 3], BTC=[0.5, None], ETH=[0.5, 0.5]),
        when,
        "BTC is empty",
        name="weights",
    )
    refused(file(tmp_path, kind, [0], value=[1.0]), "has no column BTC", name="weights")


@pytest.fixture
def priced(write: object, tmp_path: Path) -> Path:
    for token in TOKENS:
        write("parquet", [1.0 + m for m in range(5 * DAY)], token=token)  # type: ignore[operator]
    return tmp_path


def test_the_burn_in_is_what_prices_and_series_both_have(priced: Path, kind: str) -> None:
    """Rows of a series are those of the prices; a number of days that the series does not
    have is refused by its name.
    """
    path = file(priced, kind, [DAY + 5, 4 * DAY], value=[3.0, 4.0])
    asked = (TOKENS, DAY0 + 3 * DAY, DAY0 + 5 * DAY)
    market = load(Parquet(dir=str(priced), series={"x": path}), *asked)
    assert market.burn_in == DAY
    assert market.series["x"].shape == (3 * DAY, 1)
    assert market.series["x"][[0, 2 * DAY - 1, 2 * DAY], 0].tolist() == [3, 3, 4]
    with pytest.raises(
        DataError, match=r"the series x begins 2023-03-02T00:05, 1 days before .*; use at most 1"
    ):
        load(Parquet(dir=str(priced), burn_in_days=2, series={"x": path}), *asked)


def test_series_are_part_of_the_digest_and_their_place_is_not(priced: Path, kind: str) -> None:
    asked = (TOKENS, DAY0 + DAY, DAY0 + 2 * DAY)
    path = file(priced, kind, [0], value=[3.0])
    digests = {"none": load(Parquet(dir=str(priced), burn_in_days=1), *asked).sha256}
    digests["x"] = load(Parquet(dir=str(priced), burn_in_days=1, series={"x": path}), *asked).sha256
    digests["y"] = load(Parquet(dir=str(priced), burn_in_days=1, series={"y": path}), *asked).sha256
    other = Path(path).rename(priced / f"moved.{kind}")
    assert (
        load(Parquet(dir=str(priced), burn_in_days=1, series={"x": str(other)}), *asked).sha256
        == digests["x"]
    )
    assert len(set(digests.values())) == 3


@pytest.mark.parametrize(("seed", "token"), DIGESTS)
def test_the_same_coins_everywhere(seed: int, token: str) -> None:
    coins = Synthetic(seed=seed).offered("supply", token, FIRST, FIRST + 900 * DAY)
    assert hashlib.sha256(coins.astype("<f8").tobytes()).hexdigest() == DIGESTS[seed, token]


def test_the_embedded_market_knows_what_is_in_circulation() -> None:
    """A token's path depends on seed and name only; it never falls,
    and grows by 6 % a year at most.
    """
    asked = (minute("2021-03-01"), minute("2024-03-01"))
    market = load(Synthetic(), ("BTC", "USDC", "FOO"), *asked, ("supply",))
    coins = market.series["supply"]
    assert coins.shape == market.prices.shape
    growth = coins[-1] / coins[0]
    assert (np.diff(coins, axis=0) >= 0).all()
    assert ((growth > 1) & (growth < 1.07**3)).all()
    turned = load(Synthetic(), ("FOO", "BTC"), asked[0] + 7, asked[1], ("supply", "other")).series
    assert list(turned) == ["supply"]
    assert np.array_equal(turned["supply"][-999:], coins[-999:][:, [2, 0]])
    assert not load(Synthetic(), ("BTC", "USDC"), *asked).series
    assert (
        load(Synthetic(seed=1), ("BTC", "USDC"), *asked, ("supply",)).series["supply"][-1, 0]
        != coins[-1, 0]
    )
