"""The persistent cache of compiled programs, in the user's cache folder.

Each version of JAX and each set of processor features has its own folder,
``programs-VERSION-PROCESSOR``: a program compiled for one processor may crash on another. JAX
limits the size of the folder, and therefore locks it. The cache is optional: without it, or if it
is damaged, programs are compiled again.
"""

import contextlib
import os
from pathlib import Path

from quantamm_cli.settings.cache import Cache
from quantamm_cli.settings.computed_by import processor

LIMIT = 128 * 2**20
"""Most bytes of programs, enough for some hundred trainings.

JAX removes the least recently used first, and lists the folder for each new program.
"""
_FOLDERS = Cache("", "programs-*", most_age=60 * 86400.0)


def programs(version: str) -> Path | None:
    """The folder for a version of JAX on this processor, cleaned; None if there cannot be one."""
    folder = _FOLDERS.claim(f"programs-{version}-{processor()}")
    if folder is not None:
        with contextlib.suppress(OSError):
            _remove_incomplete(folder)
    return folder


def _remove_incomplete(folder: Path) -> None:
    """Remove programs without a time of use: their writer was killed, or the disk was full.

    JAX writes the time last. A program without it may be truncated, and it makes JAX's removal of
    old programs fail.
    """
    from filelock import FileLock, Timeout

    with contextlib.suppress(Timeout), FileLock(folder / ".lockfile", timeout=0):
        names = set(os.listdir(folder))
        for name in names:
            stem = name.removesuffix("-cache")
            if stem != name and f"{stem}-atime" not in names:
                (folder / name).unlink(missing_ok=True)
