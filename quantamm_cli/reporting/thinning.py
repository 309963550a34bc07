"""Thins out points that a figure cannot resolve: a year of minutes has more rows than pixels."""

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.reporting.periods import Numbers

BUCKETS = 1000


def thinned(values: Numbers, buckets: int = BUCKETS) -> NDArray[np.intp]:
    """The rows (k,) of ``values`` (t,) to draw, ascending: all if few, else up to three for each of
    ``buckets``, and the ends.

    Of a bucket, they are its lowest and highest finite value, and its first that is not finite, so
    that gaps remain.
    """
    rows = len(values)
    size = -(-rows // buckets)
    if size <= 3:
        return np.arange(rows)
    padded = np.full(size * buckets, np.nan)
    padded[:rows] = values
    grid = padded.reshape(buckets, size)
    finite = np.isfinite(grid)
    lowest = np.where(finite, grid, np.inf).argmin(1)
    highest = np.where(finite, grid, -np.inf).argmax(1)
    gap = np.where(finite.all(1), lowest, finite.argmin(1))
    drawn = np.arange(buckets) * size + np.stack([lowest, highest, gap])
    return np.unique(np.append(drawn[drawn < rows], (0, rows - 1)))


def isolated(values: Numbers) -> NDArray[np.intp]:
    """The rows of finite values without a finite neighbour, which a line does not show."""
    finite = np.concatenate([[False], np.isfinite(values), [False]])
    return np.flatnonzero(finite[1:-1] & ~finite[:-2] & ~finite[2:])
