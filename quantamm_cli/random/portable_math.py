"""Exponential and logarithm from + - * / alone: the same bits on every platform, within one ulp of
the exact value.
"""

import math
from typing import Any

import numpy as np

from quantamm_cli.random.compiled import jit

_INVERSE_LN2 = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10
"""The high part has 32 bits, so that its product with an exponent is exact."""
_TWO_TO = np.ldexp(1.0, np.arange(-1022, 1024))
_FACTORIALS = tuple(1.0 / math.factorial(k) for k in range(14))
_LARGEST, _SMALLEST = 709.0, -708.0
_E2, _E3, _E4, _E5, _E6, _E7, _E8, _E9, _E10, _E11, _E12, _E13 = _FACTORIALS[2:]


@jit
def exp(x: Any) -> Any:
    """e^x: x = k ln 2 + r, then the series of e^r.

    0 or infinity where e^x is no normal number.
    """
    if not x <= _LARGEST:
        return x * np.inf if x > 0.0 else x
    if x < _SMALLEST:
        return 0.0
    k = math.floor(x * _INVERSE_LN2 + 0.5)
    high, low = x - k * _LN2_HIGH, k * _LN2_LOW
    r = high - low
    lost = (high - r) - low
    r2 = r * r
    r4 = r2 * r2
    head = (_E2 + r * _E3) + r2 * (_E4 + r * _E5)
    middle = (_E6 + r * _E7) + r2 * (_E8 + r * _E9)
    tail = (_E10 + r * _E11) + r2 * (_E12 + r * _E13)
    more = r2 * (head + r4 * (middle + r4 * tail))
    return (1.0 + (r + (more + lost))) * _TWO_TO[int(k) + 1022]


@jit
def log(x: Any) -> Any:
    """ln x of a normal number above zero: x = 2^k m, then the series of 2 artanh((m-1)/(m+1))."""
    m, k = math.frexp(x)
    if m < 0.7071067811865476:
        m, k = 2.0 * m, k - 1
    s = (m - 1.0) / (m + 1.0)
    s2 = s * s
    total = 0.0
    for i in range(23, 1, -2):
        total = (total + 1.0 / i) * s2
    return k * _LN2_HIGH + (2.0 * s + (2.0 * s * total + k * _LN2_LOW))
