"""The settings of a command with other components and other values, at little cost.

Hydra composes once a choice of components, 30 ms; values are changed in a copy of what it composed,
before interpolations are resolved, which gives what Hydra would with the same overrides.
"""

from collections.abc import Mapping
from typing import Any

from quantamm_cli.config.compose import Composer, resolved_tree
from quantamm_cli.config.loader import plain
from quantamm_cli.config.overrides import override_value
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
        unresolved = self._composed(groups, ())
        for key, value in values.items():
            changed = _put(unresolved, key.split("."), value)
            if changed is None:  # an interpolation is in its way: only Hydra knows what it changes
                words = [f"{name}={override_value(item)}" for name, item in values.items()]
                return resolved_tree(self._composed(groups, tuple(words)))
            unresolved = changed
        return resolved_tree(unresolved)

    def _composed(self, groups: Mapping[str, str], words: tuple[str, ...]) -> JsonObject:
        """What Hydra composes, not resolved; that of a choice of components is stored."""
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
        if words:
            cfg = self._composer.loader.settings(self._composer.name, [*overrides, *words])
            return plain(cfg)
        point = tuple(overrides)
        if point not in self._unresolved:
            cfg = self._composer.loader.settings(self._composer.name, overrides)
            self._unresolved[point] = plain(cfg)
        return self._unresolved[point]


def _put(tree: JsonObject, path: list[str], value: Json) -> JsonObject | None:
    """A tree with another value at a place, which shares with it what is equal; ``None`` if the
    place is within a single value.
    """
    key, *rest = path
    if not rest:
        old = tree.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        return {**tree, key: overlaid(old, value) if both else value}
    inner = tree.get(key, {})
    changed = _put(inner, rest, value) if isinstance(inner, Mapping) else None
    return None if changed is None else {**tree, key: changed}


def _place(word: str) -> str:
    """The key of an override, or the place of the group that it chooses."""
    key, _, package = word.partition("=")[0].lstrip("+~").partition("@")
    return package or key.replace("/", ".")
