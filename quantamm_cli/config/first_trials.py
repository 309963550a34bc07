"""Trials to try first: settings as they are written, or those of stored runs."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from quantamm_cli.config.read import read_settings
from quantamm_cli.config.stored_settings import merged
from quantamm_cli.errors import ConfigError, StoreError
from quantamm_cli.settings.digest import canonical
from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.suggestions import did_you_mean
from quantamm_cli.store.origin import origin
from quantamm_cli.store.runs import Store
from quantamm_cli.tuning.space import Range, Searched, setting_of
from quantamm_cli.tuning.space_check import parameter_values

_WHERE = "study.first"


class Space(Protocol):
    """A checked space: ``search_space.Search``."""

    base: Train
    space: Mapping[str, Searched]

    def chooses(self, key: str) -> bool:
        """Whether a setting is a component that is searched."""

    def candidates(self, values: JsonObject) -> Mapping[str, Mapping[str, Searched]]:
        """What each setting may be searched over in a trial with some values, by name."""

    def named(self, values: JsonObject) -> dict[str, Json]:
        """Values by name, without those that are not in the space."""

    def values_of(self, tree: JsonObject, settings: Train) -> dict[str, Json]:
        """The values that some settings have of the searched ones."""

    def tree(self, values: JsonObject) -> JsonObject:
        """The plain settings at a point."""


def first_trials(search: Space, entries: Sequence[Any]) -> list[JsonObject]:
    """The values of trials by name in the study, in order and each once: ``Search.first``.

    Raises:
        ConfigError: an entry is not in the space, or is no run.
    """
    if isinstance(entries, str | Mapping):
        raise ConfigError(_WHERE, f"{entries} is not a list; write [{{fit.learning_rate: 0.1}}]")
    trials: dict[str, JsonObject] = {}
    for number, entry in enumerate(entries):
        where = f"{_WHERE}.{number}"
        if isinstance(entry, Mapping):
            values = _written(entry)
        else:
            where = f"{where} ({entry})"
            values = _of_run(search, entry, where)
        trial = _checked(search, values, where)
        trials.setdefault(canonical(trial), trial)
    return list(trials.values())


def _written(entry: Mapping[Any, Any], place: str = "") -> dict[str, Json]:
    """The values of a mapping by dotted setting; keys may be nested, and have dots or slashes."""
    values: dict[str, Json] = {}
    for key, value in entry.items():
        inner = f"{place}{str(key).replace('/', '.')}"
        values |= _written(value, f"{inner}.") if isinstance(value, Mapping) else {inner: value}
    return values


def _checked(search: Space, values: JsonObject, where: str) -> JsonObject:
    """The values by name in the study. Raises ConfigError for one that the space lacks."""
    known = dict.fromkeys(map(setting_of, search.space))
    for key, value in values.items():
        if key not in known:
            raise ConfigError(where, f"{key} is not searched{did_you_mean(key, known)}")
        specs = [spec for name, spec in search.space.items() if setting_of(name) == key]
        if not any(spec.holds(value) for spec in specs):
            raise _outside(where, key, value, specs)
    candidates, named = search.candidates(values), search.named(values)
    for key, value in values.items():
        names = candidates.get(key, {})
        if not names:
            raise ConfigError(where, f"{key} is not searched {_with(search, values)}")
        if not any(name in named for name in names):
            raise _outside(where, key, value, list(names.values()))
    return named


def _outside(where: str, key: str, value: Json, specs: Sequence[Searched]) -> ConfigError:
    ranges = " or ".join(dict.fromkeys(map(str, specs)))
    return ConfigError(where, f"{key} is {value}; the space has {ranges}")


def _with(search: Space, values: JsonObject) -> str:
    """The choices among the values, in words."""
    conditions = {key for spec in search.space.values() for key, _ in spec.when}
    chosen = [
        f"{key}={value}"
        for key, value in values.items()
        if search.chooses(key) or key in conditions
    ]
    return f"with {', '.join(chosen)}"


def _of_run(search: Space, name: Any, where: str) -> dict[str, Json]:
    """The values that a stored run has of the searched settings.

    Raises ConfigError if there is no such run.
    """
    if isinstance(name, float):
        raise ConfigError(where, "is read as a number; write the name of the run in quotes")
    try:
        stored = origin(Store(search.base.runs_dir).named(str(name), ("run", "walk")))
    except StoreError as failure:
        raise ConfigError(where, str(failure)) from None
    assert stored is not None
    tree = merged(stored, search.tree({}), ())
    settings = read_settings(Train, tree)
    values = search.values_of(tree, settings)
    for key, value in parameter_values(settings).items():
        specs = [spec for each, spec in search.space.items() if setting_of(each) == key]
        if specs:
            values[key] = _number(values.get(key, value), specs)
    candidates = search.candidates(values)
    return {key: value for key, value in values.items() if key in candidates}


def _number(value: Any, specs: Sequence[Searched]) -> Json:
    """A parameter as the space has it: one number, if it is the same for every token.

    A number that differs from an end of a range by rounding alone is that end.
    """
    array = np.asarray(value, float)
    if any(spec.holds(value) for spec in specs) or np.ptp(array) != 0:
        listed: Json = array.tolist()
        return listed
    number = float(array.flat[0])
    ends = [end for spec in specs if isinstance(spec, Range) for end in (spec.low, spec.high)]
    near = [end for end in ends if math.isclose(number, end, rel_tol=1e-9)]
    return near[0] if near else number
