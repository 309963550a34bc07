"""Settings of a study's trials, composed as if the searched settings were on the command line."""

import random
from collections.abc import Mapping
from typing import Any, Protocol

from quantamm_cli.config import key_validation
from quantamm_cli.config.compose import Composer, resolved
from quantamm_cli.config.read import read_settings
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.json_tree import Json, JsonObject, branch
from quantamm_cli.settings.run import Train
from quantamm_cli.tuning import space_check
from quantamm_cli.tuning.space import Choices, Range, Spec, read_space

_NOT_SEARCHED = ("study", "space", "experiment", "hydra", "conf")
_POINTS = 8


class Suggests(Protocol):
    """A trial, or a substitute for one."""

    def suggest(self, key: str, spec: Range | Choices) -> Json:
        """A value of a searched setting."""


class Guess:
    """A random point of a space, to find out whether any is legal."""

    def __init__(self, number: int) -> None:
        self._random = random.Random(number)

    def suggest(self, key: str, spec: Range | Choices) -> Json:
        """A random value of the space."""
        if isinstance(spec, Choices):
            return self._random.choice(spec.values)
        share = self._random.random()
        if spec.log:
            value = spec.low * (spec.high / spec.low) ** share
        else:
            value = spec.low + share * (spec.high - spec.low)
        if spec.step:
            value = spec.low + (value - spec.low) // spec.step * spec.step
        return int(value) if spec.integer else float(value)


class Search:
    """The checked space of a study, and the settings at its points.

    A searched setting that the chosen components do not have (a weight decay of ``sgd``)
    is left out of that trial.

    Raises:
        ConfigError: a space that no trial could use.
    """

    def __init__(
        self, tree: JsonObject, overrides: tuple[str, ...], config_dir: str | None
    ) -> None:
        self._composer = Composer("tune", overrides, config_dir)
        self._composer.loader.read_once = True
        self._trees: dict[tuple[str, ...], JsonObject] = {(): tree}
        self._last: tuple[tuple[str, ...], JsonObject] = ((), tree)
        self.base = read_settings(Train, tree)
        space = read_space(branch(tree, "space"))
        if not space:
            raise ConfigError(
                "space", "is empty; add settings to it: 'space.fit.learning_rate=[0.001,1,log]'"
            )
        self._groups = sorted(filter(self._is_group, space), key=lambda key: key.count("."))
        variants = self._variants(space)
        self._check_keys(space, variants)
        specs = space_check.resolve(space, self._groups, list(map(self.settings, variants)))
        self.space: dict[str, Range | Choices] = {key: specs[key] for key in self._groups} | specs
        self._check_possible()

    conditional = False

    def first(self, entries):
        return []

    @property
    def base_values(self) -> JsonObject:
        """The values, without a search, of those searched settings whose value is in the space."""
        defaults = space_check.defaults(self.base)
        values: dict[str, Json] = {}
        for key, spec in self.space.items():
            value = key_validation.lookup(self._trees[()], key.split("."))
            if key in self._groups and value:
                value = value["kind"]
            elif value is None:
                value = defaults.get(key)
            if spec.holds(value):
                values[key] = value
        return values

    def values(self, attempt: Suggests) -> JsonObject:
        """The values that a trial takes from the space."""
        chosen: dict[str, Json] = {}
        for key in self._groups:
            if isinstance(key_validation.lookup(self.tree(chosen), key.split(".")), dict):
                chosen[key] = attempt.suggest(key, self.space[key])
        settings = read_settings(Train, self.tree(chosen)) if chosen else self.base
        for key, spec in self.space.items():
            if key not in self._groups and space_check.has_setting(settings, key):
                chosen[key] = attempt.suggest(key, spec)
        return chosen

    def tree(self, values: JsonObject) -> JsonObject:
        """The plain settings with these values of searched ones."""
        groups = {key for key in values if key in self._groups}
        words = []
        for key, value in values.items():
            name = key.replace(".", "/") if key in groups else key
            words.append(f"{name}={override_value(value)}")
        point = tuple(sorted(words))
        if point in self._trees:
            return self._trees[point]
        if point == self._last[0]:  # the best so far is written at once
            return self._last[1]
        others = [word for word in self._composer.overrides if _group(word) not in groups]
        tree = resolved(self._composer.loader.settings(self._composer.name, [*others, *words]))
        if len(groups) == len(values):  # a choice of groups alone: few, and used in every trial
            self._trees[point] = tree
        self._last = (point, tree)
        return tree

    def settings(self, values: JsonObject) -> Train:
        """The typed settings with these values of searched ones. Raises ConfigError."""
        return read_settings(Train, self.tree(values))

    def _is_group(self, key: str) -> bool:
        return key.split(".")[0] not in _NOT_SEARCHED and bool(
            self._composer.loader.options(key.replace(".", "/"))
        )

    def _variants(self, space: Mapping[str, Spec]) -> list[JsonObject]:
        """Choices of groups that together have every setting that any trial may have: each choice
        of a group alone, and within each choice of the groups that contain it.
        """
        variants: list[JsonObject] = [{}]
        for key in self._groups:
            spec = space[key]
            if not isinstance(spec, Choices):
                continue
            for values in list(variants):
                if not all(key.startswith(f"{other}.") for other in values):
                    continue
                if isinstance(key_validation.lookup(self.tree(values), key.split(".")), dict):
                    variants += [self._legal({**values, key: name}, key) for name in spec.values]
        return variants

    def _legal(self, values: JsonObject, key: str) -> JsonObject:
        try:
            self.settings(values)
        except ConfigError as failure:
            raise ConfigError(f"space.{key}", f"{values[key]}: {failure}") from None
        return values

    def _check_possible(self) -> None:
        """Raise ConfigError if no point is legal; each setting alone may be, such as a fee under
        fees=none.
        """
        refused: list[ConfigError] = []
        for number in range(_POINTS):
            try:
                self.settings(self.values(Guess(number)))
            except ConfigError as failure:
                refused.append(failure)
            else:
                return
        raise ConfigError(
            "space", f"none of {_POINTS} random points of it is legal; the first: {refused[0]}"
        )

    def _check_keys(self, space: Mapping[str, Spec], variants: list[JsonObject]) -> None:
        """Raise ConfigError for a key that is a setting of no variant."""
        trees = list(map(self.tree, variants))
        for key in space:
            *path, last = key.split(".")
            nodes = (key_validation.lookup(tree, path) or () for tree in trees)
            exists = any(last in node for node in nodes) or key.startswith("params.")
            if not exists or key.split(".")[0] in _NOT_SEARCHED:
                tree = {name: node for name, node in trees[0].items() if name not in _NOT_SEARCHED}
                raise ConfigError(f"space.{key}", key_validation.unknown(key, tree).message)


def override_value(value: Any) -> str:
    """A value in the grammar of Hydra's overrides."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list | tuple):
        return f"[{','.join(map(override_value, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{key}:{override_value(item)}' for key, item in value.items())}}}"
    if isinstance(value, str):
        return "'" + value.replace("'", "\\'") + "'"
    return repr(value)


def _group(word: str) -> str:
    """The key of an override, or the place of the group that it chooses."""
    return word.partition("=")[0].lstrip("+~").partition("@")[0].replace("/", ".")
