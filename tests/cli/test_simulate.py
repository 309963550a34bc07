"""``qsim simulate``: given parameters, one period, every source of prices."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import toy
from toy import TOY, Call

SHORT = ("tokens=[BTC,ETH,USDC]", "start=2021-01-06", "end=2021-01-09", "data.burn_in_days=2")
STORED = ("tokens=[BBB,AAA]", *(word for word in TOY if not word.startswith(("tokens", "data"))))
"""The toy run on prices from files, warmed by all there is of them before it."""
DAYS_BEFORE = 5
ROWS = slice(DAYS_BEFORE * 1440, DAYS_BEFORE * 1440 + toy.ROWS)


def arrays(told: Any, folder: Path) -> dict[str, Any]:
    with np.load(folder / told["files"]["trajectory"], allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def test_it_uses_start_to_end_and_ignores_what_training_needs(tmp_path: Path, call: Call) -> None:
    told = call("simulate", *TOY, "--json").json
    path = arrays(told, tmp_path)
    assert len(path["unix"]) == toy.ROWS
    assert path["unix"][-1] == np.datetime64("2021-01-23T23:59", "ms").astype(int)
    assert told["final"]["value"] == path["value"][-1]
    other = call(
        "simulate",
        *TOY,
        "test_end=null",
        "fit.steps=3",
        "split.bout_offset=7",
        "metric=sharpe",
        "--json",
    ).json
    assert other["fingerprint"] == told["fingerprint"]
    assert not list((tmp_path / "runs").glob("*.json"))


def test_every_executor_can_be_asked_for_by_name(tmp_path: Path) -> None:
    """One in a process of its own, where settings are checked before JAX is started.

    The values agree.
    """
    words = ("simulate", *SHORT, "fees=flat", "fees.fee=0.003", "--json")
    done = [
        toy.script(*words, "fees.executor=scan", folder=tmp_path),
        toy.call(*words, "fees.executor=compiled", folder=tmp_path),
    ]
    assert [each.code for each in done] == [0, 0], done
    one, other = (each.json["final"]["value"] for each in done)
    assert one == pytest.approx(other, rel=1e-11)


def test_parameters_are_part_of_what_it_is_called(call: Call) -> None:
    names = [
        call("simulate", *TOY, *more, "--dry-run", "--json").json["run"]
        for more in ((), ("params.k_per_day=9",), ("fees=flat",))
    ]
    assert len(set(names)) == 3


def test_it_simulates_a_run_that_was_trained(trained: Path, call: Call) -> None:
    told = call(
        "simulate", "--run", toy.checkpoint(trained).stem[4:14], "--load", "best_train", "--json"
    ).json
    own = call("evaluate", *TOY, "--load", "best_train", "--json").json
    assert told["params"] == own["params"]
    assert told["selection"] == own["selection"] | {"run": own["run"]}
    assert told["final"]["value"] == pytest.approx(
        arrays(own, trained)["value"][toy.ROWS - 1], rel=1e-12
    )
    call("simulate", *TOY, "--load", "best_train").one_line(2, "--load: needs --run RUN")


def test_tokens_keep_the_users_order_everywhere(tmp_path: Path, call: Call) -> None:
    order = ("params.k_per_day=[5,50,1]", "params.initial_weights=[0.2,0.3,0.5]")
    other = (
        "tokens=[USDC,BTC,ETH]",
        "params.k_per_day=[1,5,50]",
        "params.initial_weights=[0.5,0.2,0.3]",
    )
    one, two = (
        call("simulate", *SHORT, *order, "--json").json,
        call("simulate", *SHORT, *other, "--json").json,
    )
    first, second = arrays(one, tmp_path), arrays(two, tmp_path)
    turn = [2, 0, 1]
    assert np.array_equal(first["prices"][:, turn], second["prices"])
    assert first["weights"][0] == pytest.approx([0.2, 0.3, 0.5], rel=1e-12)
    for name in ("weights", "reserves"):
        assert first[name][:, turn] == pytest.approx(second[name], rel=1e-9), name
        assert np.asarray(one["final"][name])[turn] == pytest.approx(two["final"][name], rel=1e-9)
    assert np.asarray(one["params"]["readable"]["k_per_day"])[turn] == pytest.approx(
        two["params"]["readable"]["k_per_day"], rel=1e-12
    )
    assert one["metrics"]["returns"] == pytest.approx(two["metrics"]["returns"], rel=1e-9)


def test_hodl_holds(tmp_path: Path, call: Call) -> None:
    told = call(
        "simulate", *SHORT, "pool=hodl", "params.initial_weights=[0.2,0.3,0.5]", "--json"
    ).json
    path = arrays(told, tmp_path)
    assert np.ptp(path["reserves"], axis=0).max() == 0
    assert path["reserves"][0] * path["prices"][0] == pytest.approx([2e5, 3e5, 5e5])
    assert path["weights"] == pytest.approx(
        path["reserves"] * path["prices"] / path["value"][:, None]
    )
    assert told["metrics"]["returns_over_hodl"] == pytest.approx(0, abs=1e-12)


@pytest.fixture
def bars(tmp_path: Path) -> dict[str, Any]:
    """The days of the toy run and the five before it, as minutes of two
    other tokens, in columns.
    """
    random = np.random.default_rng(5)
    minutes = DAYS_BEFORE * 1440 + toy.ROWS + toy.TEST
    unix = (np.datetime64("2021-01-03", "s").astype(np.int64) + 60 * np.arange(minutes)) * 1000
    walk = np.exp(np.cumsum(random.standard_normal((minutes, 2)) * 1e-3, axis=0))
    return {"unix": unix, "AAA": 100 * walk[:, 0], "BBB": 3 * walk[:, 1]}


def write(bars: dict[str, Any], folder: Path, kind: str) -> None:
    import polars

    folder.mkdir()
    for token in ("AAA", "BBB"):
        frame = polars.DataFrame({"unix": bars["unix"], "close": bars[token]})
        getattr(frame, f"write_{kind}")(folder / f"{token}_USD.{kind}")


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_prices_come_from_files(
    kind: str, bars: dict[str, Any], tmp_path: Path, call: Call
) -> None:
    write(bars, tmp_path / "prices", kind)
    words = (*STORED, f"data={kind}", "data.dir=prices")
    told = call("simulate", *words, "--json").json
    path = arrays(told, tmp_path)
    assert np.array_equal(path["prices"], np.stack([bars["BBB"], bars["AAA"]], axis=1)[ROWS])
    assert np.array_equal(path["unix"], bars["unix"][ROWS])
    trained = call("train", *words, "--json")
    assert trained.json["status"] == "new", trained.err
    assert f"after {DAYS_BEFORE} days of burn-in" in trained.err
    assert toy.document(tmp_path)["provenance"]["places"] == {"data.dir": "prices"}
    (tmp_path / "prices").rename(tmp_path / "moved")
    again = call(
        "evaluate", "--run", trained.json["run"], f"data={kind}", "data.dir=moved", "--json"
    ).json
    assert again["metrics"] == trained.json["metrics"]


def test_parquet_and_csv_of_the_same_prices_score_alike(
    bars: dict[str, Any], tmp_path: Path, call: Call
) -> None:
    told = []
    for kind in ("parquet", "csv"):
        write(bars, tmp_path / kind, kind)
        told.append(call("simulate", *STORED, f"data={kind}", f"data.dir={kind}", "--json").json)
    assert told[0]["metrics"] == told[1]["metrics"]
    assert told[0]["run"] != told[1]["run"]


def test_recorded_fees_hold_from_their_minute_on(tmp_path: Path, call: Call) -> None:
    """A file that says 30 bps throughout is a flat fee of 30 bps; one that begins later is not."""
    first = np.datetime64("2021-01-01", "s").astype(int)
    (tmp_path / "all.csv").write_text(f"unix,fee\n{first},0.003\n")
    (tmp_path / "late.csv").write_text(f"unix,fee\n{first + 7 * 86400},0.003\n")
    flat = call("simulate", *SHORT, "fees=flat", "fees.fee=0.003", "--json").json
    same = call("simulate", *SHORT, "fees=recorded", "fees.file=all.csv", "--json").json
    late = call("simulate", *SHORT, "fees=recorded", "fees.file=late.csv", "--json").json
    assert same["final"]["value"] == pytest.approx(flat["final"]["value"], rel=1e-12)
    assert late["final"]["value"] != pytest.approx(flat["final"]["value"], rel=1e-9)
    (tmp_path / "bad.csv").write_text("unix,fe\n1,1\n")
    call("simulate", *SHORT, "fees=recorded", "fees.file=bad.csv").one_line(
        3, "bad.csv", "did you mean 'fee'"
    )
    call("simulate", *SHORT, "fees=recorded").one_line(2, "fees=recorded needs a file")
    call("simulate", *SHORT, "fees=recorded", "fees.file=none.csv").one_line(3, "none.csv")
