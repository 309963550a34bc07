"""Simulations, grids and sweeps are kept like other results, copied, and taken as inputs."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars
import pytest
import toy
from toy import Call

from quantamm_cli.workflows.trajectory import daily_sums, summed

DATES = ("tokens=[BTC,ETH]", "start=2021-01-08", "end=2021-01-11T12:00", "data.burn_in_days=5")
COSTLY = ("fees=flat", "fees.fee=0.003")
ROWS = 3 * 1440 + 720


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a simulation, a grid and a sweep; ``names`` has their names, a line each."""
    folder = tmp_path_factory.mktemp("simulated")
    grid = ("grid.k_per_day=[1,10,2,log]", "grid.fees.fee.choices=[0.001,0.003]")
    game = ("strategies=[fixed_fee]", "steps=100", "epoch.length=50", "simulations=8")
    jobs: Sequence[Sequence[str]] = (
        ("simulate", *DATES, *COSTLY, "output.every=60"),
        ("simulate", *DATES, *COSTLY, *grid, "--out", "grid.parquet"),
        ("compete", *game, "--sweep", "fee_bps=30:50:10"),
    )
    names = [toy.call(*words, "--json", folder=folder).json["run"] for words in jobs]
    (folder / "names").write_text("\n".join(names))
    return folder


@pytest.fixture
def names(made: Path) -> list[str]:
    """Of the simulation, the grid and the sweep."""
    return (made / "names").read_text().split()


@pytest.fixture
def ask(made: Path) -> Call:
    """``qsim`` in that folder."""

    def call(*words: str) -> toy.Answer:
        return toy.call(*words, folder=made)

    return call


def test_they_are_listed_shown_verified_and_run_again(ask: Call, names: list[str]) -> None:
    """As other results are."""
    listed = ask("runs", "list", "--json").json
    kinds = ("simulations", "grids", "competitions")
    for kind, name in zip(kinds, names, strict=True):
        assert name in [each["run"] for each in listed[kind]]
    assert ask("runs", "verify", "--json").json["simulations"] == len(listed["simulations"])
    for name in names[:2]:
        shown = ask("runs", "show", name[:14], "--json").json
        assert (shown["run"], shown["status"]) == (name, "finished")
        assert shown["settings"]["fees"]["fee"] == 0.003
        assert shown["provenance"]["inputs"]["prices"]
        assert ask("reproduce", name, "--json").json["same"]
    ask("evaluate", "--run", names[0]).one_line(4, "is a simulation, expected a run", "runs show")
    assert "simulation" in ask("runs", "list").out


def test_they_have_pages(ask: Call, names: list[str], made: Path) -> None:
    """One page each; what is drawn again leaves the rows of the trajectory as they were."""
    rows = {path: path.read_bytes() for path in made.glob("runs/run_*/trajectory.npz")}
    for name in names:
        answer = ask("report", name, "--json").json
        page = (made / answer["files"]["report"]).read_text("utf-8")
        assert "<img" in page and "</html>" in page
    assert {path: path.read_bytes() for path in made.glob("runs/run_*/trajectory.npz")} == rows
    ask("report", names[0], "fees.fee=0.01").one_line(2, "fees.fee", "stored settings")
    ask("report", names[1], "--sets", "all").one_line(2, "--sets", "is a grid")


def test_a_damaged_one_is_told(ask: Call, names: list[str], made: Path) -> None:
    """In the list, by name, and by ``runs verify``."""
    path = made / "runs" / names[1] / "grid.json"
    whole = path.read_text()
    try:
        path.write_text(whole.replace('"metric"', '"Metric"', 1))
        assert ask("runs", "list", "--json").json["grids"][0]["status"] == "damaged"
        ask("runs", "verify").one_line(4, "grid.json", "was cut or altered")
        ask("runs", "show", names[1]).one_line(4, "was cut or altered", "run the same command")
        grid = ("grid.k_per_day=[1,10,2,log]", "grid.fees.fee.choices=[0.001,0.003]")
        assert ask("simulate", *DATES, *COSTLY, *grid).code == 0
        assert path.read_text() == whole
    finally:
        path.write_text(whole)


def test_a_copy_has_the_form_of_its_ending(ask: Call, made: Path) -> None:
    """The same rows as parquet, CSV and arrays; flows are sums since the row before."""
    words = ("simulate", *DATES, *COSTLY, "output.every=60", "--json")
    run = ask(*words, "--out", "copies/rows.parquet").json
    assert run["files"]["out"] == "copies/rows.parquet"
    table = polars.read_parquet(made / "copies" / "rows.parquet")
    ask(*words, "--out", "copies/rows.csv")
    assert polars.read_csv(made / "copies" / "rows.csv").equals(table)
    ask(*words, "--out", "copies/rows.npz")
    arrays, copy = np.load(made / run["files"]["trajectory"]), np.load(made / "copies" / "rows.npz")
    for name in arrays.files:
        np.testing.assert_array_equal(arrays[name], copy[name], err_msg=name)
    assert table.columns == [
        *("unix", "value", "fees", "arbitrage_volume", "trade_volume", "refused"),
        *(
            f"{name}_{token}"
            for name in ("price", "weight", "reserves")
            for token in ("BTC", "ETH")
        ),
    ]
    np.testing.assert_array_equal(table["reserves_ETH"], arrays["reserves"][:, 1])
    every = np.load(made / ask(*words[:-2], "--json").json["files"]["trajectory"])
    assert len(every["unix"]) == ROWS
    for name in ("fees", "arbitrage_volume"):
        assert every[name].sum() > 0
        np.testing.assert_allclose(arrays[name].cumsum(), every[name].cumsum()[::60], rtol=1e-9)
        np.testing.assert_allclose(arrays[f"day_{name}"].sum(), every[name].sum(), rtol=1e-12)
    assert arrays["day_unix"].tolist() == [arrays["unix"][0] + 86_400_000 * n for n in range(4)]
    ask(*words, "--out", "rows.txt").one_line(2, "--out", "rows.txt", ".npz, .parquet, .csv")
    ask(*words, "--out", "rows.csv", "-m").one_line(2, "--out", "-m")
    points = polars.read_parquet(made / "grid.parquet")
    assert points.columns[:3] == ["k_per_day", "fees.fee", "daily_log_sharpe"]
    assert points.height == 4


def test_a_sweep_is_kept_with_its_jobs(tmp_path: Path, call: Call) -> None:
    """Each combination with its values, scores or failure; shown, drawn, run again."""
    words = ("simulate", "-m", *DATES, *COSTLY, "params.k_per_day=1,10", "fees.gas_cost=0,-1")
    answer = call(*words, "--json")
    assert answer.code == 2
    swept = answer.json
    listed = call("runs", "list", "--json").json["sweeps"]
    assert [(each["run"], each["jobs"]) for each in listed] == [(swept["run"], 4)]
    shown = call("runs", "show", swept["run"][:14], "--json").json
    assert shown["axes"] == {"params.k_per_day": ["1", "10"], "fees.gas_cost": ["0", "-1"]}
    assert [job.get("run") for job in shown["jobs"]] == [job.get("run") for job in swept["runs"]]
    assert shown["jobs"][0]["scores"]["all"] == swept["runs"][0]["metrics"]
    assert "-1" in shown["jobs"][1]["error"]["message"]
    assert "params.k_per_day" in call("runs", "show", swept["run"]).out
    page = tmp_path / call("report", swept["run"], "--json").json["files"]["report"]
    assert "<img" in page.read_text("utf-8")
    again = call("reproduce", swept["run"], "--json").json
    assert (again["same"], len(again["parts"])) == (True, 2)
    assert call("runs", "verify").code == 0
    assert call(*words, "--json").json["run"] == swept["run"]


def test_sums_of_rows_and_days() -> None:
    """Of a row since the one before; of a day from its midnight on."""
    flow = np.arange(1.0, 9.0)
    np.testing.assert_array_equal(summed(flow, 1), flow)
    np.testing.assert_array_equal(summed(flow, 3), [1.0, 9.0, 18.0])
    unix = (np.array([1438, 1439, 1440, 1441, 2880]) * 60_000).astype(np.int64)
    days = daily_sums(unix, {"fees": np.array([1.0, 2.0, 4.0, 8.0, 16.0])})
    assert days["unix"].tolist() == [0, 86_400_000, 172_800_000]
    assert days["fees"].tolist() == [3.0, 12.0, 16.0]


def test_a_stored_run_is_the_weights_of_another(ask: Call, names: list[str]) -> None:
    """By digits or path, in the order of the other's tokens, sliced to its dates; it is an input
    with a digest as files are.
    """
    other = ("simulate", "tokens=[ETH,BTC]", "start=2021-01-08", "end=2021-01-10", "pool=given")
    first = ask("simulate", *DATES, *COSTLY, "--json").json
    names[0] = first["run"]
    words = (*other, *COSTLY, "output.every=1", "--json")
    answers = [
        ask(*words, f"data.series.weights={name}").json
        for name in (names[0], names[0][4:16], f"runs/{names[0]}")
    ]
    assert all(each["metrics"] == answers[0]["metrics"] for each in answers)
    assert answers[0]["data"]["series"].keys() == {"weights"}
    assert ask("reproduce", answers[0]["run"], "--json").json["same"]
    late = ask(*words, f"data.series.weights={names[0]}", "end=2021-01-12")
    late.one_line(3, "data.series.weights", "to 2021-01-11T12:00, this run needs", "2021-01-12")
    alien = ask(*words[:1], "tokens=[ETH,SOL]", *words[2:], f"data.series.weights={names[0]}")
    alien.one_line(3, "the stored run has no SOL; it has BTC, ETH")
    ask(*words, "data.series.weights=abcdef").one_line(3, "data.series.weights", "abcdef")
    wrong = ask(*words, f"data.series.weights={names[0]}", f"data.series.mine={names[0]}")
    wrong.one_line(3, "has no series mine", "reserves")


def test_a_pool_opens_with_the_reserves_of_a_stored_run(
    ask: Call, names: list[str], made: Path
) -> None:
    """At a time that it holds; the numbers are identity."""
    first = ask("simulate", *DATES, *COSTLY, "--json").json
    arrays = np.load(made / first["files"]["trajectory"])
    row = 1440 + 6 * 60
    words = ("simulate", "tokens=[ETH,BTC]", "start=2021-01-10", "end=2021-01-11", "pool=hodl")
    opened = ask(*words, f"initial_reserves={names[0][4:16]}@2021-01-09T06:00", "--json").json
    assert opened["final"]["reserves"] == arrays["reserves"][row, ::-1].tolist()
    numbers = ",".join(map(repr, arrays["reserves"][row, ::-1].tolist()))
    assert ask(*words, f"initial_reserves=[{numbers}]", "--json").json["run"] == opened["run"]
    never = ask(*words, f"initial_reserves={names[0]}@2021-01-12")
    never.one_line(3, "initial_reserves", "no row at 2021-01-12", "to 2021-01-11T11:59")
    ask(*words, "initial_reserves=abcdef@2021-01-09").one_line(3, "initial_reserves", "abcdef")
    ask(*words, f"initial_reserves={names[0]}").one_line(2, "RUN@TIME")
    ask(*words, f"initial_reserves={names[0]}@noon").one_line(2, "initial_reserves", "YYYY-MM-DD")
