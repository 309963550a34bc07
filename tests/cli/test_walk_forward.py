"""``split=walk_forward``: cycles that are ordinary runs, one object and one file about all of
them, nothing trained twice.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import toy
from toy import TOY, Call

WALK = (*TOY, "test_end=2021-02-01", "split=walk_forward", "split.cycles=2")
BLOCKS = [("2021-01-08", "2021-01-24", "2021-01-28"), ("2021-01-12", "2021-01-28", "2021-02-01")]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a walk-forward of two cycles, and what was told of it; only to be read."""
    folder = tmp_path_factory.mktemp("walk")
    answer = toy.call("train", *WALK, "--json", folder=folder)
    assert answer.code == 0, answer.err
    (folder / "answer.json").write_text(answer.out)
    return folder


@pytest.fixture
def walk(done: Path, tmp_path: Path) -> Path:
    """The empty folder with a copy of it."""
    shutil.copytree(done / "runs", tmp_path / "runs")
    return tmp_path


def told(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "answer.json").read_text())
    return found


def plain(answer: dict[str, Any]) -> dict[str, Any]:
    """Without what may differ from call to call."""
    cycles = [
        {key: value for key, value in each.items() if key != "status"} for each in answer["cycles"]
    ]
    return {key: answer[key] for key in ("run", "fingerprint", "aggregate", "verdict")} | {
        "cycles": cycles
    }


def test_each_cycle_is_the_run_of_its_own_dates(done: Path) -> None:
    """A holdout of the same dates is the same run, is there already,
    and is told with the same numbers.
    """
    answer = told(done)
    assert answer["status"] == "new"
    assert [(each["start"], each["end"], each["test_end"]) for each in answer["cycles"]] == BLOCKS
    for each, (start, end, test_end) in zip(answer["cycles"], BLOCKS, strict=True):
        own = toy.call(
            "train",
            *TOY,
            f"start={start}",
            f"end={end}",
            f"test_end={test_end}",
            "--json",
            folder=done,
        ).json
        assert (own["run"], own["status"], own["selection"]) == (
            each["run"],
            "reused",
            each["selection"],
        )
        assert own["metrics"] == each["metrics"] and own["benchmarks"] == each["benchmarks"]


def test_days_out_of_sample_are_those_of_the_cycles_one_after_the_other(done: Path) -> None:
    """Eight days, none doubled, each the change of the run's own trajectory from the
    midnight before it to its own.
    """
    answer = told(done)
    with np.load(done / answer["files"]["daily"], allow_pickle=False) as file:
        daily = {name: file[name] for name in file.files}
    assert set(daily) == {"unix", "cycle", "pool", "hodl", "uniform_hodl", "constant_weight"}
    days = np.arange("2021-01-24", "2021-02-01", dtype="datetime64[D]")
    assert np.array_equal(daily["unix"], days.astype("datetime64[ms]").astype(np.int64))
    assert daily["cycle"].tolist() == [1] * 4 + [2] * 4
    expected = []
    for each in answer["cycles"]:
        choice = each["selection"]
        path = (
            done
            / "runs"
            / each["run"]
            / f"{choice['load']}-{choice['step']}-{choice['set']}"
            / "trajectory.npz"
        )
        with np.load(path, allow_pickle=False) as file:
            midnights = file["value"][toy.ROWS - 1 :: 1440]
        expected += list(midnights[1:] / midnights[:-1] - 1)
    np.testing.assert_allclose(daily["pool"], expected, rtol=0, atol=1e-12)


def test_the_file_says_what_was_printed(done: Path) -> None:
    """The settings too; and it is strict JSON."""
    answer = told(done)
    kept = json.loads(
        (done / answer["files"]["result"]).read_text(),
        parse_constant=lambda name: pytest.fail(name),
    )
    assert kept["settings"]["split"]["kind"] == "walk_forward"
    assert {key: kept[key] for key in plain(answer)} == plain(answer)
    assert (
        Path(answer["files"]["result"]).parent.name
        == answer["run"]
        == f"walk_{answer['fingerprint']}"
    )


def test_evaluate_takes_what_is_trained_and_trains_what_is_not(
    walk: Path, done: Path, call: Call
) -> None:
    """Whichever command, whatever was lost: the same answer and the same file to the byte."""
    answer = told(done)
    result, second = walk / answer["files"]["result"], answer["cycles"][1]["run"]
    before = result.read_bytes()
    first = (walk / "runs" / f"{answer['cycles'][0]['run']}.json").stat().st_mtime_ns
    (walk / "runs" / f"{second}.json").unlink()
    shutil.rmtree(walk / "runs" / second)
    shutil.rmtree(result.parent)
    again = call("evaluate", *WALK, "--json").json
    assert [each["status"] for each in again["cycles"]] == ["reused", "new"]
    assert plain(again) == plain(answer)
    assert result.read_bytes() == before
    assert (walk / "runs" / f"{answer['cycles'][0]['run']}.json").stat().st_mtime_ns == first
    assert call("runs", "verify", "--json").json["sound"] == 2
    assert len(call("runs", "list", "--json").json["runs"]) == 2


def test_its_name_is_enough(walk: Path, done: Path, call: Call) -> None:
    """Listed, shown and drawn by a few digits as the words that made it would;
    nothing is trained or scored again.
    """
    answer = told(done)
    (line,) = call("runs", "list", "--json").json["walk_forwards"]
    expected = {
        "cycles": 2,
        "best": answer["aggregate"]["outside"],
        "finding": "not enough data",
        "pool": "temporal/momentum",
    }
    assert expected.items() <= line.items() and (line["run"], line["status"]) == (
        answer["run"],
        "finished",
    )
    shown = call("runs", "show", answer["fingerprint"][:8], "--json").json
    assert plain(shown) == plain(answer)
    assert "walk-forward efficiency" in call("runs", "show", answer["run"][:13]).out
    drawn = call("report", answer["fingerprint"][:8], "--json").json
    files = {name: (walk / path).read_bytes() for name, path in drawn["files"].items()}
    by_words = call("report", *WALK, "--json").json
    assert files == {name: (walk / path).read_bytes() for name, path in by_words["files"].items()}
    assert set(files) == {"result", "daily", "report", "value_plot", "cycles_plot"}
    short = answer["run"][:17]
    call("report", short, "fit.steps=7").one_line(2, "give the full settings")
    call("report", short, "--periods", "2021-01-24..2021-01-28").one_line(
        2, "--periods: needs a run"
    )
    call("report", short, "--load", "best_test").one_line(
        4, "has no result-best_test.json (there is: the usual choice, without --load)"
    )
    call("evaluate", "--run", short).one_line(4, f"{short}… is a walk-forward, expected a run")


@pytest.mark.parametrize("name", ["result", "daily"])
def test_verify_reads_it_too(name: str, walk: Path, done: Path, call: Call) -> None:
    """One altered digit or bit is found, told by all who would read it,
    and the same words mend it.
    """
    path = walk / told(done)["files"][name]
    before = path.read_bytes()
    data = bytearray(before)
    place = data.rindex(b"0.") + 2 if name == "result" else len(data) // 2
    data[place] ^= 1
    path.write_bytes(data)
    call("runs", "verify").one_line(4, "1 file(s) are damaged", path.name, "was cut or altered")
    assert call("runs", "list", "--json").json["walk_forwards"][0]["status"] == "damaged"
    call("runs", "show", told(done)["run"]).one_line(4, path.name, "was cut or altered")
    call("evaluate", *WALK, "--json")
    assert path.read_bytes() == before
    assert call("runs", "verify", "--json").json["walk_forwards"] == 1


def test_people_read_cycles_aggregate_and_verdict(walk: Path, call: Call) -> None:
    """Tables on stdout, what is being done on stderr."""
    answer = call("train", *WALK)
    for text in (
        "trains from",
        "OOS",
        "WFE",
        "beats random",
        "walk-forward efficiency",
        "deflated Sharpe",
        "verdict: not enough data",
    ):
        assert text in answer.out
    assert "8 out-of-sample days; at least 60 are needed." in answer.out
    assert "nan" not in answer.out
    assert "cycle 2 of 2: trains from 2021-01-12, tests from 2021-01-28 to 2021-02-01" in answer.err


def test_a_choice_on_the_test_is_called_one_everywhere(walk: Path, done: Path, call: Call) -> None:
    """In the tables, in the verdict, in the file, which is another than
    that of the usual choice.
    """
    before = (walk / told(done)["files"]["result"]).read_bytes()
    answer = call("evaluate", *WALK, "--load", "best_test")
    assert "OOS" not in answer.out
    assert "chosen on the test blocks: nothing is out of sample" in answer.out
    assert "(--load best_test): nothing here is out of sample" in answer.out
    found = call("evaluate", *WALK, "--load", "best_test", "--json").json
    assert (
        found["verdict"]["finding"] == "not enough data"
        and found["verdict"]["out_of_sample"] is False
    )
    assert json.loads((walk / found["files"]["result"]).read_text())["verdict"] == found["verdict"]
    assert (walk / told(done)["files"]["result"]).read_bytes() == before


def test_a_warm_start_is_what_the_cycle_before_selected(walk: Path, done: Path, call: Call) -> None:
    """The first cycle is the one without; the second has run, step and set among its settings
    and begins at those numbers.
    """
    answer = call("train", *WALK, "split.warm_start=true", "--json").json
    one, two = answer["cycles"]
    assert (one["run"], one["status"]) == (told(done)["cycles"][0]["run"], "reused")
    settings = json.loads((walk / "runs" / f"{two['run']}.json").read_text())
    chosen = {
        "run": one["run"][4:],
        "step": one["selection"]["step"],
        "set": one["selection"]["set"],
    }
    assert settings["settings"]["warm_start"] == chosen
    history = [
        json.loads(line)["entry"]
        for line in (walk / "runs" / one["run"] / "history.jsonl").read_text().splitlines()
    ]
    expected = {
        name: sets[chosen["set"]] for name, sets in history[chosen["step"]]["params"].items()
    }
    assert {name: sets[0] for name, sets in settings["entries"][0]["params"].items()} == expected


def test_a_study_takes_the_mean_over_the_cycles(call: Call) -> None:
    """A trial's cycles are runs to be reused; the best one as an
    experiment is a walk-forward again.
    """
    words = (*WALK, "space=none", "space.params.k_per_day=[1,200,log]", "study.trials=2")
    answer = call("tune", *words, "--json")
    assert "evaluate the best of them on days after test_end" in answer.err
    first = answer.json["trials"][0]
    assert answer.json["objective"] == f"test.{toy.METRIC}"
    cycles = call(
        "train", *WALK, f"params.k_per_day={first['settings']['params.k_per_day']!r}", "--json"
    ).json
    assert first["run"] == cycles["run"]
    assert {each["status"] for each in cycles["cycles"]} == {"reused"}
    scores = [each["metrics"]["test"][toy.METRIC] for each in cycles["cycles"]]
    assert first["value"] == pytest.approx(sum(scores) / 2, rel=1e-12)
    best = answer.json["best"]
    again = call("train", f"conf={best['experiment']}", "--dry-run", "--json").json
    assert again["run"] == best["run"]


def test_dry_run_names_the_cycles_and_touches_nothing(
    tmp_path: Path, call: Call, done: Path
) -> None:
    found = call("train", *WALK, "--dry-run", "--json").json
    assert [each["run"] for each in found["cycles"]] == [
        each["run"] for each in told(done)["cycles"]
    ]
    assert found["run"] == told(done)["run"]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("test_end=null",), "test_end: null, but split=walk_forward tests on blocks"),
        (("split.cycles=5",), "split.cycles: 5 blocks of the 8 days"),
        (
            ("--load", "best_validation", "split.validation_fraction=0"),
            "--load: best_validation: these settings have no validation period",
        ),
        (
            ("--periods", "2021-01-24..2021-01-28"),
            "--periods: cannot be combined with split=walk_forward",
        ),
    ],
)
def test_wrong_words_are_one_line(
    words: tuple[str, ...], said: str, tmp_path: Path, call: Call
) -> None:
    """Found before any price is read."""
    call("evaluate", *WALK, *words).one_line(2, said)
    assert not list(tmp_path.iterdir())
