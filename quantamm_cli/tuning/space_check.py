"""What a search space is for some settings: the settings of it that they have, with ranges of the
right type, checked before the first trial.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Annotated, Any, get_args, get_origin

from numpy.typing import ArrayLike
from pydantic import create_model
from pydantic.fields import FieldInfo

from quantamm_cli.core.params import Parameter, initial
from quantamm_cli.errors import ConfigError
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.settings.component import Component, Settings
from quantamm_cli.settings.decode import decode
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.suggestions import did_you_mean
from quantamm_cli.tuning.nested import is_integer
from quantamm_cli.tuning.space import (
    Declared,
    Range,
    Searched,
    Spec,
    place,
    setting_of,
)

_SPLIT = ("split.validation_fraction", "split.embargo_days", "split.cycles", "split.cycle_days")
SCORED = ("tokens", "start", "end", "test_end", "data", *_SPLIT)
"""Settings that change the data a trial is scored on."""
_PARAMS = "params."


def existing(space: Mapping[str, Spec], settings: Train) -> Iterator[tuple[str, Searched]]:
    """The names of a space whose setting these settings have, with types for all ranges, and with
    the ranges that parameters declare.

    Components are left out.

    Raises:
        ConfigError: no trial could use a range or a choice, or it would not change a run.
    """
    for name, spec in space.items():
        key = setting_of(name)
        if key == "params" and isinstance(spec, Declared):
            yield from _declared_parameters(name, spec, space, settings)
            continue
        resolve = _parameter if key.startswith(_PARAMS) else _setting
        resolved = resolve(key, spec, settings)
        if resolved is not None:
            yield name, resolved


def missing(name: str, spec: Spec, choices: Sequence[Train]) -> ConfigError:
    """The error for a setting of a space that none of these settings has."""
    key = setting_of(name)
    where = place(key, spec.when)
    if key == "params":
        return ConfigError(where, "the pool has no parameter that declares a range")
    if not key.startswith(_PARAMS):
        return ConfigError(where, "no such setting")
    known: set[str] = set().union(*map(_names, choices))
    if key[7:] in known:
        return ConfigError(where, "declares no range; give one: [low, high] or [low, high, log]")
    return ConfigError(
        where,
        f"the pool has no such parameter{did_you_mean(key[7:], known)} (it has: "
        f"{', '.join(sorted(known)) or 'none'})",
    )


def parameter_values(settings: Train) -> dict[str, ArrayLike]:
    """The initial parameters by dotted name, under each name that a value may be given: raw and
    readable arrays of the first set, and values as they are given.

    Raises:
        ConfigError: a parameter is unknown, given twice or outside its domain.
    """
    specs = _specs(settings)
    sets = getattr(settings.fit, "parameter_sets", 1)
    raw = initial(specs, settings.params, sets, len(settings.tokens), 0.0, 0)
    values: dict[str, ArrayLike] = {}
    for spec in specs:
        values[_PARAMS + spec.name] = raw[spec.name][0]
        values[_PARAMS + spec.readable] = spec.bijector.readable(raw[spec.name][0])
    return values | {_PARAMS + name: value for name, value in settings.params.items()}


def defaults(settings: Train) -> dict[str, float]:
    """Default values of the parameters that the settings leave out, by dotted name."""
    values = {}
    for spec in _specs(settings):
        if isinstance(spec.default, float) and not set(spec.names) & settings.params.keys():
            values[_PARAMS + spec.readable] = spec.default
    return values


def changes_the_score(keys: Iterable[str]) -> list[str]:
    """The searched settings, of names of a study, that change the data a trial is scored on."""
    inside = tuple(f"{name}." for name in SCORED)
    settings = dict.fromkeys(map(setting_of, keys))
    return [key for key in settings if key in SCORED or key.startswith(inside)]


def _specs(settings: Train) -> tuple[Parameter, ...]:
    return AbstractPool.typed(settings.pool).parameters(len(settings.tokens))


def _names(settings: Train) -> set[str]:
    return {name for spec in _specs(settings) for name in spec.names}


def _range_of(spec: Parameter) -> Range | None:
    """The search range of a parameter that trains."""
    if not spec.trainable or not spec.low < spec.high:
        return None
    return Range(spec.low, spec.high, spec.log, None, False)


def _declared_parameters(
    name: str, spec: Declared, space: Mapping[str, Spec], settings: Train
) -> Iterator[tuple[str, Searched]]:
    """The declared ranges of all parameters that the space does not name under the same choices."""
    named = {setting_of(other) for other, each in space.items() if each.when == spec.when}
    for parameter in _specs(settings):
        declared = _range_of(parameter)
        if declared is not None and not any(_PARAMS + each in named for each in parameter.names):
            own = f"{_PARAMS}{parameter.readable}{name.removeprefix('params')}"
            yield own, replace(declared, when=spec.when)


def _parameter(key: str, spec: Spec, settings: Train) -> Searched | None:
    name = key[7:]
    parameter = next((each for each in _specs(settings) if name in each.names), None)
    if parameter is None:
        return None
    if isinstance(spec, Declared):
        declared = _range_of(parameter) if name == parameter.readable else None
        return None if declared is None else replace(declared, when=spec.when)
    for value in spec.ends:
        try:
            parameter_values(settings.model_copy(update={"params": {name: value}}))
        except ConfigError as failure:
            raise ConfigError(place(key, spec.when), failure.message) from None
    if isinstance(spec, Range):
        return replace(spec, integer=bool(spec.integer))
    return spec


def _setting(key: str, spec: Spec, settings: Train) -> Searched | None:
    where = place(key, spec.when)
    owner_field = _field(settings, key)
    if owner_field is None:
        return None
    if isinstance(spec, Declared):
        raise ConfigError(
            where,
            "is not a parameter and declares no range; give one: [low, high] or [low, high, log]",
        )
    owner, field = owner_field
    name = key.rpartition(".")[2]
    _refuse(key, name, owner, where)
    if isinstance(spec, Range):
        spec = _typed(spec, field, where)
    _try(owner, name, key, spec)
    return spec


def _refuse(key: str, name: str, owner: type[Settings], where: str) -> None:
    """Raise ConfigError for a setting that is no part of a run, or of what scores measure."""
    paths: Collection[str] = owner.paths if issubclass(owner, Component) else ()
    if key.split(".")[0] in Train.not_identity or name in paths:
        raise ConfigError(where, "does not change what is computed, so it cannot be searched")
    if key.startswith("scoring."):
        raise ConfigError(
            where,
            f"is what all trials are measured in, so it cannot be searched; set {key} for all",
        )


def _field(settings: Train, key: str) -> tuple[type[Settings], FieldInfo] | None:
    """The class that has a dotted setting, and its field."""
    *path, last = key.split(".")
    node: Any = settings
    for part in path:
        if not isinstance(node, Settings) or part not in type(node).model_fields:
            return None
        node = getattr(node, part, None)
    if not isinstance(node, Settings) or last not in type(node).model_fields:
        return None
    return type(node), type(node).model_fields[last]


def _typed(spec: Range, field: FieldInfo, where: str) -> Range:
    """A range with the type of its setting: whole numbers or not."""
    kinds = set(_members(field.annotation))
    whole = bool(spec.integer) or (int in kinds and float not in kinds)
    if not kinds & {int, float}:
        raise ConfigError(where, "is not a number; give {choices: [...]}")
    if whole and not all(map(is_integer, (spec.low, spec.high, spec.step or 0))):
        raise ConfigError(
            where, f"takes whole numbers; low ({spec.low:g}), high ({spec.high:g}) or step is not"
        )
    if whole and spec.integer is False:
        raise ConfigError(where, "takes whole numbers, but its type says float")
    return replace(spec, integer=whole)


def _members(annotation: Any) -> Iterator[Any]:
    """The types of a union, without what they are annotated with."""
    inner = get_args(annotation)
    if get_origin(annotation) is Annotated:
        inner = inner[:1]
    yield annotation
    for each in inner:
        yield from _members(each)


def _try(owner: type[Settings], name: str, key: str, spec: Searched) -> None:
    """Check both ends of a range, or every choice, alone; what does not fit together only a trial
    shows.
    """
    parent = key.rpartition(".")[0]
    for value in spec.ends:
        try:
            decode(_alone(owner, name), {name: value}, parent)
        except ConfigError as failure:
            raise ConfigError(place(key, spec.when), failure.message) from None


@lru_cache(maxsize=256)
def _alone(owner: type[Settings], name: str) -> type[Settings]:
    """Settings that are one field of others."""
    field = owner.model_fields[name]
    fields: dict[str, Any] = {name: (field.annotation, field)}
    return create_model(owner.__name__, __base__=Settings, **fields)
