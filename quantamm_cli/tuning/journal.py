"""The journal of a study: Optuna's records, one a line, in a file that
survives what happens to files.

Optuna reads a journal whose last line was cut as broken for ever once it has appended to it. A line
is a record only when its newline is there, so what follows the last newline was never promised to
anyone and is cut before opening.
"""

import json
import os
from pathlib import Path

from filelock import FileLock

from quantamm_cli.errors import StoreError, argument
from quantamm_cli.tuning.optuna import BaseJournalFileLock, JournalFileBackend, JournalStorage


class SystemLock(BaseJournalFileLock):
    """A lock of the operating system: freed by a kill, where Optuna's own would keep
    everyone waiting for 30 seconds.
    """

    def __init__(self, path: Path) -> None:
        self._lock = FileLock(path, thread_local=False)

    def acquire(self) -> bool:
        """Wait for it."""
        self._lock.acquire()
        return True

    def release(self) -> None:
        """Give it back."""
        self._lock.release()


def open_journal(path: Path) -> JournalStorage:
    """The storage in a journal, repaired. The caller holds the study's lock.

    Raises:
        StoreError: a record in the middle is damaged.
    """
    repair(path)
    return JournalStorage(JournalFileBackend(str(path), SystemLock(path.with_suffix(".lock"))))


def repair(path: Path) -> int:
    """Cut what follows the last newline; how many bytes that were.

    Raises:
        StoreError: a record before it is damaged, which no cut can mend.
    """
    if not path.exists():
        return 0
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    for number, line in enumerate(data[:whole].splitlines(), 1):
        if not _record(line):
            cure = (
                f"start over with {argument('fresh', True)} (the old files and all "
                "trained runs are kept)"
            )
            raise StoreError(str(path), f"line {number} is damaged; {cure}")
    if whole < len(data):
        file = os.open(path, os.O_RDWR)
        try:
            os.ftruncate(file, whole)
            os.fsync(file)
        finally:
            os.close(file)
    return len(data) - whole


def _record(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:  # also what is not UTF-8
        return False
