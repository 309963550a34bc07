"""Parses the axes of a grid."""

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
    """The axes by dotted name; a mapping with ``choices`` is an axis."""
    return dict(dotted(grid, is_leaf=lambda branch: "choices" in branch))


def axes(
    grid: JsonObject, specs: Sequence[Parameter], settable: Collection[str]
) -> dict[str, list[float]]:
    """The values of each parameter and each setting of a grid, by name.

    Raises:
        ConfigError: a name that is neither a parameter of the pool nor ``settable``, or an
            invalid axis.
    """
    declared = by_name(specs)
    values = {}
    for name, axis in grid.items():
        if name not in declared and name not in settable:
            raise _unknown(name, specs, declared, settable)
        values[name] = _axis(axis, declared.get(name), name)
    return values


def by_name(specs: Sequence[Parameter]) -> dict[str, Parameter]:
    """Parameters by each of their names."""
    declared: dict[str, Parameter] = {}
    for spec in specs:
        declared |= dict.fromkeys(spec.names, spec)
    return declared


def _unknown(
    name: str,
    specs: Sequence[Parameter],
    declared: Mapping[str, Parameter],
    settable: Collection[str],
) -> ConfigError:
    if "." in name:
        return ConfigError(f"grid.{name}", f"no such setting{did_you_mean(name, settable)}")
    main = ", ".join(sorted({spec.readable for spec in specs}))
    return ConfigError(
        f"grid.{name}",
        f"this pool has no such parameter{did_you_mean(name, [*declared, *settable])} "
        f"(it has: {main})",
    )


def _axis(axis: Any, spec: Parameter | None, name: str) -> list[float]:
    where = f"grid.{name}"
    if isinstance(axis, int | float) and not isinstance(axis, bool):
        if spec is None or name != spec.readable or spec.low >= spec.high:
            raise ConfigError(where, f"no range is declared for this name; {_FORMS}")
        axis = [spec.low, spec.high, axis]
        if spec.log:
            axis.append("log")
    if isinstance(axis, Mapping) and list(axis) == ["choices"]:
        return [_number(value, where) for value in _items(axis["choices"], where)]
    items = _items(axis, where)
    log = items[3:] == ["log"]
    if len(items) != 3 + log:
        raise ConfigError(where, f"{axis} is not an axis; {_FORMS}")
    low, high, count = (_number(value, where) for value in items[:3])
    if not low < high or count != int(count) or count < 2:
        expected = "expected low below high, and two points or more"
        raise ConfigError(where, f"{axis} is not an axis: {expected}; {_FORMS}")
    if log and low <= 0:
        raise ConfigError(where, f"low ({low:g}) is not above 0, which log needs")
    return [float(value) for value in ticks(low, high, int(count), log=log)]


def _items(axis: Any, where: str) -> list[Any]:
    if not isinstance(axis, list | tuple) or not axis:
        raise ConfigError(where, f"{axis} is not an axis; {_FORMS}")
    return list(axis)


def _number(value: Any, where: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not np.isfinite(value):
        raise ConfigError(where, f"{value} is not a finite number; {_FORMS}")
    return float(value)
