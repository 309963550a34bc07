"""The components that a search chooses among."""

from collections.abc import Iterator, Mapping

from quantamm_cli.config import key_validation
from quantamm_cli.config.compositions import Compositions
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.digest import canonical
from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.settings.run import Train
from quantamm_cli.tuning.branches import in_order
from quantamm_cli.tuning.points import Preferring, Suggests
from quantamm_cli.tuning.space import Choices, Spec, holds, place, setting_of


class SearchComponents:
    """The components of a space, and the trees of settings with them.

    Raises:
        ConfigError: a component has a range, or is under a choice of something else.
    """

    def __init__(
        self, space: Mapping[str, Spec], compositions: Compositions, base: Train, tree: JsonObject
    ) -> None:
        self._compositions = compositions
        keys = sorted(in_order(space), key=lambda key: key.count("."))
        groups = {key: compositions.group(key, base) for key in keys}
        self._groups = {key: group for key, group in groups.items() if group is not None}
        names = sorted(space, key=lambda name: keys.index(setting_of(name)))
        self.specs = {
            name: self._checked(name, space[name])
            for name in names
            if setting_of(name) in self._groups
        }
        """By name, a component after those that contain it."""
        self._order = in_order(self.specs)
        self._base = {key: _kind(tree, key) for key in self._groups}
        self._has: dict[str, bool] = {}

    def __contains__(self, key: object) -> bool:
        return key in self._groups

    def tree(self, values: JsonObject) -> JsonObject:
        """The plain settings with some components and other values, by dotted setting."""
        groups = {group: str(values[key]) for key, group in self._groups.items() if key in values}
        others = {key: value for key, value in values.items() if key not in self._groups}
        return self._compositions.tree(groups, others)

    def draw(self, attempt: Suggests) -> dict[str, Json]:
        """The components of a trial, by place."""
        chosen: dict[str, Json] = {}
        for key, names in self._order.items():
            if not self._exists(key, chosen):
                continue
            for name in names:
                if holds(self.specs[name].when, chosen):
                    chosen[key] = attempt.suggest(name, self.specs[name])
                    break
        return chosen

    def representatives(self) -> Iterator[tuple[dict[str, Json], dict[str, Json]]]:
        """Choices of components that together have every setting that any trial may have, after the
        part of each that distinguishes it from the first: each choice alone, and within each choice
        of a component that contains it, or whose choices it is under.
        """
        waiting: list[dict[str, Json]] = [{}]
        reached = set[str]()
        while waiting:
            preferred = waiting.pop(0)
            attempt = Preferring(preferred, self._base)
            try:
                chosen = self.draw(attempt)
            except ConfigError as failure:
                raise refused(preferred or attempt.values, failure) from None
            yield preferred, chosen
            for name in attempt.names:
                key = setting_of(name)
                outer = {other: chosen[other] for other in chosen if self._within(name, other)}
                point = canonical([name, outer])
                if point in reached:
                    continue
                reached.add(point)
                others = [value for value in self.specs[name].values if value != chosen[key]]
                waiting += [{**preferred, key: value} for value in others]

    def _within(self, name: str, other: str) -> bool:
        """Whether a component is within another, or under its choices."""
        under = {key for key, _ in self.specs[name].when}
        return setting_of(name).startswith(f"{other}.") or other in under

    def _exists(self, key: str, chosen: JsonObject) -> bool:
        """Whether there is such a component among those that contain it."""
        outer = {other: name for other, name in chosen.items() if key.startswith(f"{other}.")}
        point = canonical([key, outer])
        if point not in self._has:
            node = key_validation.lookup(self.tree(outer), key.split("."))
            self._has[point] = isinstance(node, Mapping)
        return self._has[point]

    def _checked(self, name: str, spec: Spec) -> Choices:
        where = place(setting_of(name), spec.when)
        if not isinstance(spec, Choices):
            raise ConfigError(
                where, "is a group of settings; give the names to choose from: {choices: [...]}"
            )
        for key, _ in spec.when:
            if key not in self._groups:
                raise ConfigError(
                    where,
                    f"is a component, and {key} is none; components are under choices of "
                    "components only",
                )
        return spec


def _kind(tree: JsonObject, key: str) -> Json:
    """The kind of the component at a place of a tree; ``None`` if there is none."""
    node = key_validation.lookup(tree, key.split("."))
    return node.get("kind") if isinstance(node, Mapping) else None


def refused(components: JsonObject, failure: ConfigError) -> ConfigError:
    """The error for a choice of components that no trial could have."""
    if not components:
        return failure
    *_, (key, choice) = components.items()
    return ConfigError(f"space.{key}", f"{choice}: {failure}")
