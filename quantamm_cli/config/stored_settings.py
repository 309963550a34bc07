"""The settings of a stored run, and those of a command line merged into them."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from quantamm_cli.errors import ConfigError, argument
from quantamm_cli.settings.history import current
from quantamm_cli.settings.json_tree import Json, JsonObject, branch
from quantamm_cli.store.runs import Run


def choices(
    run: Run, overrides: Sequence[str], options: Callable[[str], list[str]]
) -> tuple[str, ...]:
    """The components of a stored run as overrides ``GROUP=KIND``, so that the command line can
    change their settings.

    Groups that ``overrides`` choose are left out with all below them, and kinds that are not among
    the ``options`` of their group.
    """
    named = {_named(override).replace("/", ".") for override in overrides}

    def walk(tree: JsonObject, place: str) -> Iterator[str]:
        for key, value in tree.items():
            path = f"{place}.{key}".strip(".")
            if not isinstance(value, dict) or path in named:
                continue
            group, kind = path.replace(".", "/"), value.get("kind")
            if kind in options(group):
                yield f"{group}={kind}"
            yield from walk(value, path)

    return tuple(walk(run.settings, ""))


def merged(run: Run, tree: JsonObject, overrides: Sequence[str]) -> JsonObject:
    """The settings of a stored run with the keys and groups that ``overrides`` name taken from
    ``tree``, which the command line composed.

    Raises:
        ConfigError: an override of a setting that the run does not have, or of ``conf``.
    """
    stored = current(run.settings, "train", run.schema)
    for name in ("schema", "imported"):
        stored.pop(name, None)
    settings = {**tree, **stored}
    if "places" in run.provenance:
        for name, place in branch(run.provenance, "places").items():
            _put(settings, name.split("."), place)
    for override in overrides:
        name = _named(override)
        if name in ("conf", "experiment"):
            raise ConfigError(
                "conf",
                f"cannot be combined with {argument('run')}, whose settings are used; name "
                "single settings instead",
            )
        keys = name.replace("/", ".").split(".")
        _put(settings, keys, _get(tree, keys))
    return settings


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
