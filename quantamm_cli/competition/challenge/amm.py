"""The original challenge's constant-product pool: reserves in double precision, quotes in whole
billionths.
"""

from typing import Any

import numpy as np

from quantamm_cli.random.compiled import jit

NANO = 1e9
WAD = 1_000_000_000_000_000_000
_LARGEST = 9e15
"""Billionths; above 2^53 double precision does not represent every integer."""
_LEAST_RESERVE = 1e-12


@jit
def to_nano(amount: Any) -> Any:
    """Whole billionths, rounded down; 0 for NaN or a negative amount."""
    scaled = amount * NANO
    return np.int64(min(scaled, _LARGEST)) if scaled > 0.0 else np.int64(0)


@jit
def product_over(left: Any, right: Any, below: Any) -> Any:
    """floor(left * right / below) of integers, with a result below 2^53 and ``below`` below 2^62.

    The quotient in double precision is wrong by a few units at most, so the remainder fits into the
    64 bits to which the products wrap.
    """
    quotient = np.int64(np.float64(left) * np.float64(right) / np.float64(below))
    remainder = left * right - quotient * below
    while remainder < 0:
        quotient, remainder = quotient - 1, remainder + below
    while remainder >= below:
        quotient, remainder = quotient + 1, remainder - below
    return quotient


@jit
def quoted(buys: Any, amount: Any, pool: Any) -> Any:
    """The output of a pool for ``amount``: X for Y if ``buys``, else Y for X.

    ``pool``: reserves X and Y, and one less the fee on payments of X and of Y, in parts of 10^18.
    """
    into, out_of, factor = (pool[1], pool[0], pool[3]) if buys else (pool[0], pool[1], pool[2])
    counted = product_over(to_nano(amount), factor, WAD)
    paid_into = to_nano(into) + counted
    if paid_into <= 0:
        return 0.0
    out = np.float64(product_over(to_nano(out_of), counted, paid_into)) / NANO
    return out if out <= out_of else 0.0


@jit
def filled(buys: Any, amount: Any, pool: Any) -> Any:
    """The pool after a trade, and the output; 0 where the original refuses the trade."""
    out = quoted(buys, amount, pool)
    x, y = (pool[0] - out, pool[1] + amount) if buys else (pool[0] + amount, pool[1] - out)
    if out <= 0.0 or min(x, y) <= _LEAST_RESERVE:
        return pool, 0.0
    return (x, y, pool[2], pool[3]), out
