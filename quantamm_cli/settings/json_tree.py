"""Types of JSON values, and access to them."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

Json: TypeAlias = bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"] | None
"""A read-only JSON value. Code that reads one by its keys decodes it into a class first."""
JsonObject: TypeAlias = Mapping[str, Json]
Item = TypeVar("Item")


def branch(tree: JsonObject, *keys: str) -> JsonObject:
    """The object at a place.

    Raises KeyError for a missing key, TypeError for a value that is no object.
    """
    for key in keys:
        inner = tree[key]
        if not isinstance(inner, Mapping):
            raise TypeError(f"{key} is not an object")
        tree = inner
    return tree


def text(tree: JsonObject, key: str) -> str:
    """The text under a key.

    Raises KeyError for a missing key, TypeError for a value that is no text.
    """
    value = tree[key]
    if not isinstance(value, str):
        raise TypeError(f"{key} is not text")
    return value


def without(tree: Mapping[str, Item], *keys: str) -> dict[str, Item]:
    """A copy of a tree that lacks some of its keys."""
    return {key: value for key, value in tree.items() if key not in keys}


def finite(value: Any) -> Any:
    """The value as JSON: numbers finite or null, arrays as lists, everything else as text."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return list(map(finite, value))
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    return str(value)


def dotted(
    tree: Json, where: str = "", is_leaf: Callable[[JsonObject], bool] = lambda _: False
) -> Iterator[tuple[str, Json]]:
    """The leaves of a nested tree by dotted key.

    Branches for which ``is_leaf`` is true are leaves too; other empty ones are left out.
    """
    if not isinstance(tree, Mapping):
        yield where, tree
        return
    for key, item in tree.items():
        place = f"{where}.{key}".removeprefix(".")
        if isinstance(item, Mapping) and is_leaf(item):
            yield place, item
        else:
            yield from dotted(item, place, is_leaf)


def differing(one: JsonObject, two: JsonObject) -> dict[str, tuple[Json, Json]]:
    """The leaves in which two trees differ, by dotted key in order; ``None`` where one lacks it."""
    first, second = dict(dotted(one)), dict(dotted(two))
    pairs = {key: (first.get(key), second.get(key)) for key in sorted({*first, *second})}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


def changed_keys(stored: JsonObject, now: JsonObject) -> list[str]:
    """The differences of two trees, each as ``key stored, now other``."""
    return [
        f"{key} {_text(before)}, now {_text(after)}"
        for key, (before, after) in differing(stored, now).items()
    ]


def _text(value: Json) -> str:
    return "absent" if value is None else str(value)
