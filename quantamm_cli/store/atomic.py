"""Files written whole or not at all, and one line when the disk says no.

Temporary file in the same folder, write, fsync, rename, fsync of the folder: a kill or a power cut
at any moment leaves the old file or the new one. Everything goes through ``os.*`` calls so that the
fault suite can break each of them.
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
_STALE_SECONDS = 24 * 3600.0
_TEMPORARY = re.compile(
    r"\.(?P<name>.+)\.(?P<host>[A-Za-z0-9_-]*)\.(?P<pid>\d+)\.(?P<count>\d+)\.tmp"
)
_count = itertools.count()


def reason(error: OSError) -> str:
    """Why the operating system refused, and what to do, in a few words."""
    return _REASONS.get(error.errno or 0) or (error.strerror or str(error) or type(error).__name__)


@contextmanager
def telling(path: Path, doing: str) -> Iterator[None]:
    """Turns an OSError into the StoreError ``path: cannot be DOING: why``."""
    try:
        yield
    except OSError as error:
        raise StoreError(str(path), f"cannot be {doing}: {reason(error)}") from error


def write_text(path: str | Path, text: str) -> None:
    """Replaces ``path`` by ``text`` (UTF-8). Raises StoreError; the old file is then as it was."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: str | Path, data: bytes | bytearray | memoryview) -> None:
    """Replaces ``path`` by ``data``; the folder must exist.

    Raises StoreError; the old file is then as it was.
    """
    target = Path(path)
    with telling(target, "written"):
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
    # Not mkstemp: its mode 0600 would hide results from colleagues; 0666 leaves it to the umask.
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        write_all(file, data)
        os.fsync(file)
    finally:
        os.close(file)


def write_all(file: int, data: bytes | bytearray | memoryview) -> None:
    """Writes every byte to the descriptor; the system may take fewer at a time."""
    rest = memoryview(data).cast("B")
    while rest:
        rest = rest[os.write(file, rest) :]


def sync_folder(folder: Path) -> None:
    """Makes renames and new names in ``folder`` durable."""
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    except OSError as error:
        if error.errno not in (
            errno.EINVAL,
            errno.ENOTSUP,
        ):  # some network file systems cannot, and need not
            raise
    finally:
        os.close(file)


def make_folder(folder: Path) -> None:
    """Creates ``folder`` and its parents, durably. Raises StoreError."""
    if folder.is_dir():
        return
    with telling(folder, "created"):
        folder.mkdir(parents=True, exist_ok=True)
        sync_folder(folder.parent)


def sweep(folder: Path, own: tuple[str, ...] = ()) -> None:
    """Removes temporaries that nobody will rename: of ``own`` (the caller holds their lock), of
    dead processes, a day old.
    """
    with suppress(OSError):
        for path in folder.iterdir():
            found = _TEMPORARY.fullmatch(path.name)
            if found and (
                found["name"] in own or _abandoned(path, found["host"], int(found["pid"]))
            ):
                with suppress(OSError):
                    path.unlink()


def alive(pid: int) -> bool:
    """Whether a process of this machine has the number."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def host() -> str:
    """This machine's name, fit for a file name."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", socket.gethostname())


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.{host()}.{os.getpid()}.{next(_count)}.tmp")


def _abandoned(path: Path, where: str, pid: int) -> bool:
    old = time.time() - path.stat().st_mtime > _STALE_SECONDS
    return old or (where == host() and not alive(pid))
