"""Points of a search space: at random, near a preference, and all of a grid.

A space is walked through by ``draw``, a function that asks an attempt for the values of one point,
as which settings a point has depends on its values.
"""

import math
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.tuning.space import Choices, Range, setting_of


class Suggests(Protocol):
    """A trial, or a substitute for one."""

    def suggest(self, key: str, spec: Range | Choices) -> Json:
        """A value for a name of the space."""


class Guess:
    """A random point of a space, to find out whether any is legal."""

    def __init__(self, number: int) -> None:
        self._random = random.Random(number)

    def suggest(self, key: str, spec: Range | Choices) -> Json:
        """A random value of the space."""
        if isinstance(spec, Choices):
            return self._random.choice(spec.values)
        share = self._random.random()
        if spec.log:
            value = spec.low * (spec.high / spec.low) ** share
        else:
            value = spec.low + share * (spec.high - spec.low)
        if spec.step:
            value = spec.low + (value - spec.low) // spec.step * spec.step
        return int(value) if spec.integer else float(value)


class Preferring:
    """The point with some values by dotted setting, and with the first of the choices elsewhere."""

    def __init__(self, *preferred: Mapping[str, Json]) -> None:
        self._preferred = preferred
        self.names: list[str] = []
        self.values: dict[str, Json] = {}
        self.complete = True
        """Whether the preferred values were all that was asked for."""

    def suggest(self, key: str, spec: Range | Choices) -> Json:
        """The preferred value, if the space has it."""
        self.names.append(key)
        value, setting = spec.ends[0], setting_of(key)
        for preferred in self._preferred:
            if setting in preferred and spec.holds(preferred[setting]):
                value = preferred[setting]
                break
        else:
            self.complete = False
        self.values[setting] = value
        return value


class _Path:
    """The point at some choices among the values of a grid, the first ones after them."""

    def __init__(self, path: list[int], points: int) -> None:
        self._path, self._points = path, points
        self.sizes: list[int] = []
        self.values: dict[str, Json] = {}

    def suggest(self, key: str, spec: Range | Choices) -> Json:
        values = grid_values(spec, self._points)
        depth = len(self.sizes)
        at = self._path[depth] if depth < len(self._path) else 0
        self.sizes.append(len(values))
        self.values[key] = values[at]
        return values[at]


def grid(draw: Callable[[Suggests], object], points: int) -> Iterator[JsonObject]:
    """Every point of the grid by name, the last name varying first."""
    path: list[int] = []
    while True:
        attempt = _Path(path, points)
        draw(attempt)
        yield attempt.values
        path += [0] * (len(attempt.sizes) - len(path))
        while path and path[-1] + 1 == attempt.sizes[len(path) - 1]:
            path.pop()
        if not path:
            return
        path[-1] += 1


def grid_values(spec: Range | Choices, points: int) -> list[Json]:
    """All choices, all steps of a range that has a step, all numbers of a range of at most
    ``points`` whole ones, and ``points`` values of another from end to end; in a logarithmic range
    their ratios are equal. One point is the middle.
    """
    if isinstance(spec, Choices):
        return list(spec.values)
    few = bool(spec.integer) and spec.high - spec.low < points
    if spec.step or few:
        return spec.steps(spec.step or 1)
    values: list[Json] = []
    for number in range(points):
        share = number / (points - 1) if points > 1 else 0.5
        value = _between(spec, share)
        if value not in values:
            values.append(value)
    return values


def _between(spec: Range, share: float) -> Json:
    """The value at a share of a range; its ends exactly."""
    if share in (0.0, 1.0):
        return spec.ends[int(share)]
    value = spec.low + share * (spec.high - spec.low)
    if spec.log:
        value = math.exp(math.log(spec.low) + share * math.log(spec.high / spec.low))
    return round(value) if spec.integer else value
