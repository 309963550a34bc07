"""The draws of a market in compiled code, one simulation at a time, each stream from its state."""

from typing import Any

import numpy as np

from quantamm_cli.random.compiled import jit
from quantamm_cli.random.pcg import fraction, from_words
from quantamm_cli.random.portable_math import exp, log
from quantamm_cli.random.ziggurat import normal

SPREAD = 1.2
"""Standard deviation of the logarithm of an order's size."""
_TABULATED, _UNBRANCHED = 8, 3
"""Numbers of orders a step that are computed without a branch, for speed."""


@jit
def fractions(states: Any, result: Any) -> None:
    """Fill ``result`` (s, k) with numbers of [0, 1)."""
    for row in range(result.shape[0]):
        state = from_words(states[row])
        for k in range(result.shape[1]):
            state, result[row, k] = fraction(state)


@jit
def moved(state: Any, regimes: Any, regime: Any) -> Any:
    """The next state, and the regime of the next step (or, from -1, of the first).

    ``regimes`` (3, r): the probability to leave a regime; the cumulative probabilities of the next
    regime after leaving; those of the first regime.
    """
    if regimes.shape[1] == 1:
        return state, 0
    first = regime < 0
    if not first:
        state, u = fraction(state)
        if u >= regimes[0, regime]:
            return state, regime
    state, u = fraction(state)
    chosen = 0
    while chosen < regimes.shape[1] - 1 and u >= regimes[2 if first else 1, chosen]:
        chosen += 1
    return state, chosen


@jit
def prices(spells: Any, states: Any, regimes: Any, sigma: Any, result: Any, variance: Any) -> None:
    """Fill ``result`` (s, t) with fair prices and ``variance`` (s,) with the mean variance of a
    step's move. ``sigma`` (s, r).
    """
    for row in range(result.shape[0]):
        spell, state = from_words(spells[row]), from_words(states[row])
        price, regime, total = 100.0, -1, 0.0
        for step in range(result.shape[1]):
            spell, regime = moved(spell, regimes, regime)
            state, z = normal(state)
            size = sigma[row, regime]
            total += size * size
            price *= exp(-0.5 * size * size + size * z)
            result[row, step] = price
        variance[row] = total / result.shape[1]


@jit
def arrivals(spells: Any, states: Any, regimes: Any, rate: Any, result: Any) -> None:
    """Fill ``result`` (s, t) with the number of orders of each step and, in the bits from 16 on,
    its regime.

    Poisson numbers by inversion of one uniform each; most are in the table, whose comparison has no
    branch.
    """
    table = np.empty((rate.shape[1], _TABULATED))
    for row in range(result.shape[0]):
        spell, state, regime = from_words(spells[row]), from_words(states[row]), -1
        for each in range(rate.shape[1]):
            _cumulate(rate[row, each], table[each])
        for step in range(result.shape[1]):
            spell, regime = moved(spell, regimes, regime)
            state, u = fraction(state)
            count = 0
            for k in range(_TABULATED):
                count += u >= table[regime, k]
            if count == _TABULATED:
                count = _beyond(u, rate[row, regime])
            result[row, step] = count | regime << 16


@jit
def _cumulate(rate: Any, result: Any) -> None:
    """Fill ``result`` with the probabilities of at most 0, 1, 2, … events."""
    chance = exp(-rate)
    total = chance
    for count in range(result.size):
        result[count] = total
        chance *= rate / (count + 1)
        total += chance


@jit
def _beyond(u: Any, rate: Any) -> Any:
    """The Poisson number of a ``u`` beyond the table."""
    chance = exp(-rate)
    total, count = chance, 0
    while u >= total:
        count += 1
        chance *= rate / count
        if count > rate and total + chance == total:
            break
        total += chance
    return count


@jit
def orders(
    counts: Any, sides: Any, sizes: Any, mean: Any, step_of: Any, buys: Any, size: Any
) -> None:
    """Fill the order lists (s, k) from ``counts`` (s, t) of :func:`arrivals`; ``mean`` (s, r)."""
    level = np.empty(mean.shape[1])
    for row in range(counts.shape[0]):
        for regime in range(level.size):
            level[regime] = log(mean[row, regime]) - 0.5 * SPREAD * SPREAD
        total = _listed(counts[row], step_of[row])
        side, state = from_words(sides[row]), from_words(sizes[row])
        for k in range(total):
            side, u = fraction(side)
            state, z = normal(state)
            buys[row, k] = u < 0.5
            size[row, k] = exp(level[counts[row, step_of[row, k]] >> 16] + SPREAD * z)
        step_of[row, total:] = -1
        buys[row, total:] = False
        size[row, total:] = 0.0


@jit
def _listed(counts: Any, step_of: Any) -> Any:
    """Write each step as often as it has orders; returns the number of orders."""
    k, safe = 0, step_of.size - _UNBRANCHED
    for step in range(counts.size):
        count = counts[step] & 0xFFFF
        if k > safe or count > _UNBRANCHED:
            step_of[k : k + count] = step
        else:  # the next step overwrites the extra entries
            for extra in range(_UNBRANCHED):
                step_of[k + extra] = step
        k += count
    return k
