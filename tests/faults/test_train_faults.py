"""F1, F4, F5, F7, F10, F14, F19: what happens to ``qsim train`` itself when
processes, files and disks fail it.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import toy
from toy import METRIC, RULES, TOY

from quantamm_cli.training import fit

pytestmark = pytest.mark.faults
STEPS = 120
LONG = (*TOY, f"fit.steps={STEPS}", "fit.early_stopping=false")
TELL = '''"""Saves every step, and writes down which steps were reported saved."""
import os

from quantamm_cli.workflows import training_run

training_run._SAVE_SECONDS = 0.0
real = training_run.TrainingRun.save


def save(self, status):
    real(self, status)
    file = os.open("told.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(file, b"%d\\n" % self.step)
    os.close(file)


training_run.TrainingRun.save = save
'''
TELLING = "plugins=[tell.py]"
WAIT = '''"""Makes a file once this process waits for the lock of a run."""
from pathlib import Path

from quantamm_cli.store.lock import RunLock

real = RunLock.acquire


def acquire(self, wait):
    if wait > 0:
        Path("waiting").touch()
    real(self, wait)


RunLock.acquire = acquire
'''


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run as it is when nothing fails."""
    folder = tmp_path_factory.mktemp("whole")
    assert toy.call("train", *LONG, "-q", folder=folder).code == 0
    return folder


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished toy run."""
    folder = tmp_path_factory.mktemp("small")
    assert toy.call("train", *TOY, "-q", folder=folder).code == 0
    return folder


@pytest.fixture
def copy(small: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    shutil.copytree(small / "runs", tmp_path / "runs")
    return tmp_path


def reported(folder: Path) -> list[int]:
    """The steps that were reported saved."""
    told = folder / "told.txt"
    return [int(line) for line in told.read_text().splitlines()] if told.exists() else []


def kill_and_look(folder: Path, saves: int, pause: float, plugins: str) -> tuple[int, bool]:
    """Train, kill -9 so long after so many new saves, and see that all that was reported is there.

    Returns the last step saved, and whether there was anything left to kill.
    """
    before = len(reported(folder))
    with toy.started("train", *LONG, plugins, "-q", folder=folder) as process:
        toy.wait_for(lambda: len(reported(folder)) >= before + saves or process.poll() is not None)
        time.sleep(pause)
        process.kill()
        killed = process.wait() == -signal.SIGKILL
    answer = toy.call("runs", "verify", folder=folder)
    assert answer.code == 0, answer.err
    step: int = toy.call("runs", "list", "--json", folder=folder).json["runs"][0]["steps"]
    assert step >= max(reported(folder))
    return step, killed


def kill_often(folder: Path, kills: int, seed: int, most: int, plugins: str) -> int:
    """Kill anywhere within the steps after a save until a training is over, or often enough.

    Then let it end. Returns how many were killed.
    """
    (folder / "tell.py").write_text(TELL)
    moments, last, count = random.Random(seed), -1, 0
    for _ in range(kills):
        saves, pause = moments.randint(1, most), moments.uniform(0, 0.02)
        step, killed = kill_and_look(folder, saves, pause, plugins)
        assert step >= last
        last, count = step, count + killed
        if step == STEPS:
            break
    told = toy.call("train", *LONG, "--json", folder=folder)
    over = toy.document(folder)["status"] == "finished" and last == STEPS
    assert told.json["status"] == ("reused" if over else "resumed")
    assert not list(folder.rglob("*.tmp"))
    return count


def test_f1_killed_at_random_moments_and_resumed(tmp_path: Path, whole: Path) -> None:
    """Once the run is whole again, it is the same to the byte as one that was never killed."""
    held = f"plugins=[tell.py,{toy.hold(STEPS - 1, tmp_path)}]"
    assert kill_often(tmp_path, 2, seed=1, most=STEPS // 3, plugins=held) == 2
    assert toy.essence(tmp_path) == toy.essence(whole)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_f1_killed_thirty_times_and_more(tmp_path: Path, whole: Path) -> None:
    for seed in range(6):
        folder = tmp_path / str(seed)
        folder.mkdir()
        kill_often(folder, 8, seed=seed, most=STEPS // 6, plugins=TELLING)
        assert toy.essence(folder) == toy.essence(whole)


def interrupt_at(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next training breaks off when that step begins."""
    real = fit._entry

    def entry(problem: Any, mesh: Any, progress: Any) -> Any:
        if progress.step == step:
            raise KeyboardInterrupt
        return real(problem, mesh, progress)

    monkeypatch.setattr(fit, "_entry", entry)


@pytest.mark.parametrize("kind", ["adamw", "adam", "sgd"])
def test_f10_a_run_resumed_after_any_step_is_the_uninterrupted_run(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from quantamm_cli.workflows import training_run

    words = (*TOY, f"fit={kind}", *TOY[-3:], "fit.schedule=cosine", "-q")
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    for folder in (whole, broken):
        folder.mkdir()
    assert toy.call("train", *words, folder=whole).code == 0
    with monkeypatch.context() as patch:
        patch.setattr(training_run, "_SAVE_SECONDS", 0.0)
        for step in range(1, 7):
            with pytest.MonkeyPatch.context() as inner:
                interrupt_at(step, inner)
                assert toy.call("train", *words, folder=broken).code == 130
            assert toy.document(broken)["entries"][-1]["step"] == step - 1
    assert toy.call("train", *words, folder=broken).code == 0
    assert toy.essence(broken) == toy.essence(whole)


def test_f19_numbers_that_are_not_finite_are_never_selected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From step 2 on, set 1 scores NaN and infinity everywhere; set 0 goes on."""
    real = fit._entry

    def entry(problem: Any, mesh: Any, progress: Any) -> Any:
        report, after = real(problem, mesh, progress)
        if report.step >= 2:
            bad = np.nan if report.step % 2 else np.inf
            poison = lambda row: np.array([row[0], bad])  # noqa: E731
            metrics = {
                period: {name: poison(row) for name, row in scores.items()}
                for period, scores in report.metrics.items()
            }
            report = fit.Report(
                report.step,
                report.params,
                poison(report.objective),
                metrics,
                report.learning_rate,
                0,
            )
        return report, after

    monkeypatch.setattr(fit, "_entry", entry)
    assert toy.call("train", *TOY, "-q", folder=tmp_path).code == 0
    entries = toy.history(tmp_path)
    assert entries[3]["metrics"]["test"][METRIC][1] is None
    assert entries[4]["objective"][1] is None
    for rule in RULES:
        expected = toy.chosen(entries, rule)
        answer = toy.call("evaluate", *TOY, "--load", rule, "--dry-run", "--json", folder=tmp_path)
        if expected is not None:
            assert (answer.json["selection"]["step"], answer.json["selection"]["set"]) == expected
            assert expected[0] < 2 or expected[1] == 0
    assert toy.call("runs", "verify", folder=tmp_path).code == 0


def test_f19_a_set_whose_parameters_are_lost_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dataclasses

    real = fit._entry

    def entry(problem: Any, mesh: Any, progress: Any) -> Any:
        report, after = real(problem, mesh, progress)
        if report.step == 2:
            params = {name: value.at[1].set(np.nan) for name, value in after.params.items()}
            after = dataclasses.replace(after, params=params)
        return report, after

    monkeypatch.setattr(fit, "_entry", entry)
    told = toy.call("train", *TOY, "-q", "--json", folder=tmp_path)
    assert told.code == 0, told.err
    entries = toy.history(tmp_path)
    assert None not in entries[3]["params"]["log_k"][1]
    assert [entry.get("redrawn") for entry in entries] == [None, None, None, *[[0, 1]] * 4]
    assert told.json["redrawn"] == [0, 1]
    assert "drawn anew: set 1 once" in told.err
    assert entries[6]["params"]["log_k"][0] != entries[3]["params"]["log_k"][0]
    chosen = toy.call("evaluate", *TOY, "--load", "last", "--json", folder=tmp_path).json[
        "selection"
    ]
    assert (chosen["step"], chosen["set"]) == toy.chosen(entries, "last")


DAMAGE = ["cut", "altered", "foreign", "empty", "newer", "renamed"]


def damage(path: Path, how: str) -> Path:
    """A checkpoint that is no longer what it was; where it is now."""
    data = path.read_bytes()
    match how:
        case "cut":
            path.write_bytes(data[: len(data) // 2])
        case "altered":
            place = data.index(b'"learning_rate": 0.1') + len(b'"learning_rate": 0.')
            path.write_bytes(data[:place] + b"2" + data[place + 1 :])
        case "foreign":
            path.write_text(json.dumps({"params": [1, 2, 3]}))
        case "empty":
            path.write_bytes(b"")
        case "newer":
            path.write_bytes(data.replace(b'"schema": 1', b'"schema": 99', 1))
        case _:
            return path.rename(path.with_name("run_" + "0" * 64 + ".json"))
    return path


@pytest.mark.parametrize("how", DAMAGE)
def test_f4_a_damaged_checkpoint_is_refused_and_left_as_it_is(how: str, copy: Path) -> None:
    path = damage(toy.checkpoint(copy), how)
    before = {file: file.read_bytes() for file in copy.rglob("*") if file.is_file()}
    commands = [("evaluate", "--run", str(path)), ("runs", "verify"), ("runs", "show", path.name)]
    if how != "renamed":
        commands += [("train", *TOY), ("evaluate", *TOY), ("simulate", "--run", path.stem)]
    for words in commands:
        answer = toy.call(*words, "-q", folder=copy)
        answer.one_line(4, path.name)
        assert "Error" not in answer.err
    assert {
        file: file.read_bytes()
        for file in copy.rglob("*")
        if file.is_file() and file.suffix != ".lock"
    } == {file: data for file, data in before.items() if file.suffix != ".lock"}
    assert toy.call("runs", "list", folder=copy).code == 0
    if how != "renamed":
        assert toy.call("train", *TOY, "fit.seed=9", "--fresh", "-q", folder=copy).code == 0
        assert path.read_bytes() == before[path]
        assert toy.call("train", *TOY, "--fresh", "-q", folder=copy).code == 0
        assert [file.read_bytes() for file in path.parent.glob(f"{path.name}.2*")] == [before[path]]


def test_f4_a_history_that_lost_a_reported_step_is_refused(copy: Path) -> None:
    """A finished run needs only its checkpoint to be reused; a rule with a
    minimum needs the whole history.
    """
    history = toy.checkpoint(copy).with_suffix("") / "history.jsonl"
    history.write_bytes(b"".join(history.read_bytes().splitlines(keepends=True)[:-2]))
    toy.call("runs", "verify", folder=copy).one_line(4, "history.jsonl", "was cut or altered")
    toy.call("evaluate", *TOY, "--load", "best_train_min_test", "--min=-100", folder=copy).one_line(
        4, "was cut or altered"
    )


def test_f7_two_processes_train_one_run_once(tmp_path: Path, whole: Path) -> None:
    """The one that came first is held in the middle until the other one waits for it."""
    (tmp_path / "tell.py").write_text(TELL)
    (tmp_path / "wait.py").write_text(WAIT)
    plugins = f"plugins=[tell.py,wait.py,{toy.hold(STEPS // 2, tmp_path)}]"
    begin = partial(toy.started, "train", *LONG, plugins, "--json", folder=tmp_path)
    with begin() as one, begin() as other:
        toy.wait_for((tmp_path / "waiting").exists, one)
        toy.let_go(tmp_path)
        answers = [toy.finish(process) for process in (one, other)]
    assert sorted(answer.json["status"] for answer in answers) == ["new", "reused"]
    assert answers[0].json["metrics"] == answers[1].json["metrics"]
    assert reported(tmp_path) == [*range(STEPS + 1), STEPS]  # the last one as "finished" once more
    waited = next(answer for answer in answers if answer.json["status"] == "reused")
    assert "is writing this run; wait for it or stop it; waiting" in waited.err
    assert toy.essence(tmp_path) == toy.essence(whole)


def sweep(folder: Path, count: int) -> None:
    """A shell sweep, all at once."""
    words = (*TOY, "fit.steps=1", "--json", "-q")
    processes = [
        toy.start("train", *words, f"fit.seed={seed}", folder=folder) for seed in range(count)
    ]
    answers = [toy.finish(process, timeout=900) for process in processes]
    assert [answer.code for answer in answers] == [0] * count
    assert {answer.json["status"] for answer in answers} == {"new"}
    assert len({answer.json["run"] for answer in answers}) == count
    assert toy.call("runs", "verify", "--json", folder=folder).json["sound"] == count
    seeds = [
        json.loads(path.read_text())["settings"]["fit"]["seed"]
        for path in (folder / "runs").glob("run_*.json")
    ]
    assert sorted(seeds) == list(range(count))


def test_f14_a_shell_sweep_started_in_one_second(tmp_path: Path) -> None:
    sweep(tmp_path, 3)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_f14_sixteen_at_once(tmp_path: Path) -> None:
    sweep(tmp_path, 16)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or not mount(folder, 180):
        pytest.skip("needs root and tmpfs mounts")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def mount(folder: Path, kilobytes: int, *more: str) -> bool:
    """A small disk at ``folder``; whether this machine allows it."""
    options = ",".join((f"size={kilobytes}k", *more))
    return (
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)],
            capture_output=True,
            check=False,
        ).returncode
        == 0
    )


def test_f5_a_full_disk_keeps_what_was_saved_and_the_run_goes_on_later(
    disk: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from quantamm_cli.workflows import training_run

    monkeypatch.setattr(training_run, "_SAVE_SECONDS", 0.0)
    toy.call("train", *LONG, "-q", folder=disk).one_line(
        4, "cannot be written: the disk is full", "run the same command again"
    )
    assert toy.call("runs", "verify", folder=disk).code == 0
    step = toy.history(disk)[-1]["step"]
    assert 0 < step < STEPS
    assert not list(disk.rglob("*.tmp"))
    toy.call("train", *LONG, "-q", folder=disk).one_line(4, "the disk is full")
    assert toy.history(disk)[-1]["step"] >= step
    assert mount(disk, 8192, "remount")
    assert toy.call("train", *LONG, "--json", folder=disk).json["status"] == "resumed"
    assert toy.essence(disk) == toy.essence(whole)
