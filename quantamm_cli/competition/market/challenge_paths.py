"""The draws of the original challenge in compiled code, in the original's order.

Exponentials and logarithms are those of the C library, as in the original, so scores are equal on
platforms with the same C library.
"""

from math import exp, log
from typing import Any

import numpy as np

from quantamm_cli.competition.market.paths import SPREAD
from quantamm_cli.random.compiled import jit
from quantamm_cli.random.pcg import U64, fraction, seeded, word
from quantamm_cli.random.ziggurat import normal


@jit
def parameters(seeds: Any, spans: Any, result: Any) -> None:
    """Fill ``result`` (s, 5) with sigma, arrival, mean size, fee (bps) and liquidity, drawn from
    ``spans`` (5, 2).

    A number in place of a range uses up its draw too, so that the other draws stay the same.
    """
    for row in range(seeds.size):
        state = seeded(seeds[row])
        for k in range(5):
            low, high = spans[k]
            if high == low:
                result[row, k] = low
                state, _ = word(state)
            elif k == 3:
                state, result[row, k] = _integer(state, U64(low), U64(high - low + 1.0))
            else:
                state, result[row, k] = _between(state, low, high)


@jit
def _between(state: Any, low: Any, high: Any) -> Any:
    """The next state, and a number of [low, high)."""
    while True:
        state, bits = word(state)
        drawn = np.float64(np.int64(bits >> U64(12))) * 2.0**-52 * (high - low) + low
        if drawn < high:
            return state, drawn


@jit
def _integer(state: Any, low: Any, count: Any) -> Any:
    """The next state, and one of ``count`` integers from ``low`` on: the upper half of a 32-bit
    product, without bias.
    """
    largest = U64(0xFFFFFFFF) - (U64(1 << 32) - count) % count
    while True:
        state, bits = word(state)
        product = (bits & U64(0xFFFFFFFF)) * count
        if product & U64(0xFFFFFFFF) <= largest:
            return state, np.float64(low + (product >> U64(32)))


@jit
def prices(seeds: Any, sigma: Any, result: Any) -> None:
    """Fill ``result`` (s, t) with fair prices."""
    for row in range(seeds.size):
        state, price, size = seeded(seeds[row]), 100.0, sigma[row]
        for step in range(result.shape[1]):
            state, z = normal(state)
            price *= exp(-0.5 * size * size + size * z)
            result[row, step] = price


@jit
def orders(
    seeds: Any, steps: Any, rate: Any, mean: Any, step_of: Any, buys: Any, size: Any, totals: Any
) -> None:
    """Fill the order lists (s, k) as far as they have room, and ``totals`` (s,) with the numbers of
    orders.
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
                    step_of[row, k], buys[row, k] = step, u < 0.5
                    size[row, k] = exp(level + SPREAD * z)
                k += 1
        totals[row] = k
        step_of[row, k:] = -1
        buys[row, k:] = False
        size[row, k:] = 0.0


@jit
def _poisson(state: Any, enough: Any) -> Any:
    """The next state, and a Poisson number: the number of uniforms whose product is still above
    ``enough``.
    """
    count, product = 0, 1.0
    while True:
        state, u = fraction(state)
        product *= u
        if product <= enough:
            return state, count
        count += 1
