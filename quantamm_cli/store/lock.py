"""One writer a run: a lock of the operating system, freed even by kill
-9, that says who holds it.
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
    """The lock file of a run, or of ``what`` else. Locks, waits, tells."""

    def __init__(self, path: Path, what: str = "run") -> None:
        self.path = path
        self._what = what
        # Not thread-local: the thread that waits for signals may close what another thread opened.
        self._lock = FileLock(path, thread_local=False)

    def acquire(self, wait: float) -> None:
        """Takes the lock, waiting up to ``wait`` seconds.

        Raises BusyError naming the holder, StoreError if the folder refuses.
        """
        with atomic.telling(self.path, "locked"):
            try:
                self._lock.acquire(timeout=max(wait, 0.0), poll_interval=_POLL_SECONDS)
            except Timeout:  # an OSError too, so it is met first
                told = f"{_holder(self.path)} is writing this {self._what}; wait for it or stop it"
                raise BusyError(
                    str(self.path.with_suffix(".json" if self._what == "run" else "")), told
                ) from None
        with suppress(OSError):  # the lock holds without it; only the message would know less
            self._sign(
                json.dumps(
                    {
                        "pid": os.getpid(),
                        "host": socket.gethostname(),
                        "since": datetime.now(UTC).isoformat(),
                    }
                )
            )

    def release(self) -> None:
        """Gives the lock back; the file stays. Twice does no harm."""
        if self._lock.is_locked:
            with suppress(OSError):
                self._sign("")
            self._lock.release()

    def _sign(self, text: str) -> None:
        file = os.open(self.path, os.O_WRONLY)
        try:
            os.ftruncate(file, 0)
            os.write(file, text.encode("utf-8"))
        finally:
            os.close(file)


def _holder(path: Path) -> str:
    """Who holds the lock.

    A name left by a killed process is not believed: the new holder is about to sign.
    """
    for _ in range(5):
        try:
            who = json.loads(path.read_text("utf-8"))
            pid, where, since = (
                int(who["pid"]),
                str(who["host"]),
                datetime.fromisoformat(who["since"]),
            )
            if where != socket.gethostname() or atomic.alive(pid):
                return f"another qsim (pid {pid} on {where} since {_clock(since)} UTC)"
        except (OSError, ValueError, KeyError, TypeError):
            pass
        time.sleep(_POLL_SECONDS)
    return "another qsim"


def _clock(since: datetime) -> str:
    since = since.astimezone(UTC)
    return (
        f"{since:%H:%M:%S}"
        if since.date() == datetime.now(UTC).date()
        else f"{since:%Y-%m-%d %H:%M:%S}"
    )
