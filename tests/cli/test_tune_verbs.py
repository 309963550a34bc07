"""``qsim tune VERB STUDY``, several objectives, limits, and which trial is never the best."""

import csv
import json
import math
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import polars
import pytest
import toy
from stand_in import Metrics, StandIn
from toy import METRIC, TOY, Call

from quantamm_cli.errors import ConfigError, DivergedError
from quantamm_cli.settings.run import Train
from quantamm_cli.tuning import leases
from quantamm_cli.workflows.study_reports import TrialOver

SPACE = ("space=none", "space.fit.learning_rate=[0.001,1,log]")
WORDS = ("tune", *TOY, *SPACE, "study.constraints.max_drawdown=0.05", "study.trials=8")
STATES = ["finished", "failed", "pruned", "failed", *["finished"] * 4]


def mixed(stand_in: StandIn) -> None:
    """One diverges, one is pruned, one has no score, the best score is beyond the limit."""

    def before(count: int, settings: Train) -> None:
        if count == 2:
            raise DivergedError("fit", "no finite candidate is left")
        if count == 3:
            raise TrialOver("after step 2 of 6, at 99")

    def after(count: int, metrics: Metrics) -> None:
        if count == 4:
            metrics["validation"][METRIC] = math.nan
        if count == 5:
            metrics["validation"] = {METRIC: 1000.0, "max_drawdown": -0.5}

    stand_in.before, stand_in.after = before, after


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A study of which everything can be said. Tests may add to it what no other test looks at."""
    folder = tmp_path_factory.mktemp("study")
    with pytest.MonkeyPatch.context() as patch:
        mixed(StandIn.instead(patch))
        answer = toy.call(*WORDS, "--json", folder=folder)
        assert answer.code == 0, answer.err
        (folder / "answer.json").write_text(answer.out)
        yield folder


@pytest.fixture
def asked(folder: Path) -> Call:
    return partial(toy.call, folder=folder)


@pytest.fixture
def made(folder: Path) -> dict[str, Any]:
    """What ``qsim tune`` said."""
    answer: dict[str, Any] = json.loads((folder / "answer.json").read_text())
    return answer


@pytest.fixture
def name(made: dict[str, Any]) -> str:
    return str(made["study"])[:14]


def test_what_has_no_score_or_is_beyond_a_limit_is_never_the_best(
    made: dict[str, Any], asked: Call, name: str
) -> None:
    trials = made["trials"]
    assert [each["state"] for each in trials] == STATES
    assert [each["value"] for each in trials[1:4]] == [None] * 3
    assert trials[3]["reason"] == f"validation.{METRIC} is nan" or "nan" in trials[3]["reason"]
    assert trials[4]["value"] == 1000.0
    assert trials[4]["violations"]["max_drawdown"] == pytest.approx(0.45)
    within = [each for each in trials if each["value"] is not None]
    within = [each for each in within if each["violations"]["max_drawdown"] <= 0]
    assert 0 not in [each["number"] for each in within]  # its rate is 0.1
    best = max(within, key=lambda each: each["value"])
    assert made["best"]["number"] == best["number"]
    assert asked("tune", "best", name, "--json").json["best"] == made["best"]


def test_status(made: dict[str, Any], asked: Call, name: str, folder: Path) -> None:
    state = asked("tune", "status", name, "--json").json
    assert state == {
        "command": "tune",
        "study": made["study"],
        "objective": f"validation.{METRIC}",
        "trials": {"waiting": 0, "running": 0, "finished": 5, "pruned": 1, "failed": 2},
        "workers": [],
        "best": made["best"],
    }
    text = asked("tune", "status", name)
    assert "5 finished, 1 pruned, 2 failed, best" in text.out
    assert "no worker is at it" in text.out
    with leases.lease(folder / "runs" / made["study"] / "workers", "3", 0.0) as lease:
        lease.write(trial=7, begun=0.0, step=3, steps=6, text="0.1")
        (worker,) = asked("tune", "status", name, "--json").json["workers"]
        assert (worker["worker"], worker["trial"]) == ("3", 7)
        assert "3/6" in asked("tune", "status", name).out
        again = asked(*WORDS, "--fresh")
        again.one_line(4, "workers are at its trials; first: qsim tune stop")


def test_trials(made: dict[str, Any], asked: Call, name: str) -> None:
    answer = asked("tune", "trials", name, "--json").json
    assert answer["trials"] == made["trials"]
    assert set(answer) == {"command", "study", "objective", "trials"}
    lines = asked("tune", "trials", name).out.splitlines()
    assert len(lines) == 2 + len(made["trials"])
    assert "after step 2 of 6, at 99" in lines[4]
    assert lines[6].endswith("beyond max_drawdown")  # it has the highest value
    (best,) = [line for line in lines if line.endswith("best")]
    assert best.split()[0] == str(made["best"]["number"])


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_export(made: dict[str, Any], asked: Call, name: str, folder: Path, ending: str) -> None:
    out = folder / f"trials{ending}"
    answer = asked("tune", "export", name, "--out", str(out), "--json").json
    assert answer["files"] == {"out": str(out)}
    if ending == ".csv":
        rows: Any = list(csv.DictReader(out.read_text().splitlines()))
    else:
        rows = polars.read_parquet(out).to_dicts()
    values = [float(row[f"validation.{METRIC}"] or "nan") for row in rows]
    expected = [math.nan if each["value"] is None else each["value"] for each in made["trials"]]
    assert values == pytest.approx(expected, nan_ok=True)
    assert list(rows[0]) == [
        "number",
        "state",
        f"validation.{METRIC}",
        "fit.learning_rate",
        "violation.max_drawdown",
        "run",
        "seconds",
        "reason",
    ]
    asked("tune", "export", name, "--out", "trials.txt").one_line(2, ".parquet or .csv")


def test_stop_without_workers_leaves_nothing(
    made: dict[str, Any], asked: Call, name: str, folder: Path
) -> None:
    assert asked("tune", "stop", name, "--json").json["workers"] == []
    assert not (folder / "runs" / made["study"] / "stop").exists()


def test_a_worker_that_comes_late_has_nothing_to_do(asked: Call, name: str) -> None:
    answer = asked("tune", "worker", name, "--json").json
    assert (answer["ended"], "stopped" in answer) == (0, False)


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (["best"], 2, "best: needs a study: qsim tune best STUDY"),
        (["statu", "STUDY"], 2, "did you mean 'status'?"),
        (["status", "STUDY", "more"], 2, "more: qsim tune status takes one study"),
        (["status", "STUDY", "fit.steps=3"], 2, "qsim tune status takes no settings"),
        (["status", "STUDY", "--fork"], 2, "--fork: is not an option of qsim tune status"),
        (["trials", "STUDY", "--fresh"], 2, "--fresh: is not an option of qsim tune trials"),
        (["status", "STUDY", "-m"], 2, "--multirun: is not an option of qsim tune status"),
        (["worker", "STUDY", "--out", "x.csv"], 2, "--out: is not an option of qsim tune worker"),
        (["best", "STUDY", "--pick", "nothing"], 2, "--pick: 'nothing' is no objective"),
        (["status", "abcdef1"], 4, "no study begins with abcdef1"),
        (["worker", "nix"], 4, "nix: is not a study"),
        (["retry", "STUDY", "2"], 2, "2 is not the number of a failed trial (1 3)"),
        (["retry", "STUDY", "²"], 2, "² is not the number of a failed trial"),
    ],
)
def test_what_a_verb_does_not_take(
    asked: Call, name: str, words: list[str], code: int, error: str
) -> None:
    asked("tune", *(name if word == "STUDY" else word for word in words)).one_line(code, error)


def test_export_is_needed_for_out(asked: Call) -> None:
    asked(*WORDS, "--out", "x.csv").one_line(2, "--out: is an option of qsim tune export")


def test_retry(tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed is tried once more, with the same values, beside the trials of the study."""
    stand_in = StandIn.instead(monkeypatch)
    mixed(stand_in)
    made = call(*WORDS, "--json").json
    name = made["study"]
    answer = call("tune", "retry", name, "3", "3", "--json").json
    assert answer == {"command": "tune", "study": name, "retried": [3], "added": [8]}
    call("tune", "retry", name, "3").one_line(2, "3 is not the number of a failed trial (1)")
    assert "trial 1 is tried again as trial 9" in call("tune", "retry", name).out
    assert "nothing to retry" in call("tune", "retry", name).out
    assert call("tune", "status", name, "--json").json["trials"]["waiting"] == 2
    answer = call("tune", "worker", name, "--json")
    assert (answer.code, answer.json["ended"]) == (0, 2)
    again = call(*WORDS, "--json").json
    assert again["status"] == "reused"
    trials = again["trials"]
    assert [each["state"] for each in trials] == [*STATES, "finished", "finished"]
    assert trials[8]["settings"] == trials[3]["settings"]
    assert trials[9]["run"] == trials[1]["run"] or trials[1].get("run") == trials[9]["run"]
    more = call(*WORDS, "study.trials=9", "--json").json["trials"]
    assert len(more) == 11


def test_a_worker_of_a_study_that_ended_early(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    def before(count: int, settings: Train) -> None:
        raise DivergedError("fit", "no finite candidate is left")

    StandIn.instead(monkeypatch).before = before
    call(*WORDS).one_line(5, "ended, as the first trials failed")
    (journal,) = tmp_path.rglob("study.journal")
    answer = call("tune", "worker", journal.parent.name)
    assert "ended 0 trials; the first trials failed; the last: fit: no finite" in answer.out
    assert answer.code == 0


TWO = (
    "tune",
    *TOY,
    *SPACE,
    f"study.objective=[validation.{METRIC},validation.max_drawdown]",
    "study.trials=7",
)


def test_several_objectives(tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    StandIn.instead(monkeypatch)
    call(*TWO, "--pick", "calmar").one_line(2, "--pick: 'calmar' is no objective")
    assert not list(tmp_path.iterdir())  # refused before the first trial
    made = call(*TWO, "--json").json
    names = [f"validation.{METRIC}", "validation.max_drawdown"]
    points = [tuple(each["values"][name] for name in names) for each in made["trials"]]
    front = [
        index
        for index, one in enumerate(points)
        if not any(other != one and all(map(float.__ge__, other, one)) for other in points)
    ]
    assert made["front"] == front
    assert made["best"]["number"] in front
    assert made["objective"] == ", ".join(names)
    best = partial(call, "tune", "best", made["study"], "--json", "--pick")
    for position, name in enumerate(names):
        chosen = best(name).json["best"]
        assert points[chosen["number"]][position] == max(point[position] for point in points)
    assert best("max_drawdown").json["front"] == front
    weights = f"weights:{METRIC}=1,max_drawdown=0"
    assert best(weights).json["best"] == best(METRIC).json["best"]
    one = call(*TWO, "--json", "--pick", "max_drawdown").json
    assert one["status"] == "reused"
    assert one["best"] == best("max_drawdown").json["best"]
    experiment = (tmp_path / one["best"]["experiment"]).read_text()
    assert call("tune", "worker", made["study"]).code == 0  # it picks as who began it
    assert (tmp_path / one["best"]["experiment"]).read_text() == experiment
    shown = call("tune", "best", made["study"], "--pick", "max_drawdown")
    assert f"qsim train conf={one['best']['experiment']}" in shown.err
    again = call("train", f"conf={one['best']['experiment']}", "--dry-run", "--json").json
    assert again["run"] == one["best"]["run"]
    other = call("tune", "best", made["study"], "--pick", METRIC)
    assert "best.yaml has another trial" in other.err
    lines = call("tune", "best", made["study"]).out.splitlines()
    assert len(lines) == 2 + len(front)
    names_in_front = call("runs", "list", "--json").json["studies"]
    assert len(names_in_front) == 1


def test_the_best_so_far_is_the_picked_one(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the lines on trials, as in the table."""
    StandIn.instead(monkeypatch)
    answer = call(*TWO, "--pick", "max_drawdown", "study.workers=1")
    lines = [line for line in answer.err.splitlines() if line.startswith("trial ")]
    falls = [float(line.removesuffix(" (best)").rpartition(" ")[2]) for line in lines]
    assert len(falls) == 7
    best = [fall == max(falls[: index + 1]) for index, fall in enumerate(falls)]
    assert [line.endswith(" (best)") for line in lines] == best


def test_no_trial_within_the_limits(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    StandIn.instead(monkeypatch)
    words = (*WORDS, "study.constraints.max_drawdown=0.0001", "study.trials=3")
    answer = call(*words)
    answer.one_line(5, "no trial of 3 is within all limits; the nearest, trial", "max_drawdown by")
    study = call("runs", "list", "--json").json["studies"][0]["run"]
    call("tune", "best", study).one_line(4, "none of 3 trials has a score within all limits")
    assert "best" not in call("tune", "status", study, "--json").json


@pytest.mark.parametrize("metric", ["max_drawdown", METRIC, "returns"])
def test_a_trial_without_a_score_is_never_the_best_whatever_is_better(
    call: Call, monkeypatch: pytest.MonkeyPatch, metric: str
) -> None:
    """Infinite, undefined, failed or pruned, of metrics that are better high and low."""
    stand_in = StandIn.instead(monkeypatch)
    scores = [math.inf, -0.5, -math.inf, math.nan, -0.7]

    def before(count: int, settings: Train) -> None:
        if count == 6:
            raise TrialOver("after cycle 1 of 2, at 1000")
        if count == 7:
            raise ConfigError("fit.steps", "too many")

    def after(count: int, metrics: Metrics) -> None:
        metrics["validation"][metric] = scores[count - 1]

    stand_in.before, stand_in.after = before, after
    words = ("tune", *TOY, *SPACE, f"study.objective=validation.{metric}", "study.trials=7")
    answer = call(*words, "--json")
    assert answer.code == 0, answer.err
    states = ["failed", "finished", "failed", "failed", "finished", "pruned", "failed"]
    assert [each["state"] for each in answer.json["trials"]] == states
    assert (answer.json["best"]["number"], answer.json["best"]["value"]) == (1, -0.5)
    assert "4 of 7 trials failed; the last, trial 6: fit.steps: too many" in answer.err


def test_a_stored_study_of_older_form_is_shown_and_not_worked_at(
    root: Path, tmp_path: Path, call: Call
) -> None:
    """One whose trials had no slots: version 9274b26."""
    (old,) = [path for path in (root / "tests/goldens/stored").rglob("study_*") if path.is_dir()]
    shutil.copytree(old, tmp_path / "runs" / old.name)
    shown = call("runs", "show", old.name[:14])
    assert "older definition: tune has meaning 1, now 2" in shown.out
    assert "finished, older" in call("runs", "list").out
    for verb in ("status", "best", "trials", "stop", "worker", "retry", "export"):
        call("tune", verb, old.name[:14]).one_line(4, str(old.name))
