"""A strategy's float settings as numbers without bounds, of about one size,
for climbing and searching.
"""

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
"""How near a bound, as a share of the range, one may begin."""


class Coordinate(NamedTuple):
    """A setting with its bounds. Between two of them it is a logistic curve, above one an
    exponential, without any a line.
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
        return self.high - jnp.exp(z) if math.isfinite(self.high) else self.start + self._scale * z

    @property
    def origin(self) -> float:
        """The coordinate of the setting as it is given."""
        bounded = math.isfinite(self.low), math.isfinite(self.high)
        if all(bounded):
            share = min(max((self.start - self.low) / (self.high - self.low), _INSIDE), 1 - _INSIDE)
            return math.log(share / (1 - share))
        if any(bounded):
            return math.log(max(abs(self.start - (self.low if bounded[0] else self.high)), _INSIDE))
        return 0.0

    @property
    def _scale(self) -> float:
        return max(abs(self.start), 1e-3)


def coordinates(strategy: Strategy, wanted: Sequence[str] | None = None) -> list[Coordinate]:
    """Its float settings, or those that are wanted.

    Raises ConfigError: there is none, or none of that name.
    """
    there = strategy.parameters
    if not there:
        raise ArgumentError(
            "optimise",
            f"{strategy.kind} has no float settings to train; give it some, such as "
            "fee_bps: float = 30.0",
        )
    for name in wanted or ():
        if name not in there:
            known = f"{did_you_mean(name, there)} (there are: {', '.join(there)})"
            raise ConfigError(
                "optimise.parameters", f"{name} is no float setting of {strategy.kind}{known}"
            )
    return [
        Coordinate(name, float(there[name]), *strategy.bounds(name)) for name in (wanted or there)
    ]


def origins(found: Sequence[Coordinate]) -> Numbers:
    """Where one begins, ``(n,)``."""
    return np.array([coordinate.origin for coordinate in found])


def values(found: Sequence[Coordinate], z: Numbers) -> dict[str, Numbers]:
    """Settings at coordinates ``(…, n)``, by name."""
    return {
        one.name: np.asarray(one.value(jnp.asarray(z)[..., index]), float)
        for index, one in enumerate(found)
    }
