"""The settings of a stored run as those of a command line, and others laid over them."""

from collections.abc import Callable, Sequence
from typing import Any

from quantamm_cli.errors import ConfigError, argument
from quantamm_cli.settings.history import current
from quantamm_cli.settings.json_tree import Json, JsonObject, branch
from quantamm_cli.store.runs import Run


def choices(
    run: Run, overrides: Sequence[str], options: Callable[[str], list[str]]
) -> tuple[str, ...]:
    """The components of a stored run as overrides, so that its settings can be
    named on the command line.

    Left out: what the command line chooses itself, with all that is inside it, and what ``options``
    of a group does not know.
    """
    named = {_named(override).replace("/", ".") for override in overrides}

    def walk(tree: JsonObject, place: str) -> list[str]:
        found: list[str] = []
        for key, value in tree.items():
            here = f"{place}.{key}".strip(".")
            if not isinstance(value, dict) or here in named:
                continue
            group, kind = here.replace(".", "/"), value.get("kind")
            found += [f"{group}={kind}"] if kind in options(group) else []
            found += walk(value, here)
        return found

    return tuple(walk(run.settings, ""))


def laid_over(run: Run, tree: JsonObject, overrides: Sequence[str]) -> JsonObject:
    """The settings of a stored run with those the command line names on top.

    ``tree`` is what the command line composed by itself: where it names a key or a group,
    its branch there is taken.
    """
    stored = current(run.settings, "train", run.schema)
    for name in ("schema", "imported"):
        stored.pop(name, None)
    merged = {key: value for key, value in tree.items() if key not in stored} | stored
    places = branch(run.provenance, "places") if "places" in run.provenance else {}
    for name, place in places.items():
        _put(merged, name.split("."), place)
    for override in overrides:
        name = _named(override)
        if name in ("conf", "experiment"):
            raise ConfigError(
                "conf",
                f"does not go with {argument('run')}, whose settings are taken; name "
                "single settings instead",
            )
        keys = name.replace("/", ".").split(".")
        _put(merged, keys, _get(tree, keys))
    return merged


def _named(override: str) -> str:
    """The key or group that an override sets."""
    return override.partition("=")[0].lstrip("+~").partition("@")[0]


_ABSENT = object()


def _get(tree: Any, keys: list[str]) -> Any:
    for key in keys:
        if not isinstance(tree, dict) or key not in tree:
            return _ABSENT
        tree = tree[key]
    return tree


def _put(tree: dict[str, Json], keys: list[str], value: Any) -> None:
    node: Any = tree
    for key in keys[:-1]:
        node = node.setdefault(key, {})
        if not isinstance(node, dict):
            raise ConfigError(".".join(keys), "the run has no such settings to change")
    if value is _ABSENT:
        node.pop(keys[-1], None)
    else:
        node[keys[-1]] = value
