"""F1, F2, F7, F8: killed at any moment, raced by others: nothing reported saved is lost, and the
resumed run is the same run.
"""

import multiprocessing
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.context import ForkServerContext, ForkServerProcess
from multiprocessing.forkserver import ensure_running
from pathlib import Path

import pytest
import store_worker as worker

from quantamm_cli.errors import StoreError
from quantamm_cli.store.runs import BusyError, Store

pytestmark = pytest.mark.faults
LAST = 60


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    """Children of a small server process: they start in milliseconds and
    inherit no thread of the tests.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["store_worker", "pytest"]
    )  # a child imports what __main__ imports
    with pytest.MonkeyPatch.context() as patch:
        # Until Python 3.12.4 the server does not take over sys.path and would
        # silently load nothing beforehand.
        patch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
        ensure_running()
    return context


def started(
    processes: ForkServerContext, target: Callable[..., None], *args: object
) -> ForkServerProcess:
    process = processes.Process(target=target, args=args, daemon=True)
    process.start()
    return process


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 240
    while not true():
        assert time.monotonic() < end, "timed out"
        time.sleep(0.0005)


def kill_at_random(processes: ForkServerContext, base: Path, kills: int) -> dict[str, int]:
    """Kills a training again and again until it ends, then begins another; so many in all.

    They are killed anywhere within the steps after one reported saved. Counts what must not be.
    """
    chance = random.Random(11)
    counts = {"kills": 0, "unreadable": 0, "lost": 0, "temporaries": 0, "different": 0, "runs": 0}
    expected = worker.reference(base / "reference", LAST)
    while counts["kills"] < kills:
        folder, told = base / f"runs{counts['runs']}", base / f"told{counts['runs']}"
        while counts["kills"] < kills:
            told.write_bytes(b"")
            process = started(processes, worker.train_and_tell, folder, told, LAST)
            until(partial(reported, chance.randint(1, LAST // 5), told, process))
            time.sleep(chance.uniform(0, 0.005))
            process.kill()
            process.join()
            counts["kills"] += process.exitcode == -signal.SIGKILL
            if not told.read_bytes() and folder.exists():
                counts["unreadable"] += 1
            acknowledged = max([int(line) for line in told.read_text().splitlines()] or [-1])
            if acknowledged >= 0:
                check(folder, acknowledged, counts)
            if process.exitcode == 0:
                break
        with Store(folder).open(worker.SETTINGS, data=worker.DATA) as writer:
            worker.train(writer, LAST)
        counts["temporaries"] += len(worker.temporaries(folder))
        counts["different"] += worker.essence(folder) != expected
        counts["runs"] += 1
    return counts


def reported(lines: int, told: Path, process: ForkServerProcess) -> bool:
    return told.read_bytes().count(b"\n") >= lines or not process.is_alive()


def check(folder: Path, acknowledged: int, counts: dict[str, int]) -> None:
    try:
        run = Store(folder).load(worker.FINGERPRINT)
        steps = [entry["step"] for entry in run.history()]
        counts["lost"] += (
            run.step < acknowledged
            or steps != list(range(run.step + 1))
            or run.state()["step"] < acknowledged
        )
        counts["unreadable"] += len(Store(folder).verify())
    except StoreError:
        counts["unreadable"] += 1


def assert_nothing_lost(counts: dict[str, int]) -> None:
    names = ("unreadable", "lost", "temporaries", "different")
    assert {name: counts[name] for name in names} == dict.fromkeys(names, 0)


def test_f1_killed_at_random_moments(processes: ForkServerContext, tmp_path: Path) -> None:
    assert_nothing_lost(kill_at_random(processes, tmp_path, 30))


@pytest.mark.long
@pytest.mark.timeout(900)
def test_f1_killed_a_thousand_times(processes: ForkServerContext, tmp_path: Path) -> None:
    assert_nothing_lost(kill_at_random(processes, tmp_path, 1300))


def calls_of_a_save(folder: Path) -> list[str]:
    tap = worker.Tap(-1, worker.die("before"))
    with Store(folder).open(worker.SETTINGS, data=worker.DATA) as writer:
        worker.train(writer, 2, ends=False)
        with worker.tapped(tap):
            worker.go_on(writer)
    return tap.seen


def test_f2_killed_at_every_system_call(processes: ForkServerContext, tmp_path: Path) -> None:
    expected = worker.reference(tmp_path / "reference", 3)
    calls = calls_of_a_save(tmp_path / "count")
    assert len(calls) >= 12
    points = [
        (at, when)
        for at, name in enumerate(calls)
        for when in ("before", "after", "amid")
        if when != "amid" or name == "write"
    ]
    for at, when in points:
        folder = tmp_path / f"{at}{when}"
        process = started(processes, worker.save_and_die, folder, at, when)
        process.join(240)
        assert process.exitcode == -signal.SIGKILL, (at, when, calls[at])
        run = Store(folder).load(worker.FINGERPRINT)
        assert run.step in (2, 3)
        assert (run.step == 3) == (run.status == "finished")
        assert [entry["step"] for entry in run.history()] == list(range(run.step + 1))
        with Store(folder).open(worker.SETTINGS, data=worker.DATA) as writer:
            worker.train(writer, 3)
        assert worker.essence(folder) == expected, (at, when, calls[at])
        assert worker.temporaries(folder) == []
        assert Store(folder).verify() == []


def race(processes: ForkServerContext, base: Path, rounds: int, count: int) -> dict[str, int]:
    seen = {"new": 0, "finished": 0, "busy": 0}
    for number in range(rounds):
        wait = 0.0 if number % 2 else 240.0
        folder, line = base / f"race{number}", processes.Barrier(count)
        told = [base / f"told{number}-{which}" for which in range(count)]
        everyone = [started(processes, worker.race, folder, path, wait, line) for path in told]
        for process in everyone:
            process.join(240)
        words = [path.read_text().split(":")[0] for path in told]
        assert words.count("new") == 1, words
        assert set(words) <= ({"new", "finished", "busy"} if wait == 0 else {"new", "finished"}), (
            words
        )
        assert Store(folder).verify() == []
        assert len(Store(folder).load(worker.FINGERPRINT).history()) == 13
        for word in words:
            seen[word] += 1
    return seen


def test_f7_eight_processes_on_one_run(processes: ForkServerContext, tmp_path: Path) -> None:
    race(processes, tmp_path, 4, 8)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_f7_eight_processes_a_hundred_times(processes: ForkServerContext, tmp_path: Path) -> None:
    seen = race(processes, tmp_path, 100, 8)
    assert seen["new"] == 100


def test_f8_the_lock_of_a_killed_process_is_free_at_once(
    processes: ForkServerContext, tmp_path: Path
) -> None:
    ready = tmp_path / "ready"
    process = started(processes, worker.hold, tmp_path / "runs", ready)
    until(lambda: ready.exists() and bool(ready.read_text()))
    store = Store(tmp_path / "runs")
    with pytest.raises(BusyError, match=rf"another qsim \(pid {process.pid} on "):
        store.open(worker.SETTINGS)
    process.kill()
    process.join()
    with store.open(worker.SETTINGS, wait=0) as writer:
        assert writer.status == "new"
