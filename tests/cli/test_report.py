"""``qsim evaluate`` from other sides, and ``qsim report``: what is
drawn and where it is written.
"""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import toy
from toy import TOY, Call

PLOTS = {"value_plot", "weights_plot", "drawdown_plot", "training_plot", "parameters_plot"}
OWN = "again=2021-01-24..2021-01-28,2021-01-07..2021-01-11"
"""The test period, and one that begins before the run."""


@pytest.fixture(scope="module")
def asked(finished: Path) -> dict[str, Any]:
    """The toy run evaluated from every side, into the folder that all share."""
    words = ("--load", "best_test", "--periods", OWN, "--sets", "all", "--plots")
    return toy.call(
        "evaluate", "--run", toy.checkpoint(finished).stem, *words, "--json", folder=finished
    ).json


def test_every_side_agrees_with_the_others(asked: dict[str, Any]) -> None:
    """The chosen set is the pool, the first period a fresh start, own dates a period;
    parts sum; chance is counted.
    """
    chosen = next(each for each in asked["sets"] if each["set"] == asked["selection"]["set"])
    assert chosen["metrics"] == asked["metrics"]
    assert chosen["params"] == asked["params"]
    assert len(asked["sets"]) == 2
    assert asked["fresh"]["train"]["returns"] == pytest.approx(
        asked["metrics"]["train"]["returns"], rel=1e-9
    )
    assert asked["periods"]["again"]["metrics"] == asked["fresh"]["test"]
    assert (asked["periods"]["2"]["start"], asked["periods"]["2"]["end"]) == (
        "2021-01-07",
        "2021-01-11",
    )
    assert asked["periods"]["2"]["metrics"]["returns"] is not None
    assert {"lvr", "rvr", "random"} <= set(asked["benchmarks"])
    for period, parts in asked["decomposition"].items():
        assert parts["returns"] == pytest.approx(asked["metrics"][period]["returns"], rel=1e-12)
        assert sum(parts.values()) == pytest.approx(2 * parts["returns"], rel=1e-12)
        assert 0 <= asked["random"]["beaten"][period]["daily_log_sharpe"] <= 1


def test_plots_stand_beside_the_trajectory(asked: dict[str, Any], finished: Path) -> None:
    home = Path(asked["files"]["trajectory"]).parent
    assert set(asked["files"]) >= PLOTS
    for name in PLOTS:
        assert Path(asked["files"][name]).parent == home
        assert (finished / asked["files"][name]).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_the_page_of_a_run_needs_nothing_else(trained: Path, call: Call) -> None:
    """Every picture is inside and nothing is fetched."""
    told = call("report", toy.checkpoint(trained).stem[4:12], "--load", "last", "--json").json
    assert told["command"] == "report"
    assert told["selection"]["load"] == "last"
    assert set(told["files"]) >= PLOTS
    page = (trained / told["files"]["report"]).read_text(encoding="utf-8")
    assert page.count('src="data:image/png;base64,') == 5
    assert set(re.findall(r'(?:src|href)="([a-z]+:)', page)) == {"data:"}
    assert "<script" not in page


def test_words_that_ask_for_nothing_there_is_are_one_line(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is computed; and a library that is missing is named."""
    toy.call("evaluate", *TOY, "--sets", "0,2", folder=finished).one_line(
        2, "--sets: '2' is not a parameter set; this run has 0, 1"
    )
    toy.call("evaluate", *TOY, "--periods", "x", folder=finished).one_line(
        2, "--periods: 'x' is not a period"
    )
    far = ("--periods", "late=2031-01-01..2031-02-01")
    toy.call("evaluate", *TOY, *far, folder=finished).one_line(
        2, "--periods: late: BTC has prices from 2021-01-01 to 2026-01-01"
    )
    toy.call("report", "abcdef", folder=finished).one_line(4, "no run begins with abcdef")
    toy.call("report", "abcdef", "123456", folder=finished).one_line(2, "give one RUN")
    monkeypatch.setattr("quantamm_cli.workflows.plots.find_spec", lambda name: None)
    for words in (("report", *TOY), ("evaluate", *TOY, "--plots"), ("simulate", *TOY, "--plots")):
        toy.call(*words, folder=finished).one_line(2, "matplotlib: plots need it")


def test_what_cannot_be_written_is_one_line(
    trained: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page's path is printed; with a folder in its place nothing half-written is left,
    and the plots of before stay.
    """
    empty = b"\x89PNG\r\n\x1a\n" + bytes(16)  # drawing is another test's
    pictures = dict.fromkeys((name.removesuffix("_plot") for name in PLOTS), empty)
    monkeypatch.setattr("quantamm_cli.workflows.plots.images", lambda kind, subject: pictures)
    path = call("report", *TOY).out.splitlines()[-1]
    page = trained / path
    page.unlink()
    page.mkdir()
    call("report", *TOY).one_line(4, f"{path}: cannot be written")
    assert not list(page.parent.glob(".*"))
    assert (page.parent / "value.png").is_file()


OWN_PLOT = """
from quantamm_cli.reporting.plot import plot


@plot("count", of="competition", caption="How many took part.", order=15, heading="Edge")
def count(competition):
    from quantamm_cli.reporting import style

    figure, (axes,) = style.panels("Count", "", 1, 1.0)
    axes.plot([len(competition.edges)], "o")
    return figure
"""


def test_a_plot_of_a_plugin_is_on_the_page_of_what_is_stored(
    root: Path, tmp_path: Path, call: Call, own_kinds: None
) -> None:
    """It is named once, where it is declared."""
    (stored,) = (root / "tests/goldens/stored/runs").glob("compete_*/receipt.json")
    shutil.copytree(stored.parent, tmp_path / "runs" / stored.parent.name)
    (tmp_path / "mine.py").write_text(OWN_PLOT)
    told = call("report", stored.parent.name, "plugins=[mine.py]", "--json").json
    assert [name for name in told["files"] if name.endswith("_plot")] == [
        "edge_plot",
        "count_plot",
        "seeds_plot",
    ]
    assert (tmp_path / told["files"]["count_plot"]).is_file()
    page = (tmp_path / told["files"]["report"]).read_text(encoding="utf-8")
    assert page.count("<figcaption>") == 3
    assert (
        page.index("95 % interval")
        < page.index("How many took part.")
        < page.index("share of seeds")
    )
