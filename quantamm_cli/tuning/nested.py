"""How a ``space`` is written in YAML and on the command line,
and the one form all of it is brought to before it is merged.

A space is a tree like the settings; keys may also be written with dots (``fit.learning_rate``) or,
for groups, slashes (``pool/rule``). A place in it is searched over

    [0.001, 1, log]                                  a range: low, high, any of log, int, float
    {low: 0.001, high: 1, log: true, step:, type:}   the same
    [momentum, power_channel]                        names to choose from
    {choices: [4, 8, 16]}                            values to choose from
    declared                                         the range a parameter declares
                                                     (params.NAME, or params for all)
    null                                             not at all: takes a place out of a space
                                                     that has it
"""

import math
from collections.abc import Mapping
from typing import Any, TypeGuard

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.json_tree import Json, JsonObject

FIELDS = ("low", "high", "log", "step", "type", "choices", "declared")
_WORDS = ("log", "int", "float")


def nested(value: Any, where: str) -> Any:
    """A space with the dots and slashes of its keys as nodes and its short forms written out, so
    that spaces can be merged.

    What is complete (a short form, low and high, choices) replaces what is there; ``{high: 2}``
    changes one thing about it.
    """
    if isinstance(value, list | tuple):
        return dict.fromkeys(FIELDS) | _short(list(value), where)
    if value == "declared":
        return dict.fromkeys(FIELDS) | {"declared": True}
    if not isinstance(value, Mapping):
        return value
    tree: dict[str, Json] = {}
    for key, item in value.items():
        *path, last = str(key).replace("/", ".").split(".")
        node: Any = tree
        for part in path:
            node = node.setdefault(part, {})
            if not isinstance(node, dict):
                raise ConfigError(
                    f"{where}.{key}", f"{part} is taken out of the space (null) and searched"
                )
        field = last in FIELDS and not isinstance(item, Mapping)
        inner = item if field else nested(item, f"{where}.{key}")
        if isinstance(inner, dict) and isinstance(node.get(last), dict):
            inner = _merged(node[last], inner)
        node[last] = inner
    return _completed(tree)


def _completed(tree: dict[str, Json]) -> dict[str, Json]:
    """With all fields, so that merging leaves nothing of what was there,
    wherever a whole specification is given.
    """
    tree = {
        key: _completed(value) if isinstance(value, dict) else value for key, value in tree.items()
    }
    whole = tree.get("choices") is not None or (
        number(tree.get("low")) and number(tree.get("high"))
    )
    return dict.fromkeys(FIELDS) | tree if whole else tree


def _merged(one: JsonObject, two: JsonObject) -> dict[str, Json]:
    """Two nodes of one place, written with different keys."""
    merged = dict(one)
    for key, value in two.items():
        there = merged.get(key)
        if isinstance(there, dict) and isinstance(value, dict):
            merged[key] = _merged(there, value)
        else:
            merged[key] = there if value is None else value
    return merged


def _short(values: list[Json], where: str) -> dict[str, Json]:
    """``[low, high, log, int]`` or a list of names."""
    numbers = [value for value in values if number(value)]
    words = values[len(numbers) :]
    if len(numbers) == 2 and values[:2] == numbers and all(word in _WORDS for word in words):
        kind = next((word for word in words if word != "log"), None)
        return {"low": numbers[0], "high": numbers[1], "log": "log" in words, "type": kind}
    if values and all(isinstance(value, str) for value in values):
        return {"choices": values}
    said = f"[{', '.join(map(str, values))}]"
    raise ConfigError(
        where,
        f"{said} is neither [low, high] with log, int or float after it nor names; for values "
        f"write {{choices: {said}}}",
    )


def number(value: Any) -> TypeGuard[int | float]:
    """Whether it is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
