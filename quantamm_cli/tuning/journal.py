"""The journal of a study: Optuna's records, one a line, in a file that any process may append to.

A line is a record only with its newline. If a process dies within a write, or the disk is full,
the last line is incomplete; a record appended to it could never be read again. So what follows the
last newline is cut before every write, under the lock that all writers hold.
"""

import fcntl
import json
import os
from pathlib import Path
from typing import Any

from quantamm_cli.errors import StoreError, argument
from quantamm_cli.tuning.optuna import BaseJournalFileLock, JournalFileBackend, JournalStorage

_BLOCK = 4096


class SystemLock(BaseJournalFileLock):
    """A lock of the operating system, for which processes queue without polling.

    A kill releases it at once, while Optuna's own locks block the next process for 30 seconds.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._file = path, -1

    def acquire(self) -> bool:
        """Wait for the lock."""
        # opened anew, so that threads of one process exclude each other too
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
        except BaseException:
            os.close(file)
            raise
        self._file = file
        return True

    def release(self) -> None:
        """Release the lock."""
        file, self._file = self._file, -1
        os.close(file)

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *failure: object) -> None:
        self.release()


class _Backend(JournalFileBackend):
    """Optuna's file of records, repaired before each write."""

    def __init__(self, path: Path, lock: SystemLock) -> None:
        super().__init__(str(path), lock)
        self._path, self._system_lock = path, lock

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append records, all or none of them."""
        lines = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs)
        with self._system_lock:
            file = os.open(self._path, os.O_RDWR | os.O_APPEND)
            try:
                end = _cut(file)
                try:
                    _write_all(file, lines.encode("utf-8"))
                    os.fsync(file)
                except OSError:
                    os.ftruncate(file, end)
                    raise
            finally:
                os.close(file)


def open_journal(path: Path) -> JournalStorage:
    """The storage of a journal.

    Raises:
        StoreError: a record is damaged.
    """
    if path.exists():
        _check_records(path)  # without the lock, so that whoever may only read can look
    return JournalStorage(_Backend(path, SystemLock(path.with_suffix(".lock"))))


def _check_records(path: Path) -> None:
    """Raise StoreError if any line but an incomplete last one is no record."""
    data = path.read_bytes()
    end = data.rfind(b"\n") + 1
    for number, line in enumerate(data[:end].splitlines(), 1):
        if not _is_record(line):
            raise StoreError(
                str(path),
                f"line {number} is damaged; start over with {argument('fresh', True)} (the old "
                "files and all trained runs are kept)",
            )


def _cut(file: int) -> int:
    """Cut what follows the last newline; returns the length of the rest in bytes."""
    size = end = os.fstat(file).st_size
    while end:
        start = max(0, end - _BLOCK)
        newline = os.pread(file, end - start, start).rfind(b"\n")
        if newline >= 0:
            end = start + newline + 1
            break
        end = start
    if end < size:
        os.ftruncate(file, end)
    return end


def _write_all(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]


def _is_record(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:  # also what is not UTF-8
        return False
