"""Cleaned price files, kept by content in the user's cache folder.

``$QSIM_CACHE/prices`` or ``prices`` in the platform's cache folder of qsim. An entry is a ``.npy`` of float64: the first
minute, a CRC-32 of the rest, then the closes. The cache is a convenience: whatever goes wrong with it (a folder that cannot
be written, a full disk, an entry cut short) only costs the time to clean the file again.
"""

import contextlib
import os
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.market.grid import Grid
from quantamm_cli.settings.cache import keep
from quantamm_cli.settings.conf import cache_folder

FORMAT = 1
LIMIT = 2 * 1024**3


def cached(digest: str, kind: str, make: Callable[[], Grid]) -> Grid:
    """The cleaned form of the file with this SHA-256, from the cache or made now and kept. ``make`` may raise DataError."""
    folder = _folder()
    if folder is None:
        return make()
    entry = folder / f"{digest}.{kind}.{FORMAT}.npy"
    grid = _read(entry)
    if grid is None:
        grid = make()
        _write(entry, grid)
    return grid


def _folder() -> Path | None:
    """Where entries are; None where the platform has no such place (no home folder)."""
    try:
        return cache_folder() / "prices"
    except (OSError, RuntimeError):
        return None


def _checksum(closes: NDArray[np.float64]) -> float:
    return float(zlib.crc32(np.ascontiguousarray(closes, dtype="<f8").data))


def _read(entry: Path) -> Grid | None:
    try:
        rows = np.load(entry, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    if (
        rows.dtype != np.float64
        or rows.ndim != 1
        or rows.size < 3
        or rows[1] != _checksum(rows[2:])
    ):
        return None
    with contextlib.suppress(OSError):
        os.utime(entry)  # the age of an entry is the time since its last use
    return Grid(int(rows[0]), rows[2:])


def _write(entry: Path, grid: Grid) -> None:
    rows = np.concatenate(([float(grid.first), _checksum(grid.closes)], grid.closes))
    keep(entry, lambda file: np.save(file, rows, allow_pickle=False), LIMIT)
