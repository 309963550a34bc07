"""Grids: values along an axis, and products of axes."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np

from quantamm_cli.core.bijectors import Bijector, Numbers

V = TypeVar("V")


def ticks(
    low: float,
    high: float,
    count: int,
    log: bool = False,
    zero: bool = False,
    raw: Bijector | None = None,
) -> Numbers:
    """``count`` values from ``low`` to ``high``, at equal steps or, with ``log``, equal ratios;
    both ends are exact.

    ``zero`` puts a zero in front, which is one of ``count``. ``raw`` turns readable values into raw
    ones.
    """
    inner = count - zero
    if inner == 1:
        values = np.array([low])
    elif log:
        values = low * (high / low) ** (np.arange(inner) / (inner - 1))
        values[-1:] = high
    else:
        values = np.linspace(low, high, inner)
    values = np.concatenate([np.zeros(int(zero)), values])
    return values if raw is None else raw.raw(values)


def product(axes: Mapping[str, Sequence[V]]) -> Iterator[dict[str, V]]:
    """Every combination of the axes' values, by name; the last axis moves fastest.

    Without axes there is one combination, the empty one.
    """
    for values in itertools.product(*axes.values()):
        yield dict(zip(axes, values, strict=True))
