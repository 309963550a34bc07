"""The SHA-256 of a file's content, which the cache folder remembers.

What a digest belongs to is the file's place, device and inode, its size and the times of its last
changes. A file that changed within the last seconds is read again: its next change could have the
same time.
"""

import hashlib
import os
import time
from pathlib import Path
from typing import BinaryIO

from quantamm_cli.settings.cache import Cache

_DIGESTS = Cache("digests", "*.sha256", most_bytes=2**20)
_SETTLED = 2 * 10**9
"""Nanoseconds: no file system's clock is coarser."""


def file_digest(path: str | Path) -> str:
    """64 hex digits of a file's content, read only if the file has changed since the last time.

    Raises OSError if the file cannot be read.
    """
    place = os.path.abspath(path)
    name = f"{hashlib.sha256(os.fsencode(place)).hexdigest()}.sha256"
    state = _state(os.stat(place))

    def known(file: BinaryIO) -> str | None:
        stored, _, digest = file.read().decode("ascii").rpartition(" ")
        return digest if stored == state and len(digest) == 64 else None

    digest = _DIGESTS.get(name, known)
    if digest is not None:
        return digest
    with open(place, "rb") as file:
        before = os.fstat(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        after = os.fstat(file.fileno())
    settled = time.time_ns() - max(after.st_mtime_ns, after.st_ctime_ns) > _SETTLED
    if settled and _state(before) == _state(after):
        _DIGESTS.keep(name, lambda file: file.write(f"{_state(after)} {digest}".encode("ascii")))
    return digest


def _state(stat: os.stat_result) -> str:
    """What changes when a file's content does."""
    numbers = (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
    return " ".join(map(str, numbers))
