"""Settings of a study's trials, composed as if the searched settings were on the command line."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from quantamm_cli.config import key_validation
from quantamm_cli.config.compositions import Compositions
from quantamm_cli.config.first_trials import first_trials
from quantamm_cli.config.read import read_settings
from quantamm_cli.config.search_components import SearchComponents
from quantamm_cli.config.search_settings import NOT_SEARCHED, Names, SearchSettings, unknown
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.json_tree import Json, JsonObject, branch
from quantamm_cli.settings.run import Train
from quantamm_cli.tuning import space_check
from quantamm_cli.tuning.branches import read_space
from quantamm_cli.tuning.points import Guess, Preferring, Suggests, grid
from quantamm_cli.tuning.space import Searched, holds, plain_values, setting_of

_POINTS = 8


class Search:
    """The checked space of a study, and the settings at its points.

    Components are drawn first, and then the settings that those have (a weight decay is left out
    of a trial with ``sgd``) and let a search change (a fee is left out with ``fees=none``). A
    setting that is searched over different values under different choices has several names in the
    study, ``params.width@momentum``.

    Raises:
        ConfigError: a space that no trial could use.
    """

    def __init__(
        self, tree: JsonObject, overrides: tuple[str, ...], config_dir: str | None
    ) -> None:
        self._tree = tree
        self.base = read_settings(Train, tree)
        written = read_space(branch(tree, "space"))
        if not written:
            raise ConfigError(
                "space", "is empty; add settings to it: 'space.fit.learning_rate=[0.001,1,log]'"
            )
        for name, spec in written.items():
            if setting_of(name).split(".")[0] in NOT_SEARCHED:
                raise unknown(name, spec, tree)
        compositions = Compositions("tune", overrides, config_dir)
        self._components = SearchComponents(written, compositions, self.base, tree)
        self._existing = SearchSettings(written, self._components, self.tree)
        self.space: Mapping[str, Searched] = self._components.specs | self._existing.checked()
        self._check_possible()

    @property
    def conditional(self) -> bool:
        """Whether there are settings that not every trial has."""
        return self._existing.vary or any(spec.when for spec in self.space.values())

    @property
    def base_values(self) -> JsonObject:
        """The values, without a search, of those searched settings whose value is in the space; by
        name in the study.
        """
        return self.named(self.values_of(self._tree, self.base))

    def values(self, attempt: Suggests) -> JsonObject:
        """The values that a trial takes from the space, by dotted setting; the attempt suggests
        them by name.
        """
        chosen = self._components.draw(attempt)
        for key, names in self._existing.under(chosen).items():
            for name, spec in names.items():
                if holds(spec.when, chosen):
                    chosen[key] = attempt.suggest(name, spec)
                    break
        return chosen

    def tree(self, values: JsonObject) -> JsonObject:
        """The plain settings with these values of searched ones, by dotted setting or by name.

        Equal values give equal settings, whatever was composed before. Raises ConfigError.
        """
        return self._components.tree(plain_values(values)) if values else self._tree

    def settings(self, values: JsonObject) -> Train:
        """The typed settings with these values of searched ones. Raises ConfigError."""
        return read_settings(Train, self.tree(values))

    def first(self, entries: Sequence[Any]) -> list[JsonObject]:
        """The values of trials to try first, by name, in order and each once.

        ``entries``: mappings of dotted settings to values, or names of stored runs, whose values of
        the searched settings are meant. What an entry leaves out is left to the sampler.

        Raises:
            ConfigError: an entry is not in the space, or is no run.
        """
        return first_trials(self, entries)

    def grid(self, points: int) -> Iterator[JsonObject]:
        """Every combination of values, by name: all choices, all steps of a range that has a step,
        and ``points`` values of another, from end to end.
        """
        return grid(self.values, points)

    def chooses(self, key: str) -> bool:
        """Whether a dotted setting is a component that is searched."""
        return key in self._components

    def candidates(self, values: JsonObject) -> Names:
        """What each setting may be searched over in a trial with some values; without all of its
        components among them, in any trial that has them.
        """
        attempt = Preferring(values)
        chosen = self._components.draw(attempt)
        names = {name: self.space[name] for name in attempt.names}
        if attempt.complete:
            for specs in self._existing.under(chosen).values():
                names |= specs
        else:
            names |= self.space
        candidates: Names = {}
        for name, spec in names.items():
            if holds(tuple(each for each in spec.when if each[0] in values), values):
                candidates.setdefault(setting_of(name), {})[name] = spec
        return candidates

    def named(self, values: JsonObject) -> dict[str, Json]:
        """Values by name, from those by dotted setting, without those that are not in the space or
        belong to other choices.
        """
        return {
            name: values[key]
            for key, names in self.candidates(values).items()
            for name, spec in names.items()
            if key in values and spec.holds(values[key])
        }

    def values_of(self, tree: JsonObject, settings: Train) -> dict[str, Json]:
        """The values that some settings and their tree have of the searched ones, by dotted
        setting; parameters as they are given, or their defaults.
        """
        defaults, values = space_check.defaults(settings), dict[str, Json]()
        for key in dict.fromkeys(map(setting_of, self.space)):
            *path, last = key.split(".")
            node = key_validation.lookup(tree, path) if path else tree
            if isinstance(node, Mapping) and last in node:
                value = node[last]
                kind = value.get("kind") if isinstance(value, Mapping) else None
                values[key] = kind if key in self._components else value
            elif key in defaults:
                values[key] = defaults[key]
        return values

    def _check_possible(self) -> None:
        """Raise ConfigError if no point is legal; each setting alone may be, such as a fee under
        fees=none.
        """
        refused: list[ConfigError] = []
        for number in range(_POINTS):
            try:
                space_check.parameter_values(self.settings(self.values(Guess(number))))
            except ConfigError as failure:
                refused.append(failure)
            else:
                return
        raise ConfigError(
            "space", f"none of {_POINTS} random points of it is legal; the first: {refused[0]}"
        )
