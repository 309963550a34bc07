"""F1 and F10 over the fits: whatever is killed at any moment ends, run again,
as if nothing had happened.
"""

import random
import time
from pathlib import Path

import pytest
import toy
from kinds import components
from toy import TOY

pytestmark = pytest.mark.faults
STEPS = 40
FITS = components("fit")
MORE = {
    "adam": ("fit.schedule=cosine", "fit.swa_start=0.5"),
    "adamw": ("fit.plateau_patience=2", "fit.price_noise=0.01"),
    "bfgs": ("fit.tolerance=0",),
}
SLOWLY = '''"""Saves every step, and takes its time for it."""
import time

from quantamm_cli.workflows import training_run

training_run._SAVE_SECONDS = 0.0
real = training_run.TrainingRun.record


def record(self, report, progress):
    time.sleep(0.03)
    real(self, report, progress)


training_run.TrainingRun.record = record
'''


def words(kind: str) -> tuple[str, ...]:
    return (
        f"fit={kind}",
        *TOY,
        f"fit.steps={STEPS}",
        "fit.early_stopping=false",
        *MORE.get(kind, ()),
        "-q",
    )


def uninterrupted(kind: str, folder: Path) -> tuple[str, bytes]:
    """The essence of the run when nobody interrupts."""
    folder.mkdir()
    assert toy.call("train", *words(kind), folder=folder).code == 0
    return toy.essence(folder)


def saved(folder: Path) -> bool:
    """Whether a checkpoint is there."""
    return any((folder / "runs").glob("run_*.json"))


def kill_at(kind: str, folder: Path, moment: float) -> bool:
    """Train, and kill -9 so long after the start; whether there was anything left to kill."""
    (folder / "slowly.py").write_text(SLOWLY)
    with toy.started("train", *words(kind), "plugins=[slowly.py]", folder=folder) as process:
        time.sleep(moment)
        alive = process.poll() is None
        process.kill()
        process.wait()
    verified(folder)
    return alive


def kill_after(kind: str, folder: Path, steps: int) -> None:
    """Train, and kill -9 once so many steps are saved, wherever it is; it cannot end before."""
    held = f"plugins=[{toy.hold(STEPS - 1, folder)}]"
    with toy.started("train", *words(kind), held, folder=folder) as process:
        toy.wait_for(lambda: saved(folder) and toy.steps_saved(folder) >= steps, process)
        process.kill()
        process.wait()
    verified(folder)


def verified(folder: Path) -> None:
    """What is there is sound."""
    answer = toy.call("runs", "verify", folder=folder)
    assert answer.code == 0, answer.err


def finished(kind: str, folder: Path) -> tuple[str, bytes]:
    """The essence of the run once it is run again."""
    answer = toy.call("train", *words(kind), folder=folder)
    assert answer.code == 0, answer.err
    assert not list(folder.rglob("*.tmp"))
    return toy.essence(folder)


@pytest.mark.parametrize("kind", [kind for kind in FITS if kind not in ("adam", "adamw", "sgd")])
def test_f1_a_fit_killed_once_and_resumed(kind: str, tmp_path: Path) -> None:
    whole, broken = uninterrupted(kind, tmp_path / "whole"), tmp_path / "broken"
    broken.mkdir()
    kill_after(kind, broken, 4)
    assert toy.document(broken)["status"] == "running"
    assert finished(kind, broken) == whole


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", FITS)
def test_f1_a_fit_killed_eight_times_at_random_moments(kind: str, tmp_path: Path) -> None:
    """Anywhere from the first word of the process on; the killed run goes on until it is
    over, then another is begun.
    """
    whole, moments = uninterrupted(kind, tmp_path / "whole"), random.Random(kind)
    kills, folders = 0, 0
    while kills < 8:
        folder = tmp_path / str(folders)
        folder.mkdir(exist_ok=True)
        if kill_at(kind, folder, moments.uniform(0.3, 4.5)):
            kills += 1
        else:
            assert finished(kind, folder) == whole
            folders += 1
    assert finished(kind, folder) == whole
