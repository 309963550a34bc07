"""Compiled programs, kept in the user's cache folder for the next process.

``programs-VERSION-PROCESSOR`` in qsim's cache folder, one for each version of JAX and each set of processor features: a
program made for one processor may stop another. JAX bounds the folder, and locks it because it is bounded. The cache is a
convenience: where it cannot be, or is damaged, programs are compiled again.
"""

import contextlib
import hashlib
import os
import platform
import shutil
import subprocess
import time
from pathlib import Path

from quantamm_cli.settings.conf import cache_folder

LIMIT = 128 * 2**20
"""Bytes of programs, some hundred trainings' worth; the least recently used go first. JAX looks at all of them for each new one."""
_UNUSED = 60 * 86400.0
"""Seconds after which the folder of another version or processor goes."""


def programs(version: str) -> Path | None:
    """The folder of this version of JAX on this processor, tidied; None where there can be none."""
    try:
        home = cache_folder()
        folder = home / f"programs-{version}-{processor()}"
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)  # its age is the time since its last use
    except (OSError, RuntimeError):
        return None
    if not os.access(folder, os.W_OK):
        return None
    with contextlib.suppress(OSError):
        _mend(folder)
        _forget(home, folder)
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

    The time is written last. Without one a program may be cut short, and JAX could not make room any more.
    """
    from filelock import FileLock, Timeout

    with contextlib.suppress(Timeout), FileLock(folder / ".lockfile", timeout=0):
        names = set(os.listdir(folder))
        for name in names:
            stem = name.removesuffix("-cache")
            if stem != name and f"{stem}-atime" not in names:
                (folder / name).unlink(missing_ok=True)


def _forget(home: Path, folder: Path) -> None:
    """Remove what other versions and processors left, once nobody has used it for long."""
    for other in home.glob("programs-*"):
        if other != folder and time.time() - other.stat().st_mtime > _UNUSED:
            shutil.rmtree(other, ignore_errors=True)
