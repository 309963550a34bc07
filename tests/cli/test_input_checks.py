"""Series, fees, trades and states from the command line: read,
kept out of the name, and refused in one line.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars
import pytest
import toy
from toy import TOY, Call

SHORT = ("tokens=[BTC,ETH,USDC]", "start=2021-01-06", "end=2021-01-09", "data.burn_in_days=2")
FIRST = int(np.datetime64("2021-01-06", "s").astype(int))
STATE = ("initial_state.ewma=[1,1,1]", "initial_state.running_a=0")


def arrays(told: Any, folder: Path) -> dict[str, Any]:
    with np.load(folder / told["files"]["trajectory"], allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def listed(values: Any) -> str:
    return "[" + ",".join(map(repr, values)) + "]"


@pytest.fixture
def trades(tmp_path: Path) -> tuple[str, ...]:
    """Four trades, one of which no pool could pay, and one after the end."""
    rows = [
        (60, "BTC", "ETH", 1.0, ""),
        (60, "ETH", "USDC", "", 500.0),
        (300, "USDC", "BTC", "", 1e9),
        (86400 * 9, "BTC", "ETH", 1.0, ""),
    ]
    lines = [
        "unix,token_in,token_out,amount_in,amount_out",
        *(",".join(map(str, (FIRST + at, *rest))) for at, *rest in rows),
    ]
    (tmp_path / "trades.csv").write_text("\n".join(lines))
    return ("trades=recorded", "trades.file=trades.csv")


def test_given_trades_are_told_and_counted(
    tmp_path: Path, trades: tuple[str, ...], call: Call
) -> None:
    said = call("simulate", *SHORT, "pool=balancer", *trades, "fees.do_arb=false", "--json")
    assert said.json["trades"] == {"given": 3, "refused": 1}
    assert "external trades: 3" in said.err
    reserves = arrays(said.json, tmp_path)["reserves"]
    assert (np.flatnonzero(np.diff(reserves, axis=0).any(-1)) + 1).tolist() == [1]
    assert reserves[1, 0] - reserves[0, 0] == pytest.approx(1)
    assert reserves[0, 2] - reserves[1, 2] == pytest.approx(500)
    table = call("simulate", *SHORT, "pool=balancer", *trades)
    assert "external trades: 3; the pool refused 1, which it could not have paid out" in table.out
    plain = call("simulate", *SHORT, "pool=balancer", "--json").json
    assert "trades" not in plain
    assert "readouts" not in plain["final"]


def test_a_run_knows_its_trades_wherever_the_file_is(tmp_path: Path, call: Call) -> None:
    """The place of the file does not name the run; its content does not change unseen."""
    first = int(np.datetime64("2021-01-09", "s").astype(int))
    text = f"unix,token_in,token_out,amount_in\n{first},BTC,ETH,3\n"
    (tmp_path / "a.csv").write_text(text)
    words = (*TOY, "trades=recorded", "fit.steps=0")
    told = call("train", *words, "trades.file=a.csv", "--json").json
    assert told["trades"] == {"given": 1, "refused": 0}
    assert toy.document(tmp_path)["provenance"]["places"] == {"trades.file": "a.csv"}
    (tmp_path / "a.csv").rename(tmp_path / "b.csv")
    assert call("train", *words, "trades.file=b.csv", "--json").json["status"] == "reused"
    again = call("evaluate", "--run", told["run"], "trades.file=b.csv", "--json").json
    assert again["trades"] == told["trades"]
    assert again["metrics"] == told["metrics"]
    (tmp_path / "b.csv").write_text(text.replace(",3", ",4"))
    call("train", *words, "trades.file=b.csv").one_line(3, "other data")


def test_the_embedded_market_trains_an_index_without_a_file(call: Call) -> None:
    said = call("train", *TOY, "pool/rule=index_market_cap", "fit.steps=1", "--json")
    assert said.json["status"] == "new", said.err
    assert "series: supply" in said.err


def test_a_series_from_a_file_takes_the_place_of_the_markets_own(
    tmp_path: Path, call: Call
) -> None:
    """A token whose supply is a millionth has a millionth of the index;
    other tokens in the file are not looked at.
    """
    unix = [FIRST - 86400 * 5]
    polars.DataFrame(
        {"unix": unix, "USDC": [1.0], "ETH": [1.0], "XRP": [5.0], "BTC": [1.0]}
    ).write_parquet(tmp_path / "s.parquet")
    words = (
        "simulate",
        *SHORT,
        "pool/rule=index_market_cap",
        "pool.guard.minimum_weight=1e-9",
        "--json",
    )
    told = call(*words, "data.series.supply=s.parquet").json
    path = arrays(told, tmp_path)
    np.testing.assert_allclose(
        path["weights"][0], path["prices"][0] / path["prices"][0].sum(), rtol=1e-6
    )
    own = call(*words).json
    assert own["fingerprint"] == told["fingerprint"]
    assert own["final"]["weights"] != told["final"]["weights"]


def test_recorded_weights_are_replayed(tmp_path: Path, call: Call) -> None:
    """A run whose weights are those of another, minute by minute, is the other."""
    told = call(
        "simulate",
        *SHORT,
        "pool.chunk_period=360",
        "pool.weight_interpolation_period=360",
        "--json",
    ).json
    path = arrays(told, tmp_path)
    columns = {
        token: path["weights"][:, index] for index, token in enumerate(("BTC", "ETH", "USDC"))
    }
    polars.DataFrame({"unix": path["unix"]} | columns).write_parquet(tmp_path / "w.parquet")
    words = [word for word in SHORT if "burn_in" not in word]
    again = call("simulate", *words, "pool=given", "data.series.weights=w.parquet", "--json").json
    assert again["final"]["value"] == pytest.approx(told["final"]["value"], rel=1e-12)
    np.testing.assert_allclose(arrays(again, tmp_path)["weights"], path["weights"], rtol=1e-12)


@pytest.mark.parametrize("fees", [(), ("fees=flat", "fees.fee=0.003")], ids=["free", "fee"])
def test_a_run_goes_on_where_another_ended(
    fees: tuple[str, ...], tmp_path: Path, call: Call
) -> None:
    """The last minute of one is the first of the other, at a chunk's first minute;
    nothing before it is needed.
    """
    tokens = ("tokens=[BTC,ETH,USDC]", *fees)
    whole = arrays(
        call(
            "simulate",
            *tokens,
            "start=2021-01-06",
            "end=2021-01-12",
            "data.burn_in_days=3",
            "--json",
        ).json,
        tmp_path,
    )
    first = call(
        "simulate",
        *tokens,
        "start=2021-01-06",
        "end=2021-01-09T00:01",
        "data.burn_in_days=3",
        "--json",
    ).json["final"]
    left = [f"initial_state.{name}={listed(values)}" for name, values in first["readouts"].items()]
    left += [
        f"initial_reserves={listed(first['reserves'])}",
        f"params.initial_weights={listed(first['weights'])}",
    ]
    later = call(
        "simulate",
        *tokens,
        "start=2021-01-09",
        "end=2021-01-12",
        "data.burn_in_days=0",
        *left,
        "--json",
    ).json
    rest = arrays(later, tmp_path)
    assert np.array_equal(rest["unix"], whole["unix"][-len(rest["unix"]) :])
    for name in ("weights", "reserves", "value"):
        np.testing.assert_allclose(rest[name], whole[name][-len(rest["unix"]) :], rtol=1e-11)


def test_readouts_are_written_when_asked_for(tmp_path: Path, call: Call) -> None:
    """One row a chunk, at the minute of its price; the last is what ``final`` has."""
    words = (
        "simulate",
        *SHORT,
        "pool.chunk_period=360",
        "pool.weight_interpolation_period=360",
        "--json",
    )
    told = call(*words, "output.readouts=true", "output.every=60").json
    path = arrays(told, tmp_path)
    assert set(path) == {
        "unix",
        "prices",
        "weights",
        "reserves",
        "value",
        "unix_chunk",
        "readout_ewma",
        "readout_running_a",
    }
    assert np.array_equal(path["unix_chunk"], 1000 * FIRST + 360 * 60_000 * np.arange(12))
    assert path["readout_ewma"].shape == (12, 3)
    assert {name: path[f"readout_{name}"][-1].tolist() for name in ("ewma", "running_a")} == told[
        "final"
    ]["readouts"]
    plain = call(*words).json
    assert set(arrays(plain, tmp_path)) == {"unix", "prices", "weights", "reserves", "value"}
    assert plain["final"] == told["final"]


WRONG: list[tuple[list[str], list[str]]] = [
    (
        ["pool=given"],
        [
            "data.series.weights: pool=given reads the series weights",
            "write data.series.weights=FILE",
        ],
    ),
    (["pool=given", "data.series.weight=x.csv"], ["(did you mean 'weight'?)"]),
    (["data.series.supply=1"], ["data.series.supply: 1 is not text"]),
    (["data.series_fill=back"], ["data.series_fill: back is not one of forward or zero"]),
    (["data.dir=prices"], ["data.dir: no such setting of synthetic", "data=parquet"]),
    (
        ["pool=balancer", "pool.rule.use_raw_price=true"],
        ["pool.rule.use_raw_price: no such setting"],
    ),
    (["trades=recorded"], ["trades.file: trades=recorded needs trades.file=FILE"]),
    (
        ["trades.file=x.csv"],
        ["trades.file: is set, but trades=none reads none; add trades=recorded"],
    ),
    (
        ["pool=hodl", "trades=recorded", "trades.file=x.csv"],
        ["trades: pool=hodl takes no external trades"],
    ),
    (["pool=hodl", "fees=flat", "fees.fee=0.1"], ["fees: pool=hodl has no path with frictions"]),
    (
        ["initial_state.ewma=1"],
        ["initial_state.running_a: is missing", "has all of: ewma, running_a"],
    ),
    (
        [*STATE, "initial_state.emwa=1"],
        ["initial_state.emwa: not in the state of this pool", "did you mean 'ewma'"],
    ),
    (
        ["initial_state.ewma=[1,2]", "initial_state.running_a=0"],
        ["initial_state.ewma: has 2 values", "3 (one a token)"],
    ),
    (
        ["pool=reclamm", "tokens=[BTC,ETH]", "initial_state.virtual_balances=[1,-1]"],
        ["initial_state.virtual_balances: -1 is not above zero"],
    ),
    (
        ["pool=balancer", "initial_state.ewma=1"],
        ["initial_state: pool=balancer has no state but its reserves"],
    ),
    (["initial_reserves=[1,2]"], ["initial_reserves: 2 amounts for 3 tokens"]),
    (["initial_reserves=[1,2,0]"], ["initial_reserves: 0 is not above 0"]),
]


@pytest.mark.parametrize(("words", "said"), WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_what_settings_refuse_is_told_before_any_price_is_read(
    words: list[str], said: list[str], call: Call
) -> None:
    call("simulate", *SHORT, *words, "--dry-run").one_line(2, *said)


def test_what_data_refuse_is_told_by_file_and_row(tmp_path: Path, call: Call) -> None:
    def wrong(text: str, *words: str) -> Any:
        (tmp_path / "x.csv").write_text(text)
        return call("simulate", *SHORT, "pool=balancer", *words)

    trades, fees = ("trades=recorded", "trades.file=x.csv"), ("fees=recorded", "fees.file=x.csv")
    head = "unix,token_in,token_out,amount_in\n"
    wrong(head, *trades).one_line(3, "x.csv: has no rows")
    wrong(f"{head}{FIRST},BTC,DOGE,1\n", *trades).one_line(
        3, "x.csv: line 2: token_out is 'DOGE'", "expected one of BTC, ETH, USDC"
    )
    wrong(f"{head}1500000000,BTC,ETH,1\n", *trades).one_line(
        3, "prices are from 2021-01-01 to 2026-01-01"
    )
    wrong(f"unix,fee\n{FIRST},0.1\n{FIRST},2\n", *fees).one_line(
        3, "x.csv: line 3 (2021-01-06): fee is 2; expected at least 0 and below 1"
    )
    wrong(f"unix,fee\n{FIRST + 86400 * 3},0.1\n", *fees).one_line(
        3, "begins 2021-01-09, after the run's end (2021-01-09)"
    )
    wrong(f"unix,BTC,ETH\n{FIRST},1,1\n", "data.series.x=x.csv").one_line(
        3, "x.csv: has no column USDC"
    )
    (tmp_path / "x.csv").write_text(f"unix,BTC,ETH,USDC\n{FIRST},0.5,0.25,0.3\n")
    call("simulate", *SHORT[:3], "pool=given", "data.series.weights=x.csv").one_line(
        3, "x.csv: line 2 (2021-01-06): weights are 0.5, 0.25, 0.3"
    )


def test_the_place_of_stored_prices_can_be_changed_alone(tmp_path: Path, call: Call) -> None:
    """``--run`` of a parquet run with nothing but ``data.dir``:
    the rest of its data settings stays; so in a sweep.
    """
    import polars

    random, minutes = np.random.default_rng(1), 25 * 1440
    first = FIRST - 3 * 86400  # five days before the toy run
    (tmp_path / "prices").mkdir()
    for token in ("AAA", "BBB"):
        walk = np.exp(np.cumsum(random.standard_normal(minutes) * 1e-3))
        unix = (first + 60 * np.arange(minutes)) * 1000
        polars.DataFrame({"unix": unix, "close": walk}).write_parquet(
            tmp_path / "prices" / f"{token}_USD.parquet"
        )
    words = (
        *TOY,
        "tokens=[AAA,BBB]",
        "data=parquet",
        "data.dir=prices",
        "fees=flat",
        "fees.fee=0.01",
    )
    told = call("train", *words, "fit.steps=0", "--json").json
    (tmp_path / "prices").rename(tmp_path / "moved")
    call("evaluate", "--run", told["run"]).one_line(3, "data.dir: 'prices' is not a folder")
    again = call("evaluate", "--run", told["run"], "data.dir=moved", "--json").json
    assert again["metrics"] == told["metrics"]
    assert again["files"]["trajectory"] == told["files"]["trajectory"]
    cheaper = call(
        "evaluate", "--run", told["run"], "data.dir=moved", "-m", "fees.fee=0.01,0", "--json"
    ).json["runs"]
    assert [run["metrics"] == told["metrics"] for run in cheaper] == [True, False]
    call("evaluate", "--run", told["run"], "data.seed=3").one_line(
        2, "data.seed: no such setting of parquet", "data=synthetic"
    )
    call("evaluate", "--run", told["run"], "fees.fe=3").one_line(
        2, "fees.fe: no such setting of flat (did you mean 'fees.fee'?)"
    )


def test_parameters_by_layer_are_shown_and_loaded(tmp_path: Path, call: Call) -> None:
    """A rule whose parameters are lists of lists, or one number for all: in JSON,
    in the table, and stored.
    """
    words = (*TOY, "pool/rule=triple_threat_mean_reversion_channel", "fit.steps=0")
    told = call("train", *words, "--json").json
    raw = told["params"]["raw"]
    layered = [name for name, value in raw.items() if isinstance(value[0], list)]
    assert layered
    again = call("simulate", "--run", told["run"], "--json").json
    assert again["params"] == told["params"]
    assert "memory_days" in call("evaluate", *words).out
    json.dumps(told)
