"""Values as JSON can hold them."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

Json: TypeAlias = bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"] | None
"""What a JSON file can hold, to be read only: what reads one by its keys
decodes it into a class first.
"""
JsonObject: TypeAlias = Mapping[str, Json]
Item = TypeVar("Item")


def branch(tree: JsonObject, *keys: str) -> JsonObject:
    """The object at a place.

    Raises KeyError where a key is missing, TypeError where something else is.
    """
    for key in keys:
        inner = tree[key]
        if not isinstance(inner, Mapping):
            raise TypeError(f"{key} is not an object")
        tree = inner
    return tree


def text(tree: JsonObject, key: str) -> str:
    """The text under a key.

    Raises KeyError where there is nothing, TypeError where something else is.
    """
    value = tree[key]
    if not isinstance(value, str):
        raise TypeError(f"{key} is not text")
    return value


def without(tree: Mapping[str, Item], *keys: str) -> dict[str, Item]:
    """A copy of a tree that lacks some of its keys."""
    return {key: value for key, value in tree.items() if key not in keys}


def finite(value: Any) -> Any:
    """A tree JSON can hold: numbers finite or null, arrays as lists, paths as text."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [finite(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, str | int) else str(value)


def dotted(
    tree: Json, where: str = "", whole: Callable[[JsonObject], bool] = lambda _: False
) -> Iterator[tuple[str, Json]]:
    """The leaves of a nested tree by dotted key.

    Branches that are ``whole`` are leaves too; other empty ones are left out.
    """
    if not isinstance(tree, Mapping):
        yield where, tree
        return
    for key, item in tree.items():
        place = f"{where}.{key}" if where else key
        if isinstance(item, Mapping) and whole(item):
            yield place, item
        else:
            yield from dotted(item, place, whole)
