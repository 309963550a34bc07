"""Writes files atomically, and turns errors of the disk into one line.

Temporary file in the same folder, write, fsync, rename, fsync of the folder: a kill or a power cut
at any moment leaves the old file or the new one. All of it uses ``os.*`` calls, so that the fault
tests can make each of them fail.
"""

import errno
import itertools
import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from quantamm_cli.errors import StoreError

_REASONS = {
    errno.ENOSPC: "the disk is full; free some space and run the same command again",
    errno.EDQUOT: "the disk quota is used up; free some space and run the same command again",
    errno.EROFS: "the file system is read-only; choose another runs_dir",
    errno.EACCES: "permission denied; check who owns the folder, or choose another runs_dir",
    errno.EPERM: "not permitted; check who owns the folder, or choose another runs_dir",
    errno.EIO: "the device reports an input/output error; check the disk",
}
_NO_FOLDER_SYNC = (errno.EINVAL, errno.ENOTSUP)
"""Errors of network file systems that cannot sync a folder, and need not."""
_STALE_SECONDS = 24 * 3600.0
_TEMPORARY = re.compile(
    r"\.(?P<name>.+)\.(?P<host>[A-Za-z0-9_-]*)\.(?P<pid>\d+)\.(?P<count>\d+)\.tmp"
)
_count = itertools.count()


def reason(error: OSError) -> str:
    """Why the operating system refused, and what to do."""
    return _REASONS.get(error.errno or 0) or (error.strerror or str(error) or type(error).__name__)


@contextmanager
def reporting_errors(path: Path, action: str) -> Iterator[None]:
    """Turns an OSError into the StoreError ``path: cannot be ACTION: reason``."""
    try:
        yield
    except OSError as error:
        raise StoreError(str(path), f"cannot be {action}: {reason(error)}") from error


def write_text(path: str | Path, text: str) -> None:
    """Replaces ``path`` by ``text`` (UTF-8). Raises StoreError; the old file is then unchanged."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: str | Path, data: bytes | bytearray | memoryview) -> None:
    """Replaces ``path`` by ``data``; the folder must exist.

    Raises StoreError; the old file is then unchanged.
    """
    target = Path(path)
    with reporting_errors(target, "written"):
        temporary = _temporary(target)
        try:
            _fill(temporary, data)
            os.replace(temporary, target)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
        sync_folder(target.parent)


def _fill(path: Path, data: bytes | bytearray | memoryview) -> None:
    # Not mkstemp: its mode 0600 would hide results from colleagues; with 0666 the umask decides.
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        write_all(file, data)
        os.fsync(file)
    finally:
        os.close(file)


def write_all(file: int, data: bytes | bytearray | memoryview) -> None:
    """Writes every byte to the descriptor; one call of the system may write fewer."""
    rest = memoryview(data).cast("B")
    while rest:
        rest = rest[os.write(file, rest) :]


def sync_folder(folder: Path) -> None:
    """Makes renames and new names in ``folder`` durable."""
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(file)


def make_folder(folder: Path) -> None:
    """Creates ``folder`` and its parents, durably. Raises StoreError."""
    if folder.is_dir():
        return
    with reporting_errors(folder, "created"):
        folder.mkdir(parents=True, exist_ok=True)
        sync_folder(folder.parent)


def sweep(folder: Path, own: tuple[str, ...] = ()) -> None:
    """Removes abandoned temporary files: those of the files ``own`` (the caller has their lock), of
    dead processes, and older than a day.
    """
    with suppress(OSError):
        for path in folder.iterdir():
            name = _TEMPORARY.fullmatch(path.name)
            if name is None:
                continue
            if name["name"] in own or _abandoned(path, name["host"], int(name["pid"])):
                with suppress(OSError):
                    path.unlink()


def alive(pid: int) -> bool:
    """Whether this machine has a process of this number."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def host() -> str:
    """This machine's name in characters of file names."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", socket.gethostname())


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.{host()}.{os.getpid()}.{next(_count)}.tmp")


def _abandoned(path: Path, where: str, pid: int) -> bool:
    old = time.time() - path.stat().st_mtime > _STALE_SECONDS
    return old or (where == host() and not alive(pid))
