"""What the fault suite of the store kills, races and starves:
a small deterministic "training" that saves as it goes.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import numpy as np

from quantamm_cli.errors import StoreError
from quantamm_cli.settings.digest import canonical, sha256
from quantamm_cli.store.checkpoint import Run
from quantamm_cli.store.inputs import Inputs
from quantamm_cli.store.runs import BusyError, Store, Writer

SETTINGS: dict[str, Any] = {
    "schema": 1,
    "tokens": ["BTC", "ETH"],
    "fit": {"kind": "adamw", "steps": 40},
}
FINGERPRINT = sha256(SETTINGS)
DATA = Inputs("d" * 64, {"prices": "d" * 64})
CALLS = ("open", "write", "fsync", "ftruncate", "lseek", "close", "replace", "mkdir")


def start() -> np.ndarray:
    """The state before the first step."""
    return np.random.default_rng(7).standard_normal(12)


def advance(x: np.ndarray) -> np.ndarray:
    """A step; every bit of ``x`` matters to all later ones."""
    return np.sin(1.7 * x + np.roll(x, 1)) * 1.1


def entry(step: int, x: np.ndarray) -> dict[str, Any]:
    """What is recorded of a step."""
    scores = {"daily_log_sharpe": x[:4], "calmar": np.where(x[:4] > 1, np.nan, x[4:8])}
    metrics = {"train": scores, "validation": {name: -value for name, value in scores.items()}}
    return {
        "step": step,
        "params": {"log_k": x.reshape(4, 3)},
        "objective": x[:4],
        "metrics": metrics,
        "learning_rate": 0.1,
    }


def kept(entries: list[Any]) -> list[Any]:
    """The best, every tenth and the last."""
    best = max(entries, key=lambda one: one["objective"][0])
    return [one for one in entries if one["step"] % 10 == 0 or one is best or one is entries[-1]]


def train(
    writer: Writer,
    last: int,
    *,
    ends: bool = True,
    saved: Callable[[int], None] = lambda step: None,
) -> None:
    """Goes on from what was found to step ``last``; ``saved`` hears of each step reported saved."""
    if writer.status == "finished":
        return
    keep = list(writer.run.entries) if writer.run else []
    x, step = (writer.state["x"], int(writer.state["step"])) if writer.state else (start(), -1)
    done = "finished" if ends else "running"
    if step == last:
        writer.save([], kept(keep), {"step": step, "x": x}, done, {"pid": os.getpid()})
    while step < last:
        x, step = (advance(x) if step >= 0 else x), step + 1
        one = entry(step, x)
        keep = kept([*keep, one])
        writer.save(
            [one],
            keep,
            {"step": step, "x": x},
            done if step == last else "running",
            {"pid": os.getpid()},
        )
        saved(step)


def train_and_tell(folder: Path, told: Path, last: int) -> None:
    """``train`` in a process of its own that writes down each step reported saved."""
    file = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with Store(folder).open(SETTINGS, data=DATA) as writer:
        os.write(file, b"-1\n")

        def saved(step: int) -> None:
            os.write(file, b"%d\n" % step)

        train(writer, last, saved=saved)


def reference(folder: Path, last: int) -> bytes:
    """The run nobody interrupted, without its provenance."""
    with Store(folder).open(SETTINGS, data=DATA) as writer:
        train(writer, last)
    return essence(folder)


def essence(folder: Path) -> bytes:
    """Everything of a run that must not depend on how it came about."""
    store = Store(folder)
    run: Run = store.load(FINGERPRINT)
    beside = [
        (store.folder(FINGERPRINT) / name).read_bytes() for name in ("history.jsonl", "state.npz")
    ]
    return b"\n".join([canonical([run.settings, run.status, run.entries]).encode(), *beside])


def temporaries(folder: Path) -> list[str]:
    """Temporary files that were left anywhere below."""
    return [path.name for path in folder.rglob("*.tmp")]


class Tap:
    """Counts the system calls of a save and does something at the ``at``-th."""

    def __init__(
        self, at: int, act: Callable[[str, Callable[..., Any], tuple[Any, ...]], Any]
    ) -> None:
        self.at, self.act = at, act
        self.seen: list[str] = []

    def wrap(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        """The call with the tap before it."""

        def call(*args: Any, **more: Any) -> Any:
            self.seen.append(name)
            return (
                self.act(name, real, args) if len(self.seen) - 1 == self.at else real(*args, **more)
            )

        return call


@contextmanager
def tapped(tap: Tap) -> Iterator[None]:
    """``os`` with the tap in every call that a save makes."""
    real = {name: getattr(os, name) for name in CALLS}
    for name, function in real.items():
        setattr(os, name, tap.wrap(name, function))
    try:
        yield
    finally:
        for name, function in real.items():
            setattr(os, name, function)


def die(when: str) -> Callable[[str, Callable[..., Any], tuple[Any, ...]], Any]:
    """kill -9 before, after or (of a write) in the middle of a call."""

    def act(name: str, real: Callable[..., Any], args: tuple[Any, ...]) -> None:
        if when == "after":
            real(*args)
        if when == "amid" and name == "write":
            real(args[0], args[1][: len(args[1]) // 2])
        os.kill(os.getpid(), signal.SIGKILL)

    return act


def fail(number: int) -> Callable[[str, Callable[..., Any], tuple[Any, ...]], Any]:
    """The call fails; a write after taking half (a full disk does so), a close after closing."""

    def act(name: str, real: Callable[..., Any], args: tuple[Any, ...]) -> None:
        if name == "write":
            real(args[0], args[1][: len(args[1]) // 2])
        if name == "close":
            real(*args)
        raise OSError(number, os.strerror(number))

    return act


def save_and_die(folder: Path, at: int, when: str) -> None:
    """Steps 0 to 2 are saved; at the ``at``-th call of saving step 3 the process dies."""
    os.fsync = lambda file: None  # kill -9 does not lose what the system has taken
    with Store(folder).open(SETTINGS, data=DATA) as writer:
        train(writer, 2, ends=False)
        with tapped(Tap(at, die(when))):
            go_on(writer)


def go_on(writer: Writer) -> None:
    """Saves step 3 behind 0 to 2, whatever became of an earlier attempt."""
    x, entries = start(), []
    for step in range(4):
        x = advance(x) if step else x
        entries.append(entry(step, x))
    writer.save(entries[3:], kept(entries), {"step": 3, "x": x}, "finished", {"pid": os.getpid()})


def hold(folder: Path, ready: Path) -> None:
    """Opens the run and holds it until killed."""
    with Store(folder).open(SETTINGS):
        ready.write_text(str(os.getpid()))
        signal.pause()


def race(folder: Path, told: Path, wait: float, line: Barrier) -> None:
    """Starts once all others are at the line too; tells what became of it."""
    line.wait()
    try:
        with Store(folder).open(SETTINGS, data=DATA, wait=wait) as writer:
            train(writer, 12)
            told.write_text(writer.status)
    except BusyError as error:
        told.write_text(f"busy: {error}")
    except StoreError as error:
        told.write_text(f"error: {error}")
