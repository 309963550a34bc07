"""F9: Ctrl-C and SIGTERM at any moment of a training: one line, and the same bytes in the end.

That it takes at most two seconds is timed by the long tests; the others wait for events.
"""

import os
import random
import signal
import sys
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

from quantamm_cli.workflows import training_run

training_run._SAVE_SECONDS = 0.0
real = training_run.TrainingRun.record


def record(self, report, progress):
    time.sleep({pause})
    real(self, report, progress)


training_run.TrainingRun.record = record
'''
COMPILING = '''"""Makes a file when XLA is about to compile the step, and another when it has."""
from pathlib import Path

import jax

FILES = {"jaxpr_to_mlir_module_duration": "begun", "backend_compile_duration": "done"}


def hear(event, _, fun_name="", **__):
    file = FILES.get(event.rpartition("/")[2])
    if file and fun_name == "jit(step)":
        Path(file).touch()


jax.monitoring.register_event_duration_secs_listener(hear)
'''
IMPATIENT = """
from quantamm_cli.cli import signals

signals.GRACE_SECONDS = 0.0  # the main thread would not be back in time
"""
IMPORTING = """
import sys, time
from pathlib import Path
from quantamm_cli.cli import signals
from quantamm_cli.cli.main import main

signals.GRACE_SECONDS = 1e6  # it ends by itself, or not at all

class Finder:
    "Once a module is to be imported, makes a file and waits for another."
    def find_spec(self, name, *_):
        if name == sys.argv[1]:
            Path("importing").touch()
            while not Path("go").exists():
                time.sleep(0.005)

sys.meta_path.insert(0, Finder())
sys.exit(main(sys.argv[2:]))
"""


def plugin(folder: Path, pause: float) -> str:
    """A plugin that lets the one training of a folder be met in the middle;
    it does not name the run.
    """
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


def patience() -> float:
    """Two seconds, more on a machine that is busy with other things."""
    return SECONDS * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)) + 0.5


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_f9_stopped_in_the_middle(
    number: signal.Signals, code: int, tmp_path: Path, uninterrupted: Path
) -> None:
    """Wherever the training is when the signal comes; it cannot end before."""
    held = f"plugins=[{toy.hold(STEPS - 1, tmp_path)}]"
    with toy.started("train", *LONG, held, folder=tmp_path) as process:
        toy.wait_for(lambda: toy.steps_saved(tmp_path) > 20, process)
        process.send_signal(number)
        toy.let_go(tmp_path)
        answer = toy.finish(process)
    answer.one_line(code, "stopped; step ", "is saved; run the same command to resume")
    step = int(answer.err.split("stopped; step ")[1].split()[0])
    assert toy.document(tmp_path)["status"] == "stopped"
    assert (
        toy.document(tmp_path)["entries"][-1]["step"] == step == toy.history(tmp_path)[-1]["step"]
    )
    assert 0 < step < STEPS
    assert toy.call("runs", "verify", folder=tmp_path).code == 0
    told = toy.call("train", *LONG, "--json", folder=tmp_path)
    assert told.json["status"] == "resumed"
    assert f"after step {step}" in told.err
    assert toy.essence(tmp_path) == toy.essence(uninterrupted)


def stop_compiling(number: signal.Signals, folder: Path) -> tuple[toy.Answer, float]:
    """Send a signal while XLA compiles; what came, and how soon."""
    words = ("train", *LONG, *SLOW, "plugins=[compiling.py]")
    fresh = {"JAX_ENABLE_COMPILATION_CACHE": "false", **AS_USERS}
    with toy.started(*words, folder=folder, **fresh) as process:
        toy.wait_for((folder / "begun").exists, process)
        begin = time.monotonic()
        process.send_signal(number)
        answer = toy.finish(process)
        return answer, time.monotonic() - begin


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_f9_stopped_during_the_compile(number: signal.Signals, code: int, tmp_path: Path) -> None:
    """With nothing compiled before: of JAX's own loops, that is seconds within XLA."""
    (tmp_path / "compiling.py").write_text(COMPILING + IMPATIENT)
    answer, _ = stop_compiling(number, tmp_path)
    answer.one_line(code, "stopped before the first step was done; nothing to save")
    assert not (tmp_path / "done").exists()
    assert not saved(tmp_path)
    assert not list(tmp_path.rglob("*.tmp"))


@pytest.mark.long
@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_f9_out_of_a_compile_in_two_seconds(
    number: signal.Signals,
    code: int,
    tmp_path: Path,
) -> None:
    (tmp_path / "compiling.py").write_text(COMPILING)
    answer, seconds = stop_compiling(number, tmp_path)
    answer.one_line(code, "stopped")
    assert seconds < patience()


@pytest.mark.parametrize(
    ("number", "code", "module"),
    [(*SIGNALS[0], "omegaconf"), (*SIGNALS[1], "jaxlib")],
)
@pytest.mark.parametrize("command", ["train", "simulate"])
def test_f9_stopped_while_it_starts(
    number: signal.Signals,
    code: int,
    module: str,
    command: str,
    tmp_path: Path,
) -> None:
    """In the middle of its imports, of those that read the words and of those that compute."""
    words = ("-c", IMPORTING, module, command, *LONG, "--json")
    with toy.started(*words, folder=tmp_path, program=sys.executable) as process:
        toy.wait_for((tmp_path / "importing").exists, process)
        process.send_signal(number)
        toy.let_go(tmp_path)
        answer = toy.finish(process)
    answer.one_line(code, "stopped")
    assert answer.json["error"]["code"] == code
    assert not saved(tmp_path)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_f9_stopped_at_fifty_random_moments(
    number: signal.Signals, code: int, tmp_path: Path, uninterrupted: Path
) -> None:
    """Anywhere between the first word of the process and its end;
    resumed from wherever that was.
    """
    moments = random.Random(code)
    for count in range(50):
        folder = tmp_path / str(count)
        folder.mkdir()
        with toy.started("train", *LONG, plugin(folder, 0.02), folder=folder) as process:
            time.sleep(moments.uniform(0.7, 12))
            begin = time.monotonic()
            process.send_signal(number)
            answer = toy.finish(process)
            seconds = time.monotonic() - begin
        assert answer.code in (0, code), answer.err
        if answer.code:
            answer.one_line(code, "stopped")
            assert seconds < patience()
        assert toy.call("runs", "verify", folder=folder).code == 0
        assert toy.call("train", *LONG, "-q", folder=folder).code == 0
        assert toy.essence(folder) == toy.essence(uninterrupted)
