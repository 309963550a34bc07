"""Checks of the keys that files and overrides set, and their errors. Plain trees only."""

from collections.abc import Callable, Iterator
from typing import Any

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings import json_tree
from quantamm_cli.settings.json_tree import JsonObject
from quantamm_cli.settings.suggestions import hint, nearest_keys

Groups = Callable[[str], list[str]]
"""The options of a group; empty if there is no such group."""


def places(tree: JsonObject, prefix: str = "") -> Iterator[str]:
    """The dotted place of every key of a tree, a node before its children."""
    for key, value in tree.items():
        yield prefix + key
        if isinstance(value, dict):
            yield from places(value, f"{prefix}{key}.")


def open_places(tree: JsonObject) -> set[str]:
    """Places that accept any name: mappings that the YAML leaves empty, such as ``params``."""
    leaves = json_tree.dotted(tree, is_leaf=lambda branch: not branch)
    return {place for place, value in leaves if value == {}}


def unknown(key: str, tree: JsonObject, origin: str = "") -> ConfigError:
    """The error for a key that does not exist, with the nearest keys that do."""
    above = {".".join(key.split(".")[:depth]) for depth in range(1, key.count(".") + 1)}
    for place in above:
        if not isinstance(lookup(tree, place.split(".")), dict | list | None):
            return ConfigError(key, f"no such setting{origin}: {place} is one value")
    names = [
        name for name in places(tree) if name.rpartition(".")[2] != "kind" and name not in above
    ]
    near = hint(nearest_keys(key, names))
    owner = ""
    parent = lookup(tree, key.split(".")[:-1])
    if "." in key and isinstance(parent, dict):
        siblings = [name for name in parent if name != "kind"]
        near = near or f" (there are: {', '.join(siblings) or 'none'})"
        if isinstance(parent.get("kind"), str):
            owner = f" of {parent['kind']}"
    return ConfigError(key, f"no such setting{owner}{origin}{near}")


def lookup(tree: Any, path: list[str]) -> Any:
    """The node at a path, or None."""
    for part in path:
        if isinstance(tree, list) and part.isdigit() and int(part) < len(tree):
            tree = tree[int(part)]
        elif isinstance(tree, dict) and part in tree:
            tree = tree[part]
        else:
            return None
    return tree


def check_delta(
    tree: Any, delta: JsonObject, free: set[str], groups: Groups, origin: str = "", prefix: str = ""
) -> None:
    """Raise ConfigError for a key of ``delta`` that is not in ``tree``, and for a single value in
    place of a group of settings. Below the ``free`` places every key is possible.
    """
    for name, value in delta.items():
        key = f"{prefix}{name}"
        if any(key.startswith(f"{place}.") for place in free):
            continue
        check_key(tree, key, value, free, groups, origin)


def check_key(
    tree: Any, key: str, value: Any, free: set[str], groups: Groups, origin: str = ""
) -> None:
    """``check_delta`` for one key and its value."""
    path = key.split(".")
    for depth in range(1, len(path)):
        if ".".join(path[:depth]) in free:
            return
    parent = lookup(tree, path[:-1])
    present = (isinstance(parent, dict) and path[-1] in parent) or lookup(tree, path) is not None
    if not present:
        raise unknown(key, tree, origin)
    node = lookup(tree, path)
    if not isinstance(node, dict):
        return
    if isinstance(value, dict):
        check_delta(tree, value, free, groups, origin, f"{key}.")
    elif not (isinstance(value, str) and value.startswith("${")):
        raise not_a_value(key, value, node, groups, origin)


def not_a_value(
    key: str, value: Any, node: JsonObject, groups: Groups, origin: str = ""
) -> ConfigError:
    """The error for a single value where a group of settings is."""
    group = key.replace(".", "/")
    options = groups(group)
    text = "null" if value is None else str(value)
    if not options:
        names = ", ".join(f"{key}.{name}" for name in node)
        advice = f"its settings are {names}" if names else f"write {key}.NAME=..."
        return ConfigError(key, f"is not one value{origin}; {advice}")
    if not isinstance(value, str):
        advice = _number_advice(key, text, node)
    elif origin:
        advice = f"to choose one under defaults: write '- override /{group}: {text}'"
    else:
        advice = f"to choose one write {group}={text}"
    return ConfigError(
        f"{key}={text}", f"{key} is a group ({', '.join(options)}){origin}; {advice}"
    )


def _number_advice(key: str, text: str, node: JsonObject) -> str:
    """Which setting of a group to write a number to."""
    last = key.split(".")[-1]
    leaves = [
        name for name, value in node.items() if name != "kind" and not isinstance(value, dict)
    ]
    for name in leaves:
        if last.startswith(name) or name.startswith(last):
            return f"for the number write {key}.{name}={text}"
    if not leaves:
        return f"choose one with {key.replace('.', '/')}=NAME"
    return "its settings are " + ", ".join(f"{key}.{name}" for name in leaves)
