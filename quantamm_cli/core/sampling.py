"""Points in the unit cube: at random, or more evenly than at random."""

from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Even = Literal["sobol", "lhs", "centred_lhs", "grid"]
Init = Literal["gaussian", "sobol", "lhs", "centred_lhs", "grid"]
_EDGE = 1e-6
"""Points are clipped by this much, so that their normal quantiles are finite."""
_COUNTABLE = 2**20


def points(kind: Even, count: int, dimensions: int, seed: int) -> Points:
    """``count`` points of the unit cube as ``(count, dimensions)``, the same for the same seed."""
    random = np.random.Generator(np.random.PCG64(seed))
    if kind == "sobol":
        return _sobol(count, dimensions, random)
    if kind == "grid":
        return _grid(count, dimensions, random)
    return latin_hypercube(count, dimensions, random, centred=kind == "centred_lhs")


def normal(shares: Points) -> Points:
    r"""Standard normal numbers $\Phi^{-1}(u)$ of points ``u`` of the unit cube,
    with ``u`` clipped to [1e-6, 1 - 1e-6].
    """
    quantile = np.vectorize(NormalDist().inv_cdf, otypes=[float])
    return np.asarray(quantile(np.clip(shares, _EDGE, 1 - _EDGE)))


def latin_hypercube(
    count: int, dimensions: int, random: np.random.Generator, centred: bool
) -> Points:
    """Each of the ``count`` equal cells of every dimension contains one point: in its middle, or
    anywhere in it.

    [McKay, Beckman & Conover, A comparison of three methods for selecting values
    of input variables, 1979]
    """
    cells = np.stack([random.permutation(count) for _ in range(dimensions)], axis=1)
    within = 0.5 if centred else random.random((count, dimensions))
    return (cells + within) / max(count, 1)


def _sobol(count: int, dimensions: int, random: np.random.Generator) -> Points:
    """The first points of a scrambled Sobol sequence; dropping the very first would unbalance it.

    [Owen, On dropping the first Sobol' point, 2022]
    """
    from scipy.stats import qmc  # takes half a second to import, and nothing else needs it

    sequence = qmc.Sobol(dimensions, scramble=True, rng=random)
    return np.asarray(sequence.random_base2(max(count - 1, 0).bit_length())[:count])


def _grid(count: int, dimensions: int, random: np.random.Generator) -> Points:
    """``count`` points of the coarsest grid, ends included, with at least that many, drawn without
    repetition.
    """
    ticks = grid_ticks(count, dimensions)
    if dimensions * np.log2(ticks) <= np.log2(_COUNTABLE):
        chosen = np.sort(random.permutation(ticks**dimensions)[:count])
        digits = np.stack(np.unravel_index(chosen, (ticks,) * dimensions), axis=1)
    else:
        digits = np.unique(random.integers(0, ticks, (count, dimensions)), axis=0)
        while len(digits) < count:
            more = random.integers(0, ticks, (count - len(digits), dimensions))
            digits = np.unique(np.concatenate([digits, more]), axis=0)
    return digits / (ticks - 1)


def grid_ticks(count: int, dimensions: int) -> int:
    """The fewest ticks a dimension, two at least, that give ``count`` points."""
    ticks = 2
    while ticks**dimensions < count:
        ticks += 1
    return ticks
