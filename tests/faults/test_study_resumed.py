"""A study that is stopped by signals and kills in the middle of trainings, and goes on: the same
study and the same trajectories as one that nobody stopped. And the limits of its time.

Signals are real, kills are an exception that nothing catches; ``test_study_workers.py`` has
processes.
"""

import json
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import toy
from drawn import needs_cmaes
from stand_in import StandIn
from toy import METRIC, TOY, Call

from quantamm_cli.workflows.training_run import TrainingRun

pytestmark = pytest.mark.faults
SPACE = (
    "space=none",
    "space.fit.learning_rate=[0.001,1,log]",
    "space.params.memory_days=[1,10]",
)
HOLDOUT = ("study.pruner=median", "study.pruner.startup=1", "study.pruner.reports=3")
WALK = (
    "split=walk_forward",
    "split.cycles=3",
    "test_end=2021-02-02",
    "study.pruner=wilcoxon",
    "study.pruner.p_value=0.3",
)
STUDIES = {
    "tpe": (*HOLDOUT, "study.sampler.startup=2"),
    "qmc": (*WALK, "study.sampler=qmc", "fit.steps=3"),
    "cmaes": (*HOLDOUT, "study.sampler=cmaes", "study.sampler.population=4"),
}


class Killed(BaseException):
    """As if the process were no more: nothing is released, nothing is saved."""


class Stopper:
    """Stops trainings at their n-th steps, counted over all trainings and calls."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.count, self.stops, real = 0, dict[int, int](), TrainingRun.record

        def record(run: TrainingRun, report: Any, progress: Any) -> None:
            real(run, report, progress)
            self.count += 1
            number = self.stops.pop(self.count, None)
            if number == signal.SIGKILL:
                raise Killed
            if number is not None:
                signal.raise_signal(number)

        patch.setattr(TrainingRun, "record", record)


def facts(folder: Path) -> tuple[list[dict[str, Any]], list[Any]]:
    """The trials of the one study but for times, and all that they have reported."""
    (summary,) = folder.glob("runs/study_*/study.json")
    trials = json.loads(summary.read_text())["trials"]
    for each in trials:
        each.pop("seconds", None)
    lines = summary.with_name("study.journal").read_bytes().splitlines()
    reports = [
        (record["trial_id"], record["step"], record["intermediate_value"])
        for record in map(json.loads, lines)
        if record["op_code"] == 7
    ]
    return trials, reports


def runs(folder: Path) -> dict[str, tuple[str, bytes]]:
    """Every run, but for where it comes from."""
    return {path.name: toy.essence_of(path) for path in folder.glob("runs/run_*.json")}


@pytest.mark.parametrize("kind", ["tpe", "qmc", pytest.param("cmaes", marks=needs_cmaes)])
def test_stopped_at_any_moment_it_is_the_same_study(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, again, stopped = (tmp_path / name for name in ("whole", "again", "stopped"))
    for folder in (whole, again, stopped):
        folder.mkdir()
    words = ("tune", *TOY, *SPACE, *STUDIES[kind], "study.trials=6", "--json")
    stopper = Stopper(monkeypatch)
    assert toy.call(*words, folder=whole).code == 0
    steps = stopper.count
    if kind == "tpe":  # the others are compared with their stopped ones
        assert toy.call(*words, folder=again).code == 0
        assert facts(again) == facts(whole)
        assert runs(again) == runs(whole)
    states = [trial["state"] for trial in facts(whole)[0]]
    assert {"finished", "pruned"} == set(states), states

    every = [signal.SIGTERM, signal.SIGKILL, signal.SIGINT, signal.SIGKILL, signal.SIGTERM]
    for position, number in enumerate(every, 1):
        stopper.stops[stopper.count + max(1, steps // (len(every) + 1) - position % 2)] = number
        if number == signal.SIGKILL:
            with pytest.raises(Killed):
                toy.call(*words, folder=stopped)
        else:
            answer = toy.call(*words, folder=stopped)
            assert answer.code == 128 + number
            assert answer.err.endswith(" is saved; run the same command to resume\n")
    answer = toy.call(*words, folder=stopped)
    assert answer.json["status"] == "resumed"
    assert "resuming after " in answer.err
    assert facts(stopped) == facts(whole)
    assert runs(stopped) == runs(whole)
    assert not list(stopped.glob("runs/study_*/workers/*"))
    assert toy.call(*words, folder=stopped).json["status"] == "reused"


@pytest.fixture
def call(tmp_path: Path) -> Call:
    """``qsim`` within this process, in the folder of the test."""
    return partial(toy.call, folder=tmp_path)


def slowed(patch: pytest.MonkeyPatch, seconds: float, when: Callable[[], bool]) -> None:
    """Let steps of trainings take longer."""
    real = TrainingRun.record

    def record(run: TrainingRun, report: Any, progress: Any) -> None:
        real(run, report, progress)
        if when():
            time.sleep(seconds)

    patch.setattr(TrainingRun, "record", record)


ONE = ("tune", *TOY, "space=none", "space.fit.learning_rate=[0.001,1,log]", "--json")


def test_a_trial_ends_after_its_time(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its completed steps are saved; it has no score, and the next one goes on."""
    slow = [True]
    slowed(monkeypatch, 0.3, lambda: slow[0])
    assert call("train", *TOY, "fit.seed=1", "--json").code == 0  # compiles
    begin = time.monotonic()
    answer = call(*ONE, "study.trials=1", "study.trial_seconds=0.5")
    assert answer.code == 5
    assert time.monotonic() - begin < 20
    assert "none of 1 trials has a score; the last: study.trial_seconds=0.5 is over" in answer.err
    (run,) = [path for path in tmp_path.glob("runs/run_*.json") if '"stopped"' in path.read_text()]
    assert 0 < json.loads(run.read_text())["entries"][-1]["step"] < 6
    slow[0] = False
    trials = call(*ONE, "study.trials=2", "study.trial_seconds=60").json["trials"]
    assert [each["state"] for each in trials] == ["pruned", "finished"]


def test_a_study_ends_after_its_time_in_the_middle_of_a_training(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = [True]
    slowed(monkeypatch, 0.3, lambda: slow[0])
    answer = call(*ONE, "study.trials=2", "study.max_seconds=0.6")
    assert answer.code == 0, answer.err
    assert answer.json["stopped"] == "study.max_seconds=0.6 is over"
    assert "best" not in answer.json
    states = [each["state"] for each in answer.json["trials"]]
    assert states == ["waiting", "waiting"]
    assert "study.max_seconds=0.6 is over; run the same command to go on" in answer.err
    assert toy.document(tmp_path)["status"] == "stopped"
    slow[0] = False
    answer = call(*ONE, "study.trials=2", "study.max_seconds=600")
    assert answer.json["status"] == "resumed"
    assert [each["state"] for each in answer.json["trials"]] == ["finished", "finished"]
    assert "stopped" not in answer.json


def test_limits_between_trials(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = StandIn.instead(monkeypatch)
    stand_in.before = lambda count, settings: time.sleep(0.3)
    answer = call(*ONE, "study.trials=50", "study.max_seconds=1").json
    assert 1 <= len(stand_in.seen) < 10
    ended = [each for each in answer["trials"] if each["state"] == "finished"]
    assert len(ended) == len(stand_in.seen)
    assert answer["best"]["value"] == max(each["value"] for each in ended)


def test_patience(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many trials without a better one end the study; a failed one is one of them."""
    stand_in = StandIn.instead(monkeypatch)
    scores = [1.0, 2.0, 1.5, float("nan"), 2.0, 3.0, 0.0]

    def after(count: int, metrics: Any) -> None:
        metrics["validation"][METRIC] = scores[count - 1]

    stand_in.after = after
    words = (*ONE, "study.trials=7")
    answer = call(*words, "study.patience=3")
    assert answer.json["stopped"] == "no better trial in 3 (study.patience=3)"
    assert len(stand_in.seen) == 5
    again = call(*words, "study.patience=3")
    assert again.json["stopped"] == answer.json["stopped"]
    assert f"{answer.json['stopped']}; a larger study.patience goes on" in again.err
    assert len(stand_in.seen) == 5
    answer = call(*words, "study.patience=4").json
    assert len(stand_in.seen) == 7
    assert answer["best"]["number"] == 5
    assert "stopped" not in answer


def test_qsim_tune_stop(tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stops those that work when it is said, once; who comes later works."""
    stand_in, told = StandIn.instead(monkeypatch), list[Any]()

    def before(count: int, settings: Any) -> None:
        if count == 2:
            (folder,) = tmp_path.glob("runs/study_*/")
            told.append(call("tune", "stop", folder.name, "--json").json)
        time.sleep(0.6)  # so that it looks

    stand_in.before = before
    answer = call(*ONE, "study.trials=5").json
    assert len(told[0]["workers"]) == 1
    assert answer["stopped"] == "stopped by qsim tune stop"
    states = [each["state"] for each in answer["trials"]]
    assert states == ["finished", "finished", "waiting", "waiting", "waiting"]
    assert call("tune", "worker", answer["study"], "--json").json["ended"] == 3
    assert call(*ONE, "study.trials=6").json.get("stopped") is None
