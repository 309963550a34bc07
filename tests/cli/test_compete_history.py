"""``qsim compete market=history``: minute prices from a user's own files."""

import json
import shutil
from pathlib import Path

import numpy as np
import polars
import pytest
import toy
from toy import Call

from quantamm_cli.settings.types import minute

DAYS = ("market.start=2023-03-01", "market.end=2023-03-02")
SMALL = ("strategies=[fixed_20,fixed_fee]", "steps=200", "epoch.length=100", "simulations=6")
WORDS = ("compete", "market=history", "data=parquet", "data.dir=prices", *DAYS, *SMALL)
FILE = """
defaults:
  - override /market: history
  - override /data: parquet
data: {dir: prices}
market: {start: 2023-03-01, end: "2023-03-02"}
strategies: [fixed_20, fixed_fee]
steps: 200
epoch: {length: 100}
simulations: 6
"""


def closes(seed: int) -> np.ndarray:
    """A day and an hour of prices."""
    moves = np.random.Generator(np.random.PCG64(seed)).standard_normal(1500)
    return np.asarray(1000.0 * np.exp(np.cumsum(1e-3 * moves)))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of prices of both kinds, with seven minutes of ETH missing; only to be read."""
    folder = tmp_path_factory.mktemp("history") / "prices"
    folder.mkdir()
    for seed, token in enumerate(("ETH", "BTC")):
        frame = polars.DataFrame(
            {"unix": (minute("2023-03-01") + np.arange(1500)) * 60_000, "close": closes(seed)}
        )
        frame = (
            frame.filter(
                (polars.int_range(polars.len()) < 300) | (polars.int_range(polars.len()) >= 307)
            )
            if token == "ETH"
            else frame
        )
        frame.write_parquet(folder / f"{token}_USD.parquet")
        frame.write_csv(folder / f"{token}_USD.csv")
    return folder


@pytest.fixture
def prices(files: Path, tmp_path: Path) -> Path:
    """The empty folder with a copy of them."""
    return Path(shutil.copytree(files, tmp_path / "prices"))


def test_files_of_both_kinds_are_played_and_a_receipt_finds_them_again(
    prices: Path, tmp_path: Path, call: Call
) -> None:
    """The same edges; checked where the prices were, or where they are now;
    other prices are other data.
    """
    answer = call(*WORDS, "--json")
    assert "1,440 minutes of ETH from parquet prices" in answer.err
    assert "missing minutes carried forward: ETH 7 (longest 7)" in answer.err
    csv = call(*WORDS, "data=csv", "--json").json
    assert csv["standings"] == answer.json["standings"]
    receipt = answer.json["files"]["receipt"]
    assert call("compete", "--verify", receipt, "--json").json["same"] is True
    prices.rename(tmp_path / "moved")
    call("compete", "--verify", receipt).one_line(3, f"data.dir: '{prices}' is not a folder")
    where = ("data=parquet", "data.dir=moved")
    assert call("compete", "--verify", receipt, *where, "--json").json["same"] is True
    frame = polars.read_parquet(tmp_path / "moved" / "ETH_USD.parquet")
    frame.with_columns(close=polars.col("close") + 0.01).write_parquet(
        tmp_path / "moved" / "ETH_USD.parquet"
    )
    call("compete", "--verify", receipt, *where).one_line(
        3, "was made from other prices than data.dir has now"
    )


def test_a_file_of_settings_names_the_market(prices: Path, tmp_path: Path, call: Call) -> None:
    """The same words in YAML are the same competition; the command line comes after."""
    (tmp_path / "mine.yaml").write_text(FILE)
    named = call("compete", "conf=mine.yaml", "--dry-run", "--json").json
    assert named["run"] == call(*WORDS, "--dry-run", "--json").json["run"]
    other = call("compete", "conf=mine.yaml", "market.base=BTC", "--dry-run", "--json").json
    assert (
        other["run"]
        == call(*WORDS, "market.base=BTC", "--dry-run", "--json").json["run"]
        != named["run"]
    )


def test_consecutive_windows_of_one_token_in_another_are_replayed(
    prices: Path, tmp_path: Path, call: Call
) -> None:
    """Seed 2 is the third window of the quotient of both prices, from 100."""
    words = (*WORDS, "market.base=BTC", "market.quote=ETH", "market.windows=consecutive")
    told = call(*words, "--replay", "2:0:49", "--json").json
    replay = json.loads((tmp_path / told["files"]["json"]).read_text())
    given = closes(1)[400:451] / closes(0)[400:451]
    np.testing.assert_allclose(replay["price"], 100 * given[1:] / given[0], rtol=1e-12)


def test_a_sweep_plays_the_same_windows(prices: Path, call: Call) -> None:
    """The point at a strategy's own value has the edge of the competition."""
    alone = {row["name"]: row["edge"]["mean"] for row in call(*WORDS, "--json").json["standings"]}
    told = call(*WORDS, "--sweep", "fixed_20.fee_bps=10:20:10", "--json").json
    assert told["points"][1]["edge"]["mean"] == pytest.approx(alone["fixed_20"], rel=1e-12)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (
            ["data=parquet", "data.dir=prices"],
            2,
            "data=parquet: market=lognormal draws its prices; add market=history",
        ),
        (
            ["market=history", "data=parquet", *DAYS],
            2,
            "data.dir: is not set; write data.dir=PATH",
        ),
        (
            ["market=history", "data.dir=prices"],
            2,
            "choose one that has it: data=csv or data=parquet",
        ),
        (
            ["market=history", "market.data.dir=prices"],
            2,
            "write data.dir, with data=csv or data=parquet",
        ),
        (
            ["market=history", "data@market.data=parquet"],
            2,
            "no data belongs at market.data; write data=parquet",
        ),
        (["market=history", "market/data=parquet"], 2, "no such group"),
        (
            ["market=history", "data=parquet", "data.dir=nowhere"],
            3,
            "data.dir: 'nowhere' is not a folder",
        ),
        (
            ["market=history", "data=parquet", "data.dir=prices"],
            3,
            "write market.start=2023-03-01 market.end=2023-03-02T01:00",
        ),
        ([*WORDS[1:5], "start=2023-03-01"], 2, "did you mean 'market.start'"),
        (
            [*WORDS[1:], "market.base=SOL"],
            3,
            "the folder has BTC, ETH (market.base=SOL needs it)",
        ),
        (
            [*WORDS[1:], "market.quote=USD"],
            3,
            "(market.quote=USD needs it; null leaves prices in the data's numeraire)",
        ),
        ([*WORDS[1:], "market.quote=ETH"], 2, "market.quote: ETH is the base too"),
        ([*WORDS[1:], "market.end=2023-02-01"], 2, "market.end: 2023-02-01 is not after start"),
        ([*WORDS[1:], "data.max_gap_minutes=3"], 3, "data.max_gap_minutes"),
        (
            [*WORDS[1:], "data.series.mood=mood.csv"],
            2,
            "data.series.mood: a competition uses prices only",
        ),
        ([*WORDS[1:], "data.burn_in_days=3"], 2, "data.burn_in_days: a competition has no burn-in"),
        ([*WORDS[1:], "data.gaps=x"], 2, "data.gaps: x is not one of carry or error"),
        (
            [*WORDS[1:], "market.windows=consecutive", "simulations=9"],
            2,
            "has 7 consecutive windows of 200 steps",
        ),
        ([*WORDS[1:], "steps=2000"], 2, "a window of 2000 steps needs 2001"),
        ([*WORDS[1:], "compat=challenge"], 2, "not market=history; write market=challenge"),
    ],
)
def test_what_is_wrong_is_one_line(
    words: list[str], code: int, said: str, prices: Path, tmp_path: Path, call: Call
) -> None:
    """Where, what to write, the exit code of settings or of data; and nothing is written."""
    call("compete", *words).one_line(code, said)
    assert not list(tmp_path.glob("runs/*/*.json"))


def test_the_same_words_are_in_the_help(call: Call) -> None:
    """A user who has never seen the YAML finds them."""
    assert "market=history data=parquet data.dir=PATH" in call("compete", "--help").out
    assert "data=parquet data.dir=PATH" in call("show", "markets", "history").out
    assert (
        toy.call(
            "config", "validate", "compete", "market=history", "--json", folder=Path.cwd()
        ).json["valid"]
        is True
    )
