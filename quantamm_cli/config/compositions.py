"""The settings of a command with other components and other values, at little cost.

Hydra composes once a choice of components, 30 ms; values are changed in a copy of what it composed,
before interpolations are resolved, which gives what Hydra would with the same overrides.
"""

from collections.abc import Mapping
from typing import Any

from quantamm_cli.config.compose import Composer, resolved_tree
from quantamm_cli.config.loader import plain
from quantamm_cli.config.overrides import override_value
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.component import Component, Settings
from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.tuning.nested import overlaid


class Compositions:
    """Compositions of one command line. Files are read once: editing conf/ changes nothing later.

    Results depend on the arguments and on nothing that was composed before.
    """

    def __init__(self, name: str, overrides: tuple[str, ...], config_dir: str | None) -> None:
        self._composer = Composer(name, overrides, config_dir)
        self._composer.loader.read_once = True
        self._unresolved: dict[tuple[str, ...], JsonObject] = {}

    def group(self, key: str, settings: Settings) -> str | None:
        """The group of the component at a dotted place of some settings, as an override names it;
        ``None`` if there is none.
        """
        options, path = self._composer.loader.options, key.replace(".", "/")
        if options(path):
            return path
        node: Any = settings
        for part in key.split("."):
            node = getattr(node, part, None) if isinstance(node, Settings) else None
        if isinstance(node, Component) and options(node.group):
            return f"{node.group}@{key}"
        return None

    def tree(self, groups: Mapping[str, str], values: JsonObject) -> JsonObject:
        """The plain resolved settings.

        ``groups``: choices of components by the names that overrides have for them. ``values``:
        other values by dotted setting. Raises ConfigError.
        """
        tree = self._composed(groups)
        for key, value in values.items():
            tree = _put(tree, key, key.split("."), value)
        return resolved_tree(tree)

    def _composed(self, groups: Mapping[str, str]) -> JsonObject:
        """What Hydra composes of a choice of components, not resolved; once."""
        chosen = {_place(group): group for group in groups}
        overrides, added = [], set[str]()
        for word in self._composer.overrides:
            if _place(word) not in chosen:
                overrides.append(word)
            elif word.startswith("+"):
                added.add(_place(word))
        for group, name in groups.items():
            sign = "+" if _place(group) in added else ""
            overrides.append(f"{sign}{group}={override_value(name)}")
        point = tuple(overrides)
        if point not in self._unresolved:
            cfg = self._composer.loader.settings(self._composer.name, overrides)
            self._unresolved[point] = plain(cfg)
        return self._unresolved[point]


def _put(tree: Json, key: str, path: list[str], value: Json) -> JsonObject:
    """A tree with another value at a place, which shares with it what is equal.

    Raises ConfigError if the place is within a single value.
    """
    if not isinstance(tree, Mapping):
        raise ConfigError(key, f"cannot be changed, as it is within {tree}; write that out")
    first, *rest = path
    inner = tree.get(first)
    if rest:
        return {**tree, first: _put({} if inner is None else inner, key, rest, value)}
    return {**tree, first: overlaid(inner, value)}


def _place(word: str) -> str:
    """The key of an override, or the place of the group that it chooses."""
    key, _, package = word.partition("=")[0].lstrip("+~").partition("@")
    return package or key.replace("/", ".")
