"""The journal of a study: Optuna's records, one a line, in a file that is repaired when opened.

If the last line is incomplete and Optuna appends to it, the journal can never be read again. A
line is a record only with its newline, so what follows the last newline is cut before opening.
"""

import json
import os
from pathlib import Path

from filelock import FileLock

from quantamm_cli.errors import StoreError, argument
from quantamm_cli.tuning.optuna import BaseJournalFileLock, JournalFileBackend, JournalStorage


class SystemLock(BaseJournalFileLock):
    """A lock of the operating system: a kill releases it, while Optuna's own lock would block the
    next process for 30 seconds.
    """

    def __init__(self, path: Path) -> None:
        self._lock = FileLock(path, thread_local=False)

    def acquire(self) -> bool:
        """Wait for the lock."""
        self._lock.acquire()
        return True

    def release(self) -> None:
        """Release the lock."""
        self._lock.release()


def open_journal(path: Path) -> JournalStorage:
    """The storage of a journal, which is repaired first. The caller holds the study's lock.

    Raises:
        StoreError: a record in the middle is damaged.
    """
    repair(path)
    return JournalStorage(JournalFileBackend(str(path), SystemLock(path.with_suffix(".lock"))))


def repair(path: Path) -> int:
    """Cut what follows the last newline; returns the number of bytes cut.

    Raises:
        StoreError: an earlier record is damaged.
    """
    if not path.exists():
        return 0
    data = path.read_bytes()
    end = data.rfind(b"\n") + 1
    for number, line in enumerate(data[:end].splitlines(), 1):
        if not _is_record(line):
            raise StoreError(
                str(path),
                f"line {number} is damaged; start over with {argument('fresh', True)} (the old "
                "files and all trained runs are kept)",
            )
    if end < len(data):
        file = os.open(path, os.O_RDWR)
        try:
            os.ftruncate(file, end)
            os.fsync(file)
        finally:
            os.close(file)
    return len(data) - end


def _is_record(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:  # also what is not UTF-8
        return False
