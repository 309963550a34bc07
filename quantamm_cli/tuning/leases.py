"""Leases: how other processes know that a worker lives.

A worker holds a lock of the operating system on a file of its own. The kernel releases it when the
process ends, however it ends, so that no clock and no heartbeat is needed: a trial whose worker
holds no lock is free.
"""

import fcntl
import json
import os
import re
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class WorkerState:
    """What a worker does, as others show it. Times are seconds since 1970."""

    name: str
    label: str
    pid: int
    host: str
    since: float
    trial: int | None = None
    """The number of its trial; ``None`` between two."""
    begun: float | None = None
    """When it claimed the trial."""
    step: int = 0
    steps: int = 0
    text: str = ""
    ended: int = 0
    """How many trials it has ended."""


class Lease:
    """The lease of this process. ``write`` tells others what the worker does."""

    def __init__(self, folder: Path, label: str, now: float) -> None:
        host = re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname())
        name = f"{host}-{os.getpid()}-{secrets.token_hex(3)}"
        self.state = WorkerState(name, label, os.getpid(), socket.gethostname(), now)
        self._folder, self._place = folder, folder / f"{name}.json"
        self._lock = _locked(folder / f"{name}.lock")
        self.write()

    @property
    def name(self) -> str:
        """The name of the worker, unique among all."""
        return self.state.name

    def write(self, **changes: Any) -> None:
        """Replace the file of the worker's state, with changed fields; for show only, so errors of
        the disk are ignored.
        """
        self.state = replace(self.state, **changes)
        temporary = self._place.with_suffix(".tmp")
        with suppress(OSError):
            temporary.write_text(json.dumps(asdict(self.state)), "utf-8")
            os.replace(temporary, self._place)

    def end(self) -> None:
        """Give the lease up. A second call does nothing."""
        if self._lock >= 0:
            remove(self._folder, self.name)
            os.close(self._lock)
            self._lock = -1


@contextmanager
def lease(folder: Path, label: str, now: float) -> Iterator[Lease]:
    """A lease while it is open."""
    held = Lease(folder, label, now)
    try:
        yield held
    finally:
        held.end()


def _locked(path: Path) -> int:
    """A new file of this name, locked."""
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        fcntl.flock(file, fcntl.LOCK_EX)
        # whoever looks between the two calls takes it for that of a dead worker and removes it
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file), os.stat(path)):
                return file
        os.close(file)


def alive(folder: Path, name: str) -> bool:
    """Whether the worker of this name holds its lease."""
    try:
        file = os.open(folder / f"{name}.lock", os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        # shared, so that two that ask at once do not take each other for the worker
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def remove(folder: Path, name: str) -> None:
    """Remove the files of a worker that lives no more, or ends now."""
    for suffix in ("json", "lock", "tmp"):
        with suppress(OSError):
            os.unlink(folder / f"{name}.{suffix}")


def workers(folder: Path) -> list[WorkerState]:
    """The states of the workers that live, in order of their labels; files of others go."""
    states = []
    for path in folder.glob("*.lock"):
        with suppress(OSError, ValueError, TypeError):
            if alive(folder, path.stem):
                text = path.with_suffix(".json").read_text("utf-8")
                states.append(WorkerState(**json.loads(text)))
            else:
                remove(folder, path.stem)
    return sorted(states, key=lambda state: (state.label, state.since))
