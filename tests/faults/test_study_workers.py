"""Workers of a study that are killed, cut off from their parent or refused: no trial is lost or
tried twice. ``-m long`` has the form with the real command.
"""

import errno
import fcntl
import json
import math
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars
import pytest
import slots
import toy
from stand_in import StandIn
from toy import TOY, Call

from quantamm_cli.errors import StoreError
from quantamm_cli.store import atomic
from quantamm_cli.tuning import leases
from quantamm_cli.tuning.settings import Study as StudySettings
from quantamm_cli.tuning.study import Study
from quantamm_cli.workflows import study_workers
from quantamm_cli.workflows.monitor import Monitor

pytestmark = pytest.mark.faults
SPACE = ("space=none", "space.fit.learning_rate=[0.001,1,log]")
RUNNING, COMPLETE, WAITING = 0, 1, 4
"""States of trials in the journal."""


def journal(folder: Path) -> Path:
    (path,) = folder.rglob("study.journal")
    return path


def changes(folder: Path) -> Counter[int]:
    """How often any trial changed to each state; every record is read."""
    records = [json.loads(line) for line in journal(folder).read_bytes().splitlines()]
    return Counter(record["state"] for record in records if record["op_code"] == 6)


def check_whole(folder: Path, trials: int) -> Counter[int]:
    """All trials finished, each claimed once more than it was put back; no lock is held."""
    states = changes(folder)
    assert states[COMPLETE] == trials
    assert states[RUNNING] == trials + states[WAITING]
    workers = journal(folder).parent / "workers"
    assert leases.workers(workers) == []
    assert [path for path in workers.iterdir() if path.suffix != ".log"] == []
    for name in ("claims.lock", "study.lock"):
        with (journal(folder).parent / name).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return states


@pytest.mark.parametrize("seed", [1, 2])
def test_workers_killed_at_random_moments(tmp_path: Path, seed: int) -> None:
    """Twelve by others, and more within a write of the journal; some find the disk full there."""
    script = Path(__file__).with_name("study_killer.py")
    words = [str(tmp_path), "4", "24", "12", str(seed)]
    done = subprocess.run(
        [sys.executable, str(script), *words], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["killed"] == 12
    assert (tmp_path / "torn").exists() and (tmp_path / "full").exists()
    assert set(told["codes"]) <= {0, -signal.SIGKILL, 4}, done.stderr
    states = check_whole(tmp_path, 24)
    assert states[WAITING] >= 3
    trials = slots.opened(tmp_path, 24).trials
    assert [trial.number for trial in trials] == list(range(24))
    assert [trial.run for trial in trials] == [f"run_{number}" for number in range(24)]
    assert {trial.state for trial in trials} == {"finished"}
    for trial in trials:
        assert trial.values == (slots.score(trial.settings),)


LIFELINE = """
import sys, time
from quantamm_cli.cli.lifeline import end_with_parent

print(end_with_parent(), flush=True)
time.sleep(60)
"""


def test_a_worker_ends_with_its_parent() -> None:
    """As if by SIGTERM, once the pipe that is its stdin ends, however that comes."""
    environment = toy.environment(QSIM_WORKER="3")
    with subprocess.Popen(
        [sys.executable, "-c", LIFELINE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline() == "3\n"
        process.stdin.write("anything\n")
        process.stdin.flush()
        assert process.poll() is None
        process.stdin.close()
        assert process.wait(20) == -signal.SIGTERM


class Lines(Monitor):
    """Keeps notes and warnings."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, text: str) -> None:
        self.lines.append(text)

    warn = note


def ended(code: int, line: str = "") -> Callable[..., "subprocess.Popen[bytes]"]:
    """Starts a worker that has printed a line and ended, whatever it was started for."""

    def started(job: object, log: Path, environment: object) -> "subprocess.Popen[bytes]":
        log.write_text(line)
        process = subprocess.Popen(["sh", "-c", f"exit {code}"], stdin=subprocess.PIPE)
        process.wait()
        return process

    return started


def run_two(study: Study, monitor: Monitor) -> None:
    """Two workers at a study, as a parent runs them."""
    place = SimpleNamespace(asked_to_stop=lambda since: False)
    job: Any = SimpleNamespace(study=study, place=place, settings=StudySettings())
    shown: Any = SimpleNamespace(look=lambda: None, write_soon=lambda study: None)
    study_workers.run_workers(job, 2, math.inf, monitor, shown, shown)


def test_workers_that_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits until the first, which is alone at first, has compiled."""
    monitor, refused = Lines(), "qsim tune: plugins: bad.py failed\n"
    monkeypatch.setattr(study_workers, "_start", ended(2, refused))
    with pytest.raises(StoreError, match=r"study.workers: no worker can work: plugins: bad.py"):
        run_two(slots.opened(tmp_path, 2), monitor)
    assert monitor.lines == [
        f"worker {each} cannot work: plugins: bad.py failed" for each in (1, 2)
    ]


def test_workers_that_leave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a trial waits they are started again; when the last one ends, the study has ended,
    though they are gone before anybody looks.
    """
    study, monitor = slots.opened(tmp_path, 2), Lines()

    def end_one(check: object) -> None:
        with slots.worker(study) as lease:
            attempt = study.claim(lease)
            assert attempt is not None
            slots.end(attempt)

    monkeypatch.setattr(study_workers, "_start", ended(0))
    monkeypatch.setattr(study_workers, "_wait", end_one)
    monkeypatch.setattr(study_workers, "_warm", lambda job, since: True)
    run_two(study, monitor)
    assert [trial.state for trial in study.trials] == ["finished"] * 2
    again = "ended with code 0; it is started again"
    assert monitor.lines == [f"worker {each} {again}" for each in (1, 2)]


# refused before anything is claimed

DATA = ("data=parquet", "data.dir=prices")


@pytest.fixture
def study(tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A study on files with one trial that waits; its name. Nothing is claimed in the test."""
    (tmp_path / "prices").mkdir()
    times = np.arange(32 * 1440)
    first = int(np.datetime64("2021-01-01", "ms").astype(int))
    for token in ("BTC", "ETH"):
        columns = {"unix": first + 60_000 * times, "close": 100.0 + np.sin(times / 1000.0)}
        polars.DataFrame(columns).write_parquet(tmp_path / "prices" / f"{token}_USD.parquet")
    StandIn.instead(monkeypatch)
    (tmp_path / "conf/fit").mkdir(parents=True)
    words = ("tune", *TOY, *SPACE, *DATA, "--json")
    assert call(*words, "study.trials=1").code == 0
    name = str(call(*words, "study.trials=2", "study.max_seconds=1e-9").json["study"])
    before = changes(tmp_path)
    yield name
    assert changes(tmp_path) == before
    assert not list(journal(tmp_path).parent.glob("workers/*.lock"))


@pytest.fixture
def call(tmp_path: Path) -> Call:
    """``qsim`` within this process, in the folder of the test."""
    return partial(toy.call, folder=tmp_path)


def test_a_worker_without_the_data(tmp_path: Path, call: Call, study: str) -> None:
    (tmp_path / "prices/BTC_USD.parquet").rename(tmp_path / "elsewhere")
    call("tune", "worker", study).one_line(3, "BTC_USD")


def test_a_worker_with_other_data(tmp_path: Path, call: Call, study: str) -> None:
    (tmp_path / "prices/ETH_USD.parquet").rename(tmp_path / "prices/BTC_USD.parquet")
    (tmp_path / "prices/ETH_USD.parquet").write_bytes(
        (tmp_path / "prices/BTC_USD.parquet").read_bytes()
    )
    path = tmp_path / "prices/ETH_USD.parquet"
    polars.read_parquet(path).with_columns(close=polars.col("close") * 1.01).write_parquet(path)
    call("tune", "worker", study).one_line(3, "prices of ETH (sha256")


def test_a_worker_of_other_code(call: Call, study: str, monkeypatch: pytest.MonkeyPatch) -> None:
    other = {"qsim": "9.9", "jax": "9.9", "optuna": "9.9"}
    monkeypatch.setattr("quantamm_cli.workflows.study_worker.versions", lambda: other)
    answer = call("tune", "worker", study)
    answer.one_line(4, "its code differ here: jax ", ", now 9.9", "--fork")
    monkeypatch.setattr("quantamm_cli.workflows.tune.versions", lambda: other)
    words = ("tune", *TOY, *SPACE, *DATA, "study.trials=2")
    call(*words).one_line(4, "was begun by other code: jax ", "--fork")
    forked = call(*words, "--fork", "--json").json
    assert forked["study"].startswith(f"{study}+")
    assert call(*words, "--fork", "--json").json["status"] == "reused"
    shutil.rmtree(Path(journal_of(call, forked["study"])).parent)


def journal_of(call: Call, name: str) -> str:
    folder = Path(call.keywords["folder"])  # type: ignore[attr-defined]
    return str(folder / "runs" / name / "study.journal")


def _noted(record: dict[str, Any], name: str) -> bool:
    return name in record.get("user_attr", {})


def test_a_worker_with_other_settings(tmp_path: Path, call: Call, study: str) -> None:
    """What the study's name is made of differs from what its settings give here."""
    path = journal(tmp_path)
    records = [json.loads(line) for line in path.read_bytes().splitlines()]
    (identity,) = [each["user_attr"]["identity"] for each in records if _noted(each, "identity")]
    identity["seed"] = 7
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    call("tune", "worker", study).one_line(4, "its settings differ here: seed 7, now 0")


def test_a_worker_in_another_folder_than_the_study_was_begun_in(
    tmp_path: Path, call: Call, study: str
) -> None:
    """The study was moved; its settings still say where runs are."""
    (tmp_path / "moved").mkdir()
    (tmp_path / "runs").rename(tmp_path / "moved/runs")
    answer = call("tune", "worker", study, "runs_dir=moved/runs")
    answer.one_line(4, "its settings name another folder here", "work where it was begun")
    assert not (tmp_path / "runs").exists()


def test_a_worker_from_another_folder(
    tmp_path: Path, call: Call, study: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own paths are those of where the study was begun."""
    elsewhere = tmp_path / "else/where"
    elsewhere.mkdir(parents=True)
    before = journal(tmp_path).read_bytes()
    answer = toy.call("tune", "worker", study, "runs_dir=../../runs", "--json", folder=elsewhere)
    assert (answer.code, answer.json["ended"]) == (0, 1), answer.err
    assert not list(elsewhere.iterdir())
    journal(tmp_path).write_bytes(before)


@pytest.mark.parametrize("number", [errno.EROFS, errno.ENOSPC])
def test_a_folder_that_takes_nothing(
    tmp_path: Path, call: Call, study: str, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """It can be looked at; who would write is told so in one line."""
    real = os.open

    def only_read(path: Any, flags: int, *more: Any, **named: Any) -> int:
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if writes and str(tmp_path) in os.path.abspath(path):
            raise OSError(number, os.strerror(number))
        return real(path, flags, *more, **named)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", only_read)
        assert call("tune", "status", study, "--json").json["trials"]["waiting"] == 1
        assert call("tune", "trials", study).code == 0
        assert call("tune", "best", study).code == 0
        for words in (("worker", study), (*TOY, *SPACE, *DATA, "study.trials=2")):
            call("tune", *words).one_line(4, atomic.reason(OSError(number, "")))


# the real command

LONG = ("tune", *TOY, "fit.steps=60", *SPACE)


def pids(folder: Path) -> list[int]:
    """The workers of the one study."""
    found = []
    for path in folder.glob("runs/study_*/workers/*.json"):
        try:
            found.append(int(json.loads(path.read_text())["pid"]))
        except (OSError, ValueError):
            continue
    return [pid for pid in found if Path(f"/proc/{pid}").exists()]


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_thirty_workers_killed_in_sixty_trials(tmp_path: Path) -> None:
    rolls, kills = random.Random(20), 0
    words = (*LONG, "study.trials=60", "study.workers=4", "--json", "-q")
    with toy.started(*words, folder=tmp_path) as process:
        while process.poll() is None and kills < 30:
            time.sleep(rolls.uniform(0.5, 3.0))
            living = sorted(pids(tmp_path))
            if living:
                os.kill(rolls.choice(living), signal.SIGKILL)
                kills += 1
        answer = toy.finish(process, 1500)
    assert answer.code == 0, answer.err
    assert kills == 30
    check_whole(tmp_path, 60)
    trials = answer.json["trials"]
    assert [each["number"] for each in trials] == list(range(60))
    assert {each["state"] for each in trials} == {"finished"}
    assert len({each["run"] for each in trials}) == 60
    verified = toy.call("runs", "verify", "--json", folder=tmp_path)
    assert verified.code == 0, verified.out
    for each in trials:
        run = json.loads((tmp_path / "runs" / f"{each['run']}.json").read_text())
        assert (run["status"], run["entries"][-1]["step"]) == ("finished", 60)
    name = answer.json["study"]
    told = toy.call("tune", "status", name, "--json", folder=tmp_path).json
    assert (told["trials"]["finished"], told["workers"]) == (60, [])


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_parent_that_is_killed_takes_its_workers_along(tmp_path: Path) -> None:
    """They save and end; the next call goes on."""
    words = (*LONG, "fit.steps=2000", "fit.early_stopping=false", "study.trials=3")
    words = (*words, "study.workers=2", "--json")
    with toy.started(*words, folder=tmp_path) as process:
        toy.wait_for(lambda: toy.steps_saved(tmp_path) > 50 and len(pids(tmp_path)) == 2, process)
        workers = pids(tmp_path)
        process.send_signal(signal.SIGKILL)
        toy.wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), None, 20)
    states = changes(tmp_path)
    assert states[RUNNING] == states[WAITING] + states[COMPLETE]
    stopped = toy.steps_saved(tmp_path)
    answer = toy.script(*words, "-v", folder=tmp_path)
    assert answer.code == 0, answer.err
    assert answer.json["status"] == "resumed"
    check_whole(tmp_path, 3)
    assert toy.steps_saved(tmp_path) == 3 * 2001 > stopped
    assert toy.call("runs", "verify", folder=tmp_path).code == 0


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)],
)
def test_one_worker_stopped_is_as_if_it_was_not(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    words = (*LONG, "space.params.memory_days=[1,10]", "fit.steps=800", "fit.early_stopping=false")
    words = (*words, "study.trials=6", "study.pruner=median", "study.pruner.startup=2", "--json")
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    whole.mkdir(), stopped.mkdir()
    expected = toy.script(*words, folder=whole).json
    rolls = random.Random(int(number))
    for _ in range(3):
        with toy.started(*words, folder=stopped) as process:
            toy.wait_for(lambda: pids(stopped), process)
            time.sleep(rolls.uniform(1, 4))
            process.send_signal(number)
            assert toy.finish(process).code in (code, 0)
    told = toy.script(*words, folder=stopped).json
    for each in (*told["trials"], *expected["trials"]):
        each.pop("seconds")
    assert told["trials"] == expected["trials"]
    for path in whole.glob("runs/run_*.json"):
        assert toy.essence_of(stopped / "runs" / path.name) == toy.essence_of(path)
