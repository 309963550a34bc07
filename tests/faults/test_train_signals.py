"""F9: Ctrl-C and SIGTERM at any moment of a training: out within two seconds, one line, and the same bytes in the end."""

import os
import random
import signal
import time
from pathlib import Path

import pytest
import toy
from compiling import AS_USERS
from toy import TOY

pytestmark = pytest.mark.faults
SECONDS = 2.0
STEPS = 150
LONG = (*TOY, f"fit.steps={STEPS}", "fit.early_stopping=false")
SLOW = ("fees=flat", "fees.fee=0.003", "fees.executor=scan")
SIGNALS = [(signal.SIGTERM, 143), (signal.SIGINT, 130)]
OFTEN = '''"""Saves every step, and takes its time for it."""
import time

from quantamm_cli.cli import session

session._SAVE_SECONDS = 0.0
real = session.Session.record


def record(self, report, progress):
    time.sleep({pause})
    real(self, report, progress)


session.Session.record = record
'''


def plugin(folder: Path, pause: float) -> str:
    """A plugin that lets the one training of a folder be met in the middle; it does not name the run."""
    (folder / "often.py").write_text(OFTEN.format(pause=pause))
    return "plugins=[often.py]"


@pytest.fixture(scope="session")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run as it is when nobody interrupts."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    assert toy.call("train", *LONG, "-q", folder=folder).code == 0
    return folder


def saved(folder: Path) -> bool:
    """Whether a checkpoint is there."""
    return any((folder / "runs").glob("run_*.json"))


def stop(folder: Path, number: signal.Signals, words: tuple[str, ...], after: float, **more: str) -> tuple[toy.Answer, float]:
    """Send a signal so long after the first save (before it, if negative: so long after the start); what came, and how soon."""
    with toy.started("train", *words, folder=folder, **more) as process:
        if after >= 0:
            toy.wait_for(lambda: saved(folder), process)
        time.sleep(abs(after))
        begin = time.monotonic()
        process.send_signal(number)
        answer = toy.finish(process)
        return answer, time.monotonic() - begin


def patience() -> float:
    """Two seconds, more on a machine that is busy with other things."""
    return SECONDS * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)) + 0.5


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_f9_stopped_in_the_middle(number: signal.Signals, code: int, tmp_path: Path, uninterrupted: Path) -> None:
    answer, seconds = stop(tmp_path, number, (*LONG, plugin(tmp_path, 0.02)), 0.3)
    answer.one_line(code, "stopped; step ", "is saved; the same command goes on from there")
    assert seconds < patience()
    step = int(answer.err.split("stopped; step ")[1].split()[0])
    assert toy.document(tmp_path)["status"] == "stopped"
    assert toy.document(tmp_path)["entries"][-1]["step"] == step == toy.history(tmp_path)[-1]["step"]
    assert 0 < step < STEPS
    assert toy.call("runs", "verify", folder=tmp_path).code == 0
    told = toy.call("train", *LONG, "--json", folder=tmp_path)
    assert told.json["status"] == "resumed"
    assert f"after step {step}" in told.err
    assert toy.essence(tmp_path) == toy.essence(uninterrupted)


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_f9_stopped_during_the_compile(number: signal.Signals, code: int, tmp_path: Path) -> None:
    """With nothing compiled before, that is seconds within XLA, most with JAX's own loops."""
    fresh = {"JAX_ENABLE_COMPILATION_CACHE": "false", **AS_USERS}
    with toy.started("train", *LONG, *SLOW, folder=tmp_path, **fresh) as process:
        toy.wait_for(lambda: any((tmp_path / "runs").glob("*.lock")), process)
        time.sleep(1.5)
        begin = time.monotonic()
        process.send_signal(number)
        answer = toy.finish(process)
        seconds = time.monotonic() - begin
    answer.one_line(code, "stopped")  # "before the first step was done; nothing to save", if it had come so far
    assert seconds < patience()
    assert not saved(tmp_path)
    assert not list(tmp_path.rglob("*.tmp"))


@pytest.mark.parametrize(("number", "code"), SIGNALS)
@pytest.mark.parametrize("command", ["train", "simulate"])
def test_f9_stopped_while_it_starts(number: signal.Signals, code: int, command: str, tmp_path: Path) -> None:
    with toy.started(command, *LONG, "--json", folder=tmp_path) as process:
        time.sleep(random.Random(code + len(command)).uniform(0.5, 1.0))
        begin = time.monotonic()
        process.send_signal(number)
        answer = toy.finish(process)
    answer.one_line(code, "stopped")
    assert answer.json["error"]["code"] == code
    assert time.monotonic() - begin < patience()
    assert not saved(tmp_path)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_f9_stopped_at_fifty_random_moments(number: signal.Signals, code: int, tmp_path: Path, uninterrupted: Path) -> None:
    """Anywhere between the first word of the process and its end; resumed from wherever that was."""
    moments = random.Random(code)
    for count in range(50):
        folder = tmp_path / str(count)
        folder.mkdir()
        answer, seconds = stop(folder, number, (*LONG, plugin(folder, 0.02)), -moments.uniform(0.7, 12))
        assert answer.code in (0, code), answer.err
        if answer.code:
            answer.one_line(code, "stopped")
            assert seconds < patience()
        assert toy.call("runs", "verify", folder=folder).code == 0
        assert toy.call("train", *LONG, "-q", folder=folder).code == 0
        assert toy.essence(folder) == toy.essence(uninterrupted)
