"""Whether the keys somebody sets exist, and what to say when they do not. Plain trees only."""

from collections.abc import Callable, Iterator
from typing import Any

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings import json_tree
from quantamm_cli.settings.json_tree import JsonObject
from quantamm_cli.settings.suggestions import hint, nearest_keys

Groups = Callable[[str], list[str]]  # the options of a group; none if there is no such group


def places(tree: JsonObject, prefix: str = "") -> Iterator[str]:
    """Every key of a tree with its place, nodes before what they hold."""
    for key, value in tree.items():
        yield prefix + key
        if isinstance(value, dict):
            yield from places(value, f"{prefix}{key}.")


def open_places(tree: JsonObject) -> set[str]:
    """Places that take any name: the ones the YAML leaves empty, such as ``params``."""
    return {
        place
        for place, value in json_tree.dotted(tree, whole=lambda branch: not branch)
        if value == {}
    }


def unknown(key: str, tree: JsonObject, origin: str = "") -> ConfigError:
    """The error for a key that is not there: the nearest of all keys,
    and whose setting it is not.
    """
    parent = lookup(tree, key.rpartition(".")[0].split(".")) if "." in key else None
    kind = parent.get("kind") if isinstance(parent, dict) else None
    owner = f" of {kind}" if isinstance(kind, str) else ""
    above = {".".join(key.split(".")[:depth]) for depth in range(1, key.count(".") + 1)}
    for place in above:
        if not isinstance(lookup(tree, place.split(".")), dict | list | None):
            return ConfigError(key, f"no such setting{origin}: {place} is one value")
    names = [
        name for name in places(tree) if name.rpartition(".")[2] != "kind" and name not in above
    ]
    near = hint(nearest_keys(key, names))
    if not near and isinstance(parent, dict):
        near = f" (there are: {', '.join(name for name in parent if name != 'kind')})"
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
    """Every key of ``delta`` must be in ``tree``, and what is a group of settings must stay one."""
    for name, value in delta.items():
        key = f"{prefix}{name}"
        if any(key.startswith(f"{place}.") for place in free):
            continue
        check_key(tree, key, value, free, groups, origin)


def check_key(
    tree: Any, key: str, value: Any, free: set[str], groups: Groups, origin: str = ""
) -> None:
    """One key set to one value."""
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
        check_delta(
            tree, value, free | ({key} if key in free else set()), groups, origin, f"{key}."
        )
    elif not (isinstance(value, str) and value.startswith("${")):
        raise not_a_value(key, value, node, groups, origin)


def not_a_value(
    key: str, value: Any, node: JsonObject, groups: Groups, origin: str = ""
) -> ConfigError:
    """The error for a single value where a group of settings is."""
    group = key.replace(".", "/")
    options = groups(group)
    said = "null" if value is None else str(value)
    if not options:
        names = ", ".join(f"{key}.{name}" for name in node)
        return ConfigError(
            key,
            f"is not one value{origin}; its settings are {names}"
            if names
            else f"is not one value{origin}; write {key}.NAME=...",
        )
    if isinstance(value, str):
        cure = (
            f"under defaults: write '- override /{group}: {said}'"
            if origin
            else f"write {group}={said}"
        )
        return ConfigError(
            f"{key}={said}",
            f"{key} is a group ({', '.join(options)}){origin}; to choose one {cure}",
        )
    return ConfigError(
        f"{key}={said}",
        f"{key} is a group ({', '.join(options)}){origin}; {number_cure(key, said, node)}",
    )


def number_cure(key: str, said: str, node: JsonObject) -> str:
    """Which setting of the group the number may have been meant for."""
    last = key.split(".")[-1]
    leaves = [
        name for name, value in node.items() if name != "kind" and not isinstance(value, dict)
    ]
    alike = [name for name in leaves if last.startswith(name) or name.startswith(last)]
    if alike:
        return f"for the number write {key}.{alike[0]}={said}"
    return (
        f"its settings are {', '.join(f'{key}.{name}' for name in leaves)}"
        if leaves
        else f"choose one with {key.replace('.', '/')}=NAME"
    )
