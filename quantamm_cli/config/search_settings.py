"""The settings that a search changes, as they are under each choice of components."""

from collections.abc import Callable, Sequence

from quantamm_cli.config import key_validation
from quantamm_cli.config.read import read_settings
from quantamm_cli.config.search_components import SearchComponents, refused
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.digest import canonical, sha256
from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.settings.run import Train
from quantamm_cli.tuning import space_check
from quantamm_cli.tuning.branches import in_order
from quantamm_cli.tuning.points import grid_values
from quantamm_cli.tuning.space import Searched, Spec, holds, labels, place, setting_of

NOT_SEARCHED = ("study", "space", "experiment", "hydra", "conf")
Names = dict[str, dict[str, Searched]]
"""By dotted setting, what it may be searched over in a trial, by name, under most choices first."""


class SearchSettings:
    """The settings of a space; ``tree`` gives the plain settings at a point."""

    def __init__(
        self,
        written: dict[str, Spec],
        components: SearchComponents,
        tree: Callable[[JsonObject], JsonObject],
    ) -> None:
        self._written, self._components, self._tree = written, components, tree
        self._order = list(in_order(written))
        self._names: dict[str, dict[str, str]] = {}
        self._known: dict[str, Names] = {}
        self._taken: dict[str, ConfigError | None] = {}
        self.vary = False
        """Whether some choices of components have settings that others have not."""

    def under(self, components: JsonObject) -> Names:
        """The searched settings that a choice of components has."""
        point = canonical(components)
        if point not in self._known:
            self._known[point] = self._names_under(components, self._settings(components), None)
        return self._known[point]

    def _names_under(self, components: JsonObject, settings: Train, label: str | None) -> Names:
        """``under``, resolved. ``label`` distinguishes the choice; ``None``: it is a trial's."""
        names = Names()
        for entry, spec in space_check.existing(self._possible(components), settings):
            key = setting_of(entry)
            if self._takes(components, settings, key, spec):
                names.setdefault(key, {})[self._name(entry, spec, label)] = spec
        for key, specs in names.items():
            names[key] = dict(sorted(specs.items(), key=lambda item: -len(item[1].when)))
        return {key: names[key] for key in sorted(names, key=self._position)}

    def _position(self, key: str) -> int:
        """Where a setting is drawn: after those whose choices it is under."""
        return self._order.index(key if key in self._order else "params")

    def _possible(self, components: JsonObject) -> dict[str, Spec]:
        """The entries, but for components, whose conditions on components hold."""
        return {
            name: spec
            for name, spec in self._written.items()
            if setting_of(name) not in self._components
            and holds(tuple(each for each in spec.when if each[0] in self._components), components)
        }

    def _takes(self, components: JsonObject, settings: Train, key: str, spec: Searched) -> bool:
        """Whether a component takes other values of its setting than it has: a fee of
        ``fees=none`` cannot be changed.
        """
        outer = {name: each for name, each in components.items() if key.startswith(f"{name}.")}
        point = canonical([key, spec.to_dict(), outer])
        if outer and point not in self._taken:
            current = key_validation.lookup(self._tree(components), key.split("."))
            self._taken[point] = self._refusal(components, key, spec, current)
        refusal = self._taken.get(point)
        return refusal is None

    def _refusal(
        self, components: JsonObject, key: str, spec: Searched, current: Json
    ) -> ConfigError | None:
        """Why a component takes no other value of its setting; ``None`` if it takes one."""
        refusal = None
        for value in grid_values(spec, 3):
            if value == current:
                continue
            try:
                self._settings({**components, key: value})
            except ConfigError as failure:
                if failure.where != key:
                    return None
                refusal = failure
            else:
                return None
        return refusal

    def _name(self, entry: str, spec: Searched, label: str | None) -> str:
        """The name of an entry with what it is searched over under a choice of components: its own
        under the first choice, as a name in a study stands for one range.
        """
        names, text = self._names.setdefault(entry, {}), canonical(spec.to_dict())
        if text in names:
            return names[text]
        name, digest, sign = entry, sha256(spec.to_dict())[:8], "." if "@" in entry else "@"
        if label is None:  # components that differ from all that were checked
            return f"{entry}{sign}{digest}"
        if names:
            name += sign + (label or ".".join(labels(spec.when)) or digest)
        names[text] = f"{name}.{digest}" if name in names.values() else name
        return names[text]

    def checked(self) -> dict[str, Searched]:
        """All of the settings by name.

        Raises:
            ConfigError: no trial could have one, or a choice of components.
        """
        space: dict[str, Searched] = {}
        sizes = set[frozenset[str]]()
        choices: list[tuple[JsonObject, Train]] = []
        for preferred, components in self._components.representatives():
            try:
                settings = self._settings(components)
                space_check.parameter_values(settings)
            except ConfigError as failure:
                raise refused(preferred or components, failure) from None
            label = ".".join(map(str, preferred.values()))
            names = self._names_under(components, settings, label)
            self._known[canonical(components)] = names
            for key in names:
                space |= names[key]
            sizes.add(frozenset([*components, *names]))
            choices.append((components, settings))
        for name, spec in self._written.items():
            self._check_exists(name, spec, choices)
        self.vary = len(sizes) > 1
        return space

    def _check_exists(
        self, name: str, spec: Spec, choices: Sequence[tuple[JsonObject, Train]]
    ) -> None:
        """Raise ConfigError for a setting of the space that no trial could have."""
        key = setting_of(name)
        if name in self._names or key in self._components:
            return
        if key == "params" and any(each.startswith("params.") for each in self._names):
            return
        under = [each for each in choices if name in self._possible(each[0])]
        refusals = [
            refusal
            for point, refusal in self._taken.items()
            if refusal is not None and refusal.where == key
        ]
        if refusals:
            raise ConfigError(place(key, spec.when), refusals[0].message)
        trees = [self._tree(components) for components, _ in under] or [self._tree({})]
        *path, last = key.split(".")
        if key.startswith("params") or any(
            last in (key_validation.lookup(tree, path) or ()) for tree in trees
        ):
            raise space_check.missing(name, spec, [settings for _, settings in under])
        raise unknown(name, spec, trees[0])

    def _settings(self, values: JsonObject) -> Train:
        return read_settings(Train, self._tree(values))


def unknown(name: str, spec: Spec, tree: JsonObject) -> ConfigError:
    """The error for an entry of a space that is no setting, with the nearest of a tree."""
    key = setting_of(name)
    tree = {each: node for each, node in tree.items() if each not in NOT_SEARCHED}
    return ConfigError(place(key, spec.when), key_validation.unknown(key, tree).message)
