"""The settings of a study's trials: composed as if the searched ones had
been on the command line.
"""

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
    """A trial, or what stands in for one."""

    def suggest(self, key: str, spec: Range | Choices) -> Json:
        """A value of a searched setting."""


class Guess:
    """A point of a space taken blindly, to see whether there are legal ones."""

    def __init__(self, number: int) -> None:
        self._random = random.Random(number)

    def suggest(self, key: str, spec: Range | Choices) -> Json:
        """Any value that the space holds."""
        if isinstance(spec, Choices):
            return self._random.choice(spec.values)
        share = self._random.random()
        value = (
            spec.low * (spec.high / spec.low) ** share
            if spec.log
            else spec.low + share * (spec.high - spec.low)
        )
        value = spec.low + (value - spec.low) // spec.step * spec.step if spec.step else value
        return int(value) if spec.whole else float(value)


class Search:
    """The space of a study, checked, and the settings at its points.

    A searched setting that the chosen components do not have (a weight decay of ``sgd``)
    is left out of that trial.

    Raises:
        ConfigError: for what no trial could use.
    """

    def __init__(
        self, tree: JsonObject, overrides: tuple[str, ...], config_dir: str | None
    ) -> None:
        self._composer = Composer("tune", overrides, config_dir)
        self._composer.loader.keep = True
        self._trees: dict[tuple[str, ...], JsonObject] = {(): tree}
        self._last: tuple[tuple[str, ...], JsonObject] = ((), tree)
        self.base = read_settings(Train, tree)
        space = read_space(branch(tree, "space"))
        if not space:
            raise ConfigError(
                "space",
                "has nothing to search; add settings to it: "
                "'space.fit.learning_rate=[0.001,1,log]'",
            )
        self._groups = sorted(
            (key for key in space if self._is_group(key)), key=lambda key: key.count(".")
        )
        variants = self._variants(space)
        self._known(space, variants)
        whole = space_check.resolve(
            space, self._groups, [read_settings(Train, self.tree(values)) for values in variants]
        )
        first = {key: whole[key] for key in self._groups}
        self.space: dict[str, Range | Choices] = first | {
            key: spec for key, spec in whole.items() if key not in first
        }
        self._possible()

    @property
    def given(self) -> JsonObject:
        """Of the settings as they are without a search, those that the space holds."""
        tree = self._trees[()]
        values = {key: key_validation.lookup(tree, key.split(".")) for key in self.space}
        values = {
            key: value["kind"] if key in self._groups and value else value
            for key, value in values.items()
        }
        values |= {
            key: value
            for key, value in space_check.defaults(self.base).items()
            if values.get(key, 0) is None
        }
        return {key: value for key, value in values.items() if self.space[key].holds(value)}

    def values(self, attempt: Suggests) -> JsonObject:
        """What a trial takes from the space."""
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
        """The plain settings with some of them chosen."""
        groups = {key for key in values if key in self._groups}
        kept = [word for word in self._composer.overrides if _group(word) not in groups]
        words = [
            f"{key.replace('.', '/') if key in groups else key}={spelt(value)}"
            for key, value in values.items()
        ]
        alone = all(key in groups for key in values)
        name = tuple(sorted(words))
        if name in self._trees:
            return self._trees[name]
        if name == self._last[0]:  # the best so far is written down at once
            return self._last[1]
        tree = resolved(self._composer.loader.settings(self._composer.name, [*kept, *words]))
        if alone:  # the same few, asked for in every trial
            self._trees[name] = tree
        self._last = (name, tree)
        return tree

    def settings(self, values: JsonObject) -> Train:
        """The typed settings with some of them chosen. Raises ConfigError."""
        return read_settings(Train, self.tree(values))

    def _is_group(self, key: str) -> bool:
        return key.split(".")[0] not in _NOT_SEARCHED and bool(
            self._composer.loader.options(key.replace(".", "/"))
        )

    def _variants(self, space: Mapping[str, Spec]) -> list[JsonObject]:
        """Choices of groups that between them show every setting there may be: each by itself,
        inside each that contains it.
        """
        variants: list[JsonObject] = [{}]
        for key in self._groups:
            spec = space[key]
            around = [
                values
                for values in variants
                if all(key.startswith(f"{other}.") for other in values)
            ]
            around = [
                values
                for values in around
                if isinstance(key_validation.lookup(self.tree(values), key.split(".")), dict)
            ]
            if isinstance(spec, Choices):
                variants += [
                    self._legal({**values, key: name}, key)
                    for values in around
                    for name in spec.values
                ]
        return variants

    def _legal(self, values: JsonObject, key: str) -> JsonObject:
        try:
            read_settings(Train, self.tree(values))
        except ConfigError as failure:
            raise ConfigError(f"space.{key}", f"{values[key]}: {failure}") from None
        return values

    def _possible(self) -> None:
        """Each setting may be legal and all of them together never: a fee under fees=none."""
        refused: list[ConfigError] = []
        for number in range(_POINTS):
            try:
                read_settings(Train, self.tree(self.values(Guess(number))))
            except ConfigError as failure:
                refused.append(failure)
            else:
                return
        raise ConfigError(
            "space", f"{_POINTS} points of it were tried and none is legal; the first: {refused[0]}"
        )

    def _known(self, space: Mapping[str, Spec], variants: list[JsonObject]) -> None:
        for key in space:
            path = key.split(".")
            trees = [self.tree(values) for values in variants]
            there = any(
                path[-1] in (key_validation.lookup(tree, path[:-1]) or ()) for tree in trees
            )
            if path[0] in _NOT_SEARCHED or not (there or path[0] == "params"):
                tree = {name: node for name, node in trees[0].items() if name not in _NOT_SEARCHED}
                raise ConfigError(f"space.{key}", key_validation.unknown(key, tree).message)


def spelt(value: Any) -> str:
    """A value in Hydra's grammar."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list | tuple):
        return f"[{','.join(map(spelt, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{key}:{spelt(item)}' for key, item in value.items())}}}"
    if isinstance(value, str):
        return "'" + value.replace("'", "\\'") + "'"
    return repr(value)


def _group(word: str) -> str:
    """The place of the group that an override chooses, if it does."""
    return word.partition("=")[0].lstrip("+~").partition("@")[0].replace("/", ".")
