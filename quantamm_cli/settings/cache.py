"""Files of the cache: written whole or not at all, and deleted when there are too many. Losing one costs time, nothing else."""

import contextlib
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

_HOUR = 3600


def keep(entry: Path, save: Callable[[BinaryIO], object], most: int) -> None:
    """Write an entry by ``save``, and let go of those of its kind that are unused longest until ``most`` bytes are left.

    The age of an entry is the time since its last use, which readers mark (``os.utime``). What the disk refuses is not kept.
    """
    with contextlib.suppress(OSError):
        entry.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=entry.parent, prefix=".", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as draft:
                save(draft)
            os.replace(name, entry)
        except BaseException:
            os.unlink(name)
            raise
        prune(entry.parent, entry.suffix, most)


def prune(folder: Path, ending: str, most: int) -> None:
    """Let go of what ends so and is unused longest until ``most`` bytes are left, and of what a killed process left an hour ago."""
    for part in folder.glob(".*.part"):
        with contextlib.suppress(OSError):
            if part.stat().st_mtime < time.time() - _HOUR:
                part.unlink()
    entries = sorted(
        ((entry.stat(), entry) for entry in folder.glob(f"*{ending}")),
        key=lambda pair: pair[0].st_mtime_ns,
        reverse=True,
    )
    total = 0
    for stat, entry in entries:
        total += stat.st_size
        if total > most:
            with contextlib.suppress(OSError):
                entry.unlink()
