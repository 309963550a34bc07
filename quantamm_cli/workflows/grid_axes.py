"""The axes of a grid, as they stand on the command line."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from quantamm_cli.core.grid import ticks
from quantamm_cli.core.params import Parameter
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.json_tree import Json, JsonObject, dotted
from quantamm_cli.settings.suggestions import did_you_mean

_FORMS = (
    "write [low,high,count], [low,high,count,log], a count of points of the declared "
    "range, or .choices=[...]"
)


def flat(grid: JsonObject) -> dict[str, Json]:
    """The axes by dotted name: what is no group of others."""
    return dict(dotted(grid, whole=lambda branch: "choices" in branch))


def axes(
    grid: JsonObject, specs: Sequence[Parameter], settable: Collection[str]
) -> dict[str, list[float]]:
    """The values of each parameter and each setting of a grid, by name.

    Raises:
        ConfigError: a name the pool does not have and that is none of the
            ``settable``, or what is no axis.
    """
    named = {name: spec for spec in specs for name in spec.names}
    found = {}
    for name, told in grid.items():
        if name not in named and name not in settable:
            raise _unknown(name, specs, named, settable)
        found[name] = _axis(told, named.get(name), name)
    return found


def _unknown(
    name: str, specs: Sequence[Parameter], named: Mapping[str, Parameter], settable: Collection[str]
) -> ConfigError:
    if "." in name:
        return ConfigError(f"grid.{name}", f"no such setting{did_you_mean(name, settable)}")
    main = ", ".join(sorted({spec.readable for spec in specs}))
    return ConfigError(
        f"grid.{name}",
        f"this pool has no such parameter{did_you_mean(name, [*named, *settable])} "
        f"(it has: {main})",
    )


def _axis(told: Any, spec: Parameter | None, name: str) -> list[float]:
    place = f"grid.{name}"
    if isinstance(told, int | float) and not isinstance(told, bool):
        if spec is None or name != spec.readable or spec.low >= spec.high:
            raise ConfigError(place, f"no range is declared for this name; {_FORMS}")
        told = [spec.low, spec.high, told, *(["log"] if spec.log else [])]
    if isinstance(told, Mapping) and list(told) == ["choices"]:
        return [_number(value, place) for value in _listed(told["choices"], place)]
    ends = _listed(told, place)
    if len(ends) not in (3, 4) or (len(ends) == 4 and ends[3] != "log"):
        raise ConfigError(place, f"{told} is not an axis; {_FORMS}")
    low, high, count = (_number(value, place) for value in ends[:3])
    if not low < high or count != int(count) or count < 2:
        raise ConfigError(
            place, f"{told} is not an axis: low below high, and two points or more; {_FORMS}"
        )
    if len(ends) == 4 and low <= 0:
        raise ConfigError(place, f"low ({low:g}) is not above 0, which log needs")
    return [float(value) for value in ticks(low, high, int(count), log=len(ends) == 4)]


def _listed(told: Any, place: str) -> list[Any]:
    if not isinstance(told, list | tuple) or not told:
        raise ConfigError(place, f"{told} is not an axis; {_FORMS}")
    return list(told)


def _number(value: Any, place: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not np.isfinite(value):
        raise ConfigError(place, f"{value} is not a finite number; {_FORMS}")
    return float(value)
