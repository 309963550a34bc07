"""Cleaned price files, stored by content in ``prices`` of the cache folder.

An entry is a ``.npy`` of float64: the first minute, a CRC-32 of the rest, then the closes.
"""

import zlib
from collections.abc import Callable
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.market.grid import Grid
from quantamm_cli.settings.cache import Cache

FORMAT = 1
_PRICES = Cache("prices", "*.npy", most_bytes=2 * 2**30)


def cached(digest: str, kind: str, make: Callable[[], Grid]) -> Grid:
    """The cleaned form of the file with this SHA-256, from the cache, or else made and stored.

    ``make`` may raise DataError.
    """
    grid = known(digest, kind)
    if grid is None:
        grid = make()
        rows = np.concatenate(([float(grid.first), _checksum(grid.closes)], grid.closes))
        _PRICES.keep(_entry(digest, kind), lambda file: np.save(file, rows, allow_pickle=False))
    return grid


def known(digest: str, kind: str) -> Grid | None:
    """The cleaned form of the file with this SHA-256, if it is stored."""
    return _PRICES.get(_entry(digest, kind), _read)


def _entry(digest: str, kind: str) -> str:
    return f"{digest}.{kind}.{FORMAT}.npy"


def _checksum(closes: NDArray[np.float64]) -> float:
    return float(zlib.crc32(np.ascontiguousarray(closes, dtype="<f8").data))


def _read(file: BinaryIO) -> Grid | None:
    rows = np.load(file, allow_pickle=False)
    if rows.dtype != np.float64 or rows.ndim != 1 or rows.size < 3:
        return None
    if rows[1] != _checksum(rows[2:]):
        return None
    return Grid(int(rows[0]), rows[2:])
