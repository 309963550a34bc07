"""Points of a strategy's settings: lanes of one program, on the same markets."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from quantamm_cli.competition import statistics
from quantamm_cli.competition.play import entrants
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
"""The argument that says them."""
MOST_POINTS = 10_000
_FORM = (
    "write [STRATEGY.]KEY=FIRST:LAST:STEP, such as fee_bps=10:120:5, more of them joined by commas"
)


@dataclass(frozen=True)
class Axis:
    """Values (k,) of one float setting of the strategy at a place of the line-up."""

    place: int
    name: str
    setting: str
    values: tuple[float, ...]


def axes(text: str, settings: Compete) -> list[Axis]:
    """The axes that a text asks for.

    Raises ArgumentError: it cannot be read, or there is no such setting.
    """
    found = [_axis(part, settings) for part in text.split(",")]
    places = [(axis.place, axis.setting) for axis in found]
    if len(set(places)) < len(places):
        raise ArgumentError(_AXES, f"'{text}' has one setting twice; each has one axis")
    if len({axis.place for axis in found}) > 1:
        raise ArgumentError(
            _AXES,
            f"'{text}' is about {' and '.join(sorted({axis.name for axis in found}))}; sweep "
            "one strategy at a time",
        )
    count = math.prod(len(axis.values) for axis in found)
    if count > MOST_POINTS:
        raise ArgumentError(_AXES, f"'{text}' has {count:,} points; {MOST_POINTS:,} at most")
    return found


def points(found: Sequence[Axis]) -> Points:
    """Every combination, the last axis moving fastest."""
    grid = np.array(list(itertools.product(*(axis.values for axis in found))))
    return {
        found[0].place: {axis.setting: grid[:, column].copy() for column, axis in enumerate(found)}
    }


def _axis(part: str, settings: Compete) -> Axis:
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
            _AXES, f"'{span}' leads nowhere: FIRST is not above LAST, and STEP is above 0"
        )
    if (last - first) / step > MOST_POINTS:
        raise ArgumentError(_AXES, f"'{span}' has more than {MOST_POINTS:,} points")
    place, setting = _owner(key, settings)
    count = math.floor((last - first) / step * (1 + 1e-12) + 1e-9) + 1
    entry = settings.strategies[place]
    values = tuple(float(f"{first + step * index:.12g}") for index in range(count))
    for value in (values[0], values[-1]):
        changed(entry.strategy, {setting: value}, f"{argument(_AXES)} {entry.name}")
    return Axis(place, entry.name, setting, values)


def _owner(key: str, settings: Compete) -> tuple[int, str]:
    """Place and setting that a key means; without the strategy's name,
    the only one that has the setting.
    """
    name, dot, setting = key.rpartition(".")
    if dot and name not in settings.names:
        raise ArgumentError(
            _AXES,
            f"'{name}' does not compete{did_you_mean(name, settings.names)} (there are: "
            f"{', '.join(settings.names)})",
        )
    having = {
        one.name: one.strategy.parameters
        for one in entrants(settings)
        if not dot or one.name == name
    }
    owners = [one for one, fields in having.items() if setting in fields]
    if not owners:
        known = sorted({field for fields in having.values() for field in fields})
        whose = name or " or ".join(having)
        there = f"{did_you_mean(setting, known)} (there are: {', '.join(known) or 'none'})"
        raise ArgumentError(_AXES, f"{setting} is no float setting of {whose}{there}")
    if len(owners) > 1:
        raise ArgumentError(
            _AXES, f"{' and '.join(owners)} have {setting}; write {owners[0]}.{setting}=..."
        )
    return settings.names.index(owners[0]), setting


def changed(strategy: Component, changes: Mapping[str, float], where: str = "strategy") -> Strategy:
    """The strategy with other parameters, validated. Raises ConfigError."""
    own = Strategy.typed(strategy)
    tree = plain(own.at(changes))
    found: Strategy = decode(
        type(own), {key: value for key, value in tree.items() if key != "kind"}, where
    )
    return found


class Point(NamedTuple):
    """One point of a sweep."""

    values: dict[str, float]
    edge: Estimate
    behind: Estimate | None
    """How far below the best point, seed by seed; None of that one."""
    best: float
    """Probability of the highest mean."""
    flow_share: float
    edge_per_volume: float

    @property
    def tied(self) -> bool:
        """Whether noise alone may put it below the best."""
        return self.behind is None or self.behind.low <= 0


def judged(found: Sequence[Axis], edge: Numbers, volume: Numbers, retail: Numbers) -> list[Point]:
    """Every point in its order.

    ``edge`` and ``volume`` (s, p) of the swept strategy, ``retail`` (s,
    p, a) volume of all pools.
    """
    grid = points(found)[found[0].place]
    top = int(np.argmax(edge.mean(0)))
    best = statistics.best(edge)
    return [
        Point(
            {name: float(values[point]) for name, values in grid.items()},
            statistics.mean(edge[:, point]),
            None if point == top else statistics.difference(edge[:, top], edge[:, point]),
            float(best[point]),
            statistics.ratio(retail[:, point, found[0].place], retail[:, point].sum(1)),
            1e4 * statistics.ratio(edge[:, point], volume[:, point]),
        )
        for point in range(edge.shape[1])
    ]
