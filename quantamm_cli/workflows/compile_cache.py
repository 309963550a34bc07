"""Compiled programs, kept in the user's cache folder for the next process.

``programs-VERSION-PROCESSOR`` in qsim's cache folder, one for each version of JAX and each set of
processor features: a program made for one processor may stop another. JAX bounds the folder, and
locks it because it is bounded. The cache is a convenience: where it cannot be, or is damaged,
programs are compiled again.
"""

import contextlib
import hashlib
import os
import platform
import subprocess
from pathlib import Path

from quantamm_cli.settings.cache import Cache

LIMIT = 128 * 2**20
"""Bytes of programs, some hundred trainings' worth; the least recently used go first. JAX looks at
all of them for each new one.
"""
_FOLDERS = Cache("", "programs-*", most_age=60 * 86400.0)


def programs(version: str) -> Path | None:
    """The folder of this version of JAX on this processor, tidied; None where there can be none."""
    folder = _FOLDERS.claim(f"programs-{version}-{processor()}")
    if folder is not None:
        with contextlib.suppress(OSError):
            _mend(folder)
    return folder


def processor() -> str:
    """A short digest of what the processor can do."""
    told = platform.machine()
    if platform.system() == "Darwin":
        command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            told += subprocess.run(
                command, capture_output=True, text=True, timeout=5, check=True
            ).stdout
    else:
        told += _features()
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def _features() -> str:
    """The feature flags of the first processor, as Linux tells them."""
    with (
        contextlib.suppress(OSError),
        open("/proc/cpuinfo", encoding="ascii", errors="replace") as lines,
    ):
        for line in lines:
            name, _, flags = line.partition(":")
            if name.strip() in ("flags", "Features"):
                return " ".join(sorted(flags.split()))
    return platform.processor()


def _mend(folder: Path) -> None:
    """Remove programs without a time of use: whoever wrote them was killed, or the disk was full.

    The time is written last. Without one a program may be cut short,
    and JAX could not make room any more.
    """
    from filelock import FileLock, Timeout

    with contextlib.suppress(Timeout), FileLock(folder / ".lockfile", timeout=0):
        names = set(os.listdir(folder))
        for name in names:
            stem = name.removesuffix("-cache")
            if stem != name and f"{stem}-atime" not in names:
                (folder / name).unlink(missing_ok=True)
