"""The draws of the original challenge in machine code: all that follows from one seed,
in the order in which it draws.

Exponentials and logarithms are those of the C library, as the original's are:
its scores are the same where that is.
"""

from math import exp, log
from typing import Any

import numpy as np

from quantamm_cli.competition.market.paths import SPREAD
from quantamm_cli.random.compiled import jit
from quantamm_cli.random.pcg import U64, fraction, seeded, word
from quantamm_cli.random.ziggurat import normal


@jit
def parameters(seeds: Any, spans: Any, found: Any) -> None:
    """Fill ``found`` (s, 5) with sigma, arrival, mean size, fee (bps) and
    liquidity; ``spans`` (5, 2).

    A number in place of a range takes its draw all the same, so that the others stay as they are.
    """
    for row in range(seeds.size):
        state = seeded(seeds[row])
        for k in range(5):
            low, high = spans[k]
            if high == low:
                found[row, k] = low
                state, _ = word(state)
            elif k == 3:
                state, found[row, k] = _whole(state, U64(low), U64(high - low + 1.0))
            else:
                state, found[row, k] = _between(state, low, high)


@jit
def _between(state: Any, low: Any, high: Any) -> Any:
    """The next state, and a number of [low, high)."""
    while True:
        state, bits = word(state)
        drawn = np.float64(np.int64(bits >> U64(12))) * 2.0**-52 * (high - low) + low
        if drawn < high:
            return state, drawn


@jit
def _whole(state: Any, low: Any, count: Any) -> Any:
    """The next state, and one of ``count`` whole numbers from ``low`` on: the upper half of a
    32-bit product, without bias.
    """
    largest = U64(0xFFFFFFFF) - (U64(1 << 32) - count) % count
    while True:
        state, bits = word(state)
        product = (bits & U64(0xFFFFFFFF)) * count
        if product & U64(0xFFFFFFFF) <= largest:
            return state, np.float64(low + (product >> U64(32)))


@jit
def prices(seeds: Any, sigma: Any, found: Any) -> None:
    """Fill ``found`` (s, t)."""
    for row in range(seeds.size):
        state, price, size = seeded(seeds[row]), 100.0, sigma[row]
        for step in range(found.shape[1]):
            state, z = normal(state)
            price *= exp(-0.5 * size * size + size * z)
            found[row, step] = price


@jit
def orders(
    seeds: Any, steps: Any, rate: Any, mean: Any, step_of: Any, buys: Any, size: Any, totals: Any
) -> None:
    """Fill the order lists (s, k) as far as they go, and ``totals`` (s,) with
    how many orders there are.
    """
    for row in range(seeds.size):
        state, k, width = seeded(seeds[row] + U64(1)), 0, step_of.shape[1]
        enough, level = exp(-rate[row]), log(mean[row]) - 0.5 * SPREAD * SPREAD
        for step in range(steps):
            state, count = _poisson(state, enough)
            for _ in range(count):
                state, z = normal(state)
                state, u = fraction(state)
                if k < width:
                    step_of[row, k], buys[row, k], size[row, k] = (
                        step,
                        u < 0.5,
                        exp(level + SPREAD * z),
                    )
                k += 1
        totals[row] = k
        step_of[row, k:] = -1
        buys[row, k:] = False
        size[row, k:] = 0.0


@jit
def _poisson(state: Any, enough: Any) -> Any:
    """The next state, and how many uniforms it takes until their product is at
    most ``enough``, less one.
    """
    count, product = 0, 1.0
    while True:
        state, u = fraction(state)
        product *= u
        if product <= enough:
            return state, count
        count += 1
