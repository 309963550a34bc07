"""Sweeps: a grid of values of a strategy's settings, as lanes of one program on equal markets."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from quantamm_cli.competition import statistics
from quantamm_cli.competition.play import entrants_of
from quantamm_cli.competition.statistics import Estimate, Numbers
from quantamm_cli.competition.strategy import Strategy
from quantamm_cli.competition.types import Points
from quantamm_cli.errors import ArgumentError, argument
from quantamm_cli.settings.compete import Compete
from quantamm_cli.settings.component import Component
from quantamm_cli.settings.decode import decode
from quantamm_cli.settings.digest import plain
from quantamm_cli.settings.suggestions import did_you_mean

_AXES = "axes"
"""The name of the argument."""
MOST_POINTS = 10_000
_FORM = "write [STRATEGY.]KEY=FIRST:LAST:STEP, such as fee_bps=10:120:5; separate axes by commas"


@dataclass(frozen=True)
class Axis:
    """Values (k,) of one float setting, of the strategy at a place of the line-up."""

    place: int
    name: str
    setting: str
    values: tuple[float, ...]


def parse_axes(text: str, settings: Compete) -> list[Axis]:
    """The axes of a text, such as ``fee_bps=10:120:5``.

    Raises:
        ArgumentError: the text cannot be read, or there is no such setting.
    """
    axes = [_parse_axis(part, settings) for part in text.split(",")]
    if len({(axis.place, axis.setting) for axis in axes}) < len(axes):
        raise ArgumentError(_AXES, f"'{text}' has one setting twice; give each setting one axis")
    names = sorted({axis.name for axis in axes})
    if len(names) > 1:
        raise ArgumentError(
            _AXES, f"'{text}' is about {' and '.join(names)}; sweep one strategy at a time"
        )
    count = math.prod(len(axis.values) for axis in axes)
    if count > MOST_POINTS:
        raise ArgumentError(_AXES, f"'{text}' has {count:,} points; give at most {MOST_POINTS:,}")
    return axes


def points(axes: Sequence[Axis]) -> Points:
    """Every combination of the axes' values, the last axis changing fastest."""
    grid = np.array(list(itertools.product(*(axis.values for axis in axes))))
    columns = {axis.setting: grid[:, column].copy() for column, axis in enumerate(axes)}
    return {axes[0].place: columns}


def _parse_axis(part: str, settings: Compete) -> Axis:
    key, equals, span = part.strip().partition("=")
    numbers = span.split(":")
    if not key or not equals or len(numbers) != 3:
        raise ArgumentError(_AXES, f"'{part}' cannot be read; {_FORM}")
    try:
        first, last, step = (float(number) for number in numbers)
    except ValueError:
        raise ArgumentError(_AXES, f"'{span}' are not three numbers; {_FORM}") from None
    if not all(map(math.isfinite, (first, last, step))) or step <= 0 or last < first:
        raise ArgumentError(
            _AXES, f"'{span}' has no values; give FIRST <= LAST and STEP > 0, all finite"
        )
    if (last - first) / step > MOST_POINTS:
        raise ArgumentError(
            _AXES, f"'{span}' has more than {MOST_POINTS:,} points; give a larger STEP"
        )
    place, setting = _owner(key, settings)
    count = math.floor((last - first) / step * (1 + 1e-12) + 1e-9) + 1
    entry = settings.strategies[place]
    values = tuple(float(f"{first + step * index:.12g}") for index in range(count))
    for value in (values[0], values[-1]):
        changed(entry.strategy, {setting: value}, f"{argument(_AXES)} {entry.name}")
    return Axis(place, entry.name, setting, values)


def _owner(key: str, settings: Compete) -> tuple[int, str]:
    """Place and setting of a key; a key without a strategy's name means the only strategy that has
    the setting.
    """
    name, dot, setting = key.rpartition(".")
    if dot and name not in settings.names:
        raise ArgumentError(
            _AXES,
            f"'{name}' does not compete{did_you_mean(name, settings.names)} (there are: "
            f"{', '.join(settings.names)})",
        )
    parameters = {
        entrant.name: entrant.strategy.parameters
        for entrant in entrants_of(settings)
        if not dot or entrant.name == name
    }
    owners = [owner for owner, fields in parameters.items() if setting in fields]
    if not owners:
        known = sorted(set().union(*parameters.values()))
        whose = name or " or ".join(parameters)
        hint = f"{did_you_mean(setting, known)} (there are: {', '.join(known) or 'none'})"
        raise ArgumentError(_AXES, f"{setting} is no float setting of {whose}{hint}")
    if len(owners) > 1:
        raise ArgumentError(
            _AXES, f"{' and '.join(owners)} have {setting}; write {owners[0]}.{setting}=..."
        )
    return settings.names.index(owners[0]), setting


def changed(strategy: Component, changes: Mapping[str, float], where: str = "strategy") -> Strategy:
    """The strategy with other parameters, validated. Raises ConfigError."""
    original = Strategy.typed(strategy)
    fields = {key: value for key, value in plain(original.at(changes)).items() if key != "kind"}
    result: Strategy = decode(type(original), fields, where)
    return result


class Point(NamedTuple):
    """One point of a sweep."""

    values: dict[str, float]
    edge: Estimate
    behind: Estimate | None
    """The best point's edge less this one's, paired by seed; None for the best point."""
    best: float
    """Probability of the highest mean."""
    flow_share: float
    edge_per_volume: float

    @property
    def tied(self) -> bool:
        """Whether the difference from the best point is within noise."""
        return self.behind is None or self.behind.low <= 0


def compare_points(
    axes: Sequence[Axis], edge: Numbers, volume: Numbers, retail: Numbers
) -> list[Point]:
    """Every point, in the order of :func:`points`.

    ``edge`` and ``volume`` (s, p) of the swept strategy, ``retail`` (s, p, a) volume of all pools.
    """
    place = axes[0].place
    grid = points(axes)[place]
    top = int(np.argmax(edge.mean(0)))
    probability = statistics.probability_best(edge)
    rows = []
    for point in range(edge.shape[1]):
        behind = None
        if point != top:
            behind = statistics.difference(edge[:, top], edge[:, point])
        row = Point(
            {name: float(values[point]) for name, values in grid.items()},
            statistics.mean(edge[:, point]),
            behind,
            float(probability[point]),
            statistics.ratio(retail[:, point, place], retail[:, point].sum(1)),
            1e4 * statistics.ratio(edge[:, point], volume[:, point]),
        )
        rows.append(row)
    return rows
