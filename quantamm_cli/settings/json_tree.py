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


def changed_keys(stored: JsonObject, now: JsonObject, place: str = "") -> list[str]:
    """The differences of two trees, each as ``key: stored, now other``."""
    changes: list[str] = []
    for key in sorted({*stored, *now}):
        one, two, name = stored.get(key), now.get(key), f"{place}.{key}".lstrip(".")
        if isinstance(one, Mapping) and isinstance(two, Mapping):
            changes += changed_keys(one, two, name)
        elif one != two:
            changes.append(f"{name} {_text(one)}, now {_text(two)}")
    return changes


def _text(value: Json) -> str:
    return "absent" if value is None else str(value)
