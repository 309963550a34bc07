"""A strategy's float settings as unbounded coordinates of about unit scale, for optimisation."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from quantamm_cli.competition.statistics import Numbers
from quantamm_cli.competition.strategy import Strategy
from quantamm_cli.errors import ArgumentError, ConfigError
from quantamm_cli.settings.suggestions import did_you_mean

_INSIDE = 1e-6
"""Smallest distance of a start from a bound, as a share of the range."""


class Coordinate(NamedTuple):
    """A setting with its bounds: a logistic function of the coordinate between two bounds, an
    exponential one with one bound, a linear one without bounds.
    """

    name: str
    start: float
    low: float
    high: float

    def value(self, z: Array) -> Array:
        """The setting at a coordinate."""
        if math.isfinite(self.low) and math.isfinite(self.high):
            return self.low + (self.high - self.low) * jax.nn.sigmoid(z)
        if math.isfinite(self.low):
            return self.low + jnp.exp(z)
        if math.isfinite(self.high):
            return self.high - jnp.exp(z)
        return self.start + self._scale * z

    @property
    def origin(self) -> float:
        """The coordinate of the setting's own value."""
        if math.isfinite(self.low) and math.isfinite(self.high):
            share = min(max((self.start - self.low) / (self.high - self.low), _INSIDE), 1 - _INSIDE)
            return math.log(share / (1 - share))
        if math.isfinite(self.low):
            return math.log(max(abs(self.start - self.low), _INSIDE))
        if math.isfinite(self.high):
            return math.log(max(abs(self.start - self.high), _INSIDE))
        return 0.0

    @property
    def _scale(self) -> float:
        return max(abs(self.start), 1e-3)


def coordinates(strategy: Strategy, wanted: Sequence[str] | None = None) -> list[Coordinate]:
    """The coordinates of a strategy's float settings, or of the ``wanted`` ones.

    Raises:
        ConfigError: the strategy has no float setting, or none of a wanted name.
    """
    parameters = strategy.parameters
    if not parameters:
        raise ArgumentError(
            "optimise",
            f"{strategy.kind} has no float settings to train; declare one, such as "
            "fee_bps: float = 30.0",
        )
    for name in wanted or ():
        if name not in parameters:
            hint = f"{did_you_mean(name, parameters)} (there are: {', '.join(parameters)})"
            raise ConfigError(
                "optimise.parameters", f"{name} is no float setting of {strategy.kind}{hint}"
            )
    return [
        Coordinate(name, float(parameters[name]), *strategy.bounds(name))
        for name in wanted or parameters
    ]


def origins(coordinates: Sequence[Coordinate]) -> Numbers:
    """The start of an optimisation, ``(n,)``."""
    return np.array([coordinate.origin for coordinate in coordinates])


def values(coordinates: Sequence[Coordinate], z: Numbers) -> dict[str, Numbers]:
    """Settings at coordinates ``(…, n)``, by name."""
    return {
        coordinate.name: np.asarray(coordinate.value(jnp.asarray(z)[..., index]), float)
        for index, coordinate in enumerate(coordinates)
    }
