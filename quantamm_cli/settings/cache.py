"""The folder of data that can be computed again, and the bounded caches in it.

Losing an entry costs only time. Caches therefore raise nothing where the disk refuses: an entry
that cannot be read is absent, one that cannot be written is not stored.
"""

import contextlib
import math
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

T = TypeVar("T")
_HOUR = 3600.0


def cache_folder() -> Path:
    """The user's cache folder, or the one ``QSIM_CACHE`` names. It may not exist yet.

    Raises:
        RuntimeError: ``QSIM_CACHE`` begins with the home of a user who has none.
    """
    from platformdirs import user_cache_path

    named = os.environ.get("QSIM_CACHE")
    return Path(named).expanduser() if named else user_cache_path("qsim")


@dataclass(frozen=True)
class Cache:
    """Entries in one folder of the cache: files of ours, or folders that another library fills.

    The least recently used entries are deleted until the bounds hold, but never the last used one.
    The time of an entry's last use is its time of modification. Processes may share a cache.
    """

    name: str
    """The folder below the cache folder; "" is the cache folder itself."""
    entries: str
    """The pattern of the names of entries. Nothing else is ever deleted."""
    most_bytes: float = math.inf
    most_age: float = math.inf
    """Seconds."""

    def get(self, entry: str, read: Callable[[BinaryIO], T | None]) -> T | None:
        """What ``read`` returns for a file; None if the file is absent or ``read`` raises."""
        if (folder := self._folder()) is None:
            return None
        try:
            with open(folder / entry, "rb") as file:
                value = read(file)
        except Exception:  # readers raise many types for a damaged file
            return None
        if value is not None:
            with contextlib.suppress(OSError):
                os.utime(folder / entry)
        return value

    def keep(self, entry: str, write: Callable[[BinaryIO], object]) -> Path | None:
        """Writes a file atomically. Returns its path; None if the disk refuses."""
        if (folder := self._folder()) is None:
            return None
        # Not mkstemp: its mode 0600 would hide the file from colleagues who share the folder.
        draft = folder / f".{os.urandom(8).hex()}.part"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            try:
                with open(draft, "xb") as file:
                    write(file)
                os.replace(draft, folder / entry)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise
        except OSError:
            return None
        self._prune(folder)
        return folder / entry

    def claim(self, entry: str) -> Path | None:
        """A folder for a library's own files, marked as used now; None if it is not writable."""
        if (folder := self._folder()) is None:
            return None
        try:
            (folder / entry).mkdir(parents=True, exist_ok=True)
            os.utime(folder / entry)
        except OSError:
            return None
        self._prune(folder)
        return folder / entry if os.access(folder / entry, os.W_OK) else None

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Lets one process at a time make entries; unlocked where the disk refuses a lock."""
        from filelock import FileLock

        with contextlib.ExitStack() as stack:
            if (folder := self._folder()) is not None:
                with contextlib.suppress(OSError, NotImplementedError):
                    folder.mkdir(parents=True, exist_ok=True)
                    stack.enter_context(FileLock(folder / ".lock"))
            yield

    def _folder(self) -> Path | None:
        """None where the platform has no cache folder (no home folder)."""
        try:
            return cache_folder() / self.name
        except (OSError, RuntimeError):
            return None

    def _prune(self, folder: Path) -> None:
        prune(folder, self.entries, self.most_bytes, self.most_age)


def prune(
    folder: Path, entries: str, most_bytes: float = math.inf, most_age: float = math.inf
) -> None:
    """Deletes the least recently used entries until the bounds hold, and drafts older than an hour,
    which killed processes left.

    The last used entry stays, however large or old.
    """
    now, total = time.time(), 0
    with contextlib.suppress(OSError):
        for draft in folder.glob(".*.part"):
            if _last_use(draft) < now - _HOUR:
                draft.unlink(missing_ok=True)
        by_use = sorted(folder.glob(entries), key=_last_use, reverse=True)
        for position, path in enumerate(by_use):
            if most_bytes < math.inf:
                total += _size(path)
            if position and (total > most_bytes or _last_use(path) < now - most_age):
                _delete(path)


def _last_use(path: Path) -> float:
    """Seconds since 1970; the time now if another process has deleted the file."""
    try:
        return path.stat().st_mtime
    except OSError:
        return time.time()


def _size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    total = 0
    files = path.rglob("*") if path.is_dir() else [path]
    for file in files:
        with contextlib.suppress(OSError):
            if file.is_file():
                total += file.stat().st_size
    return total


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()
