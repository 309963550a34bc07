"""How a ``space`` is written in YAML and on the command line, and the nested form that spaces
are converted to before they are merged.

A space is a tree like the settings; keys may also have dots (``fit.learning_rate``) or, for
groups, slashes (``pool/rule``). A setting is searched over

    [0.001, 1, log]                                  a range: low, high, any of log, int, float
    {low: 0.001, high: 1, log: true, step:, type:}   the same
    [momentum, power_channel]                        names to choose from
    {choices: [4, 8, 16]}                            values to choose from
    {choices: {adamw: {fit.weight_decay: [0, 0.1]},  values to choose from, each with the settings
               sgd: {}}}                             that are searched under it only
    declared                                         the range a parameter declares
                                                     (params.NAME, or params for all)
    null                                             not searched: removes it from a space that
                                                     has it

In the nested form ``choices`` is a list. ``branches`` has as ``written`` pairs of a choice and the
space under it (a list, as merging replaces lists) and as ``changed``, by choice, what is merged
into those.
"""

import json
import math
from collections.abc import Mapping
from typing import Any, TypeGuard

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.json_tree import Json, JsonObject

WRITTEN = ("low", "high", "log", "step", "type", "choices", "declared")
FIELDS = (*WRITTEN, "branches")
_WORDS = ("log", "int", "float")


def nested(value: Any, where: str) -> Any:
    """A space as a tree of nodes with its short forms written out, so that it can be merged.

    A complete specification (a short form, low and high, choices) replaces another; ``{high: 2}``
    changes one field of it, and ``{choices.adamw.fit.weight_decay: [0, 0.2]}`` one branch.
    """
    if isinstance(value, list | tuple):
        return dict.fromkeys(FIELDS) | _short(list(value), where)
    if value == "declared":
        return dict.fromkeys(FIELDS) | {"declared": True}
    if not isinstance(value, Mapping):
        return value
    tree: dict[str, Json] = {}
    for key, item in value.items():
        path, inner = _inner(str(key).replace("/", ".").split("."), item, f"{where}.{key}")
        *parents, last = path
        node: Any = tree
        for part in parents:
            node = node.setdefault(part, {})
            if not isinstance(node, dict):
                raise ConfigError(
                    f"{where}.{key}", f"{part} is both removed from the space (null) and searched"
                )
        if isinstance(inner, dict) and isinstance(node.get(last), dict):
            inner = _merged(node[last], inner)
        node[last] = inner
        if last == "choices" and isinstance(item, Mapping):
            node["branches"] = {"written": _branches(item, f"{where}.{key}"), "changed": None}
    return _completed(tree)


def _inner(path: list[str], item: Any, where: str) -> tuple[list[str], Any]:
    """The place of a node, and what is written there in the nested form."""
    if "choices" in path[:-1]:
        at = path.index("choices")
        rest = ".".join(path[at + 2 :])
        space = nested({rest: item} if rest else item, where)
        return [*path[:at], "branches"], {"changed": {path[at + 1]: space}}
    if path[-1] == "choices" and isinstance(item, Mapping):
        return path, list(item)
    if path[-1] in FIELDS and not isinstance(item, Mapping):
        return path, item
    return path, nested(item, where)


def _branches(choices: Mapping[Any, Any], where: str) -> list[Json]:
    """The spaces under the values of a mapping of choices."""
    return [
        [label(value), nested(space or {}, f"{where}.{label(value)}")]
        for value, space in choices.items()
    ]


def label(value: Json) -> str:
    """The text that stands for a value among choices."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _completed(tree: dict[str, Json]) -> dict[str, Json]:
    """The tree with all fields in each complete specification, so that merging replaces all."""
    for key, value in tree.items():
        if isinstance(value, dict):
            tree[key] = _completed(value)
    is_range = number(tree.get("low")) and number(tree.get("high"))
    if is_range or tree.get("choices") is not None:
        return dict.fromkeys(FIELDS) | tree
    return tree


def _merged(one: JsonObject, two: JsonObject) -> dict[str, Json]:
    """Two nodes of one setting, written with different keys."""
    merged = dict(one)
    for key, value in two.items():
        other = merged.get(key)
        if isinstance(other, dict) and isinstance(value, dict):
            merged[key] = _merged(other, value)
        elif value is not None or key not in merged:
            merged[key] = value
    return merged


def overlaid(value: Json, change: Json) -> Json:
    """A value with another merged into it, as OmegaConf merges: trees by key; else the other."""
    if not isinstance(value, Mapping) or not isinstance(change, Mapping):
        return change
    return {**value, **{key: overlaid(value.get(key), item) for key, item in change.items()}}


def _short(values: list[Json], where: str) -> dict[str, Json]:
    """``[low, high, log, int]`` or a list of names."""
    numbers = [value for value in values if number(value)]
    words = values[len(numbers) :]
    if len(numbers) == 2 and values[:2] == numbers and all(word in _WORDS for word in words):
        kind = next((word for word in words if word != "log"), None)
        return {"low": numbers[0], "high": numbers[1], "log": "log" in words, "type": kind}
    if values and all(isinstance(value, str) for value in values):
        return {"choices": values}
    text = f"[{', '.join(map(str, values))}]"
    raise ConfigError(
        where,
        f"{text} is neither [low, high] with log, int or float after it nor names; for values "
        f"write {{choices: {text}}}",
    )


def number(value: Any) -> TypeGuard[int | float]:
    """Whether it is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_integer(value: float) -> bool:
    """Whether a finite number is whole."""
    return value == int(value)
