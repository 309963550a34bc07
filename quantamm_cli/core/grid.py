"""Grids: values along an axis, products of axes, and parameter sets as one batch."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np

from quantamm_cli.core.bijectors import Bijector, Numbers
from quantamm_cli.core.types import ParamValues

V = TypeVar("V")


def ticks(
    low: float,
    high: float,
    count: int,
    log: bool = False,
    zero: bool = False,
    raw: Bijector | None = None,
) -> Numbers:
    """``count`` values from ``low`` to ``high``, equal steps or, with ``log``, equal ratios apart; both ends are exact.

    ``zero`` puts a zero before them, which counts. ``raw`` turns readable values into raw ones.
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
    """Every combination of the axes' values, by name; the last axis moves fastest. Of no axes there is one: nothing."""
    for values in itertools.product(*axes.values()):
        yield dict(zip(axes, values, strict=True))


def combine(points: Sequence[ParamValues]) -> dict[str, Numbers]:
    """Parameter sets, each as arrays of one shape a name, as one batch with a leading axis."""
    return (
        {name: np.stack([np.asarray(point[name], float) for point in points]) for name in points[0]}
        if points
        else {}
    )


def split(batch: ParamValues) -> list[dict[str, Numbers]]:
    """The parameter sets of a batch."""
    arrays = {name: np.asarray(values, float) for name, values in batch.items()}
    sets = len(next(iter(arrays.values()))) if arrays else 0
    return [{name: values[index] for name, values in arrays.items()} for index in range(sets)]


def settings_and_parameters(
    settings: Mapping[str, Sequence[V]], params: Mapping[str, Sequence[float]]
) -> Iterator[tuple[dict[str, V], dict[str, Numbers]]]:
    """Every combination of the settings, each with all combinations of the parameters as one batch of numbers."""
    batch = combine(list(product(params)))
    for chosen in product(settings):
        yield chosen, dict(batch)
