"""The lock of a run's one writer: a lock of the operating system, which ends with the process, and
a file that names the process.
"""

import json
import os
import socket
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from quantamm_cli.errors import StoreError
from quantamm_cli.store import atomic

_POLL_SECONDS = 0.02


class BusyError(StoreError):
    """Another process is writing the run."""


class RunLock:
    """The lock file of a run, or of another result of the kind ``what``."""

    def __init__(self, path: Path, what: str = "run") -> None:
        self.path = path
        self._what = what
        # Not thread-local: the thread that handles signals may close what another thread opened.
        self._lock = FileLock(path, thread_local=False)

    def acquire(self, wait: float) -> None:
        """Takes the lock, waiting up to ``wait`` seconds.

        Raises BusyError, which names the holder, or StoreError if the file cannot be made.
        """
        with atomic.reporting_errors(self.path, "locked"):
            try:
                self._lock.acquire(timeout=max(wait, 0.0), poll_interval=_POLL_SECONDS)
            except Timeout:  # an OSError too, so it comes first
                place = self.path.with_suffix(".json" if self._what == "run" else "")
                raise BusyError(
                    str(place),
                    f"{_holder(self.path)} is writing this {self._what}; wait for it or stop it",
                ) from None
        holder = {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "since": datetime.now(UTC).isoformat(),
        }
        with suppress(OSError):  # it serves the message only
            self._write_holder(json.dumps(holder))

    def release(self) -> None:
        """Releases the lock; the file stays. A second call does nothing."""
        if self._lock.is_locked:
            with suppress(OSError):
                self._write_holder("")
            self._lock.release()

    def _write_holder(self, text: str) -> None:
        file = os.open(self.path, os.O_WRONLY)
        try:
            os.ftruncate(file, 0)
            os.write(file, text.encode("utf-8"))
        finally:
            os.close(file)


def _holder(path: Path) -> str:
    """The holder of the lock, for a message.

    The entry of a killed process is ignored, as the new holder is about to replace it.
    """
    for _ in range(5):
        try:
            holder = json.loads(path.read_text("utf-8"))
            pid, where = int(holder["pid"]), str(holder["host"])
            since = datetime.fromisoformat(holder["since"])
            if where != socket.gethostname() or atomic.alive(pid):
                return f"another qsim (pid {pid} on {where} since {_clock(since)} UTC)"
        except (OSError, ValueError, KeyError, TypeError):
            pass
        time.sleep(_POLL_SECONDS)
    return "another qsim"


def _clock(since: datetime) -> str:
    since = since.astimezone(UTC)
    if since.date() == datetime.now(UTC).date():
        return f"{since:%H:%M:%S}"
    return f"{since:%Y-%m-%d %H:%M:%S}"
