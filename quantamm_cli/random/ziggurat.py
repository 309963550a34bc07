"""Normal numbers by the 256-layer ziggurat, with the layers and the draws of Rust's ``rand_distr``.

[Marsaglia & Tsang, 2000]
"""

import math
from decimal import Context, Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.random.compiled import jit
from quantamm_cli.random.pcg import U64, fraction, word
from quantamm_cli.random.portable_math import exp, log

LAYERS, EDGE, AREA = 256, 3.654152885361008796, 0.00492867323399
_EXACT = Context(prec=40)
"""Decimal arithmetic, rounded once, so that the tables are the same on every platform."""


def _density(x: float) -> float:
    return float(_EXACT.exp(Decimal(-x * x / 2.0)))


def _tables() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The right ends of the layers, from the base inwards, and the density (unscaled) there."""
    x = [AREA / _density(EDGE), EDGE]
    while len(x) < LAYERS:
        x.append(math.sqrt(-2.0 * float(_EXACT.ln(Decimal(AREA / x[-1] + _density(x[-1]))))))
    x.append(0.0)
    return np.array(x), np.array([_density(end) for end in x])


_X, _F = _tables()


@jit
def normal(state: Any) -> Any:
    """The next state, and a standard normal number."""
    state, layer, u = _draw(state)
    z = u * _X[layer]
    if abs(z) >= _X[layer + 1]:
        return _accept(state, layer, u)
    return state, z


@jit
def _draw(state: Any) -> Any:
    """The next state, a layer, and a position in it, uniform on [-1, 1)."""
    state, bits = word(state)
    u = (np.float64(np.int64(bits >> U64(12))) * 2.0**-52 + 1.0) * 2.0 - 3.0
    return state, np.int64(bits) & (LAYERS - 1), u


@jit
def _accept(state: Any, layer: Any, u: Any) -> Any:
    """The test of draws beyond the next layer's end (one or two in a hundred), until one passes."""
    while True:
        z = u * _X[layer]
        if abs(z) < _X[layer + 1]:
            return state, z
        if layer == 0:
            return _tail(state, u)
        state, height = fraction(state)
        if _F[layer + 1] + (_F[layer] - _F[layer + 1]) * height < exp(-z * z / 2.0):
            return state, z
        state, layer, u = _draw(state)


@jit
def _tail(state: Any, u: Any) -> Any:
    """A number beyond the last layer, on the side of ``u``."""
    while True:
        state, first = _open(state)
        state, second = _open(state)
        a, b = log(first) / EDGE, log(second)
        if -2.0 * b >= a * a:
            return state, (a - EDGE if u < 0.0 else EDGE - a)


@jit
def _open(state: Any) -> Any:
    """The next state, and a number uniform on (0, 1)."""
    state, bits = word(state)
    return state, np.float64(np.int64(bits >> U64(12))) * 2.0**-52 + 2.0**-53
