"""Checks of a search space against the settings it searches, before the first trial."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

from pydantic import create_model
from pydantic.fields import FieldInfo

from quantamm_cli.core.params import Parameter
from quantamm_cli.errors import ConfigError
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.settings.component import Component, Settings
from quantamm_cli.settings.decode import decode
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.suggestions import did_you_mean
from quantamm_cli.tuning.nested import is_integer
from quantamm_cli.tuning.space import Choices, Declared, Range, Spec

_SPLIT = ("split.validation_fraction", "split.embargo_days", "split.cycles", "split.cycle_days")
SCORED = ("tokens", "start", "end", "test_end", "data", *_SPLIT)
"""Settings that change the data a trial is scored on."""


def resolve(
    space: Mapping[str, Spec], groups: Iterable[str], variants: Sequence[Train]
) -> dict[str, Range | Choices]:
    """The space with types for all ranges, and with the ranges that parameters declare.

    ``variants``: settings with each choice of the groups, as they differ in their parameters.

    Raises:
        ConfigError: no trial could use a range or a choice, or it would not change a run.
    """
    resolved: dict[str, Range | Choices] = {}
    for key, spec in space.items():
        if key in groups:
            if not isinstance(spec, Choices):
                raise ConfigError(
                    f"space.{key}",
                    "is a group of settings; give the names to choose from: {choices: [...]}",
                )
            resolved[key] = spec
        elif key == "params" and isinstance(spec, Declared):
            resolved |= _declared_parameters(space, variants)
        elif key.startswith("params."):
            resolved[key] = _parameter(key, spec, variants)
        else:
            resolved[key] = _setting(key, spec, variants)
    return resolved


def _declared_parameters(
    space: Mapping[str, Spec], variants: Sequence[Train]
) -> dict[str, Range | Choices]:
    """The declared ranges of all parameters that the space does not name."""
    ranges: dict[str, Range | Choices] = {}
    for settings in variants:
        for name, declared in _declared(settings).items():
            if f"params.{name}" not in space:
                ranges[f"params.{name}"] = declared
    return ranges


def has_setting(settings: Train, key: str) -> bool:
    """Whether these settings have the searched one: other rules have other parameters."""
    if key.startswith("params."):
        return key[7:] in _names(settings)
    return _field(settings, key) is not None


def defaults(settings: Train) -> dict[str, float]:
    """Default values of the parameters that the settings leave out, by dotted name."""
    values = {}
    for spec in _specs(settings):
        if isinstance(spec.default, float) and spec.name not in settings.params:
            values[f"params.{spec.readable}"] = spec.default
    return values


def changes_the_score(keys: Iterable[str]) -> list[str]:
    """The searched settings that change the data a trial is scored on."""
    inside = tuple(f"{name}." for name in SCORED)
    return [key for key in keys if key in SCORED or key.startswith(inside)]


def _specs(settings: Train) -> tuple[Parameter, ...]:
    return AbstractPool.typed(settings.pool).parameters(len(settings.tokens))


def _names(settings: Train) -> set[str]:
    return {name for spec in _specs(settings) for name in spec.names}


def _declared(settings: Train) -> dict[str, Range]:
    """The search ranges of the parameters that train."""
    trainable = [spec for spec in _specs(settings) if spec.trainable and spec.low < spec.high]
    return {spec.readable: Range(spec.low, spec.high, spec.log, None, False) for spec in trainable}


def _parameter(key: str, spec: Spec, variants: Sequence[Train]) -> Range | Choices:
    name = key[7:]
    known: set[str] = set().union(*map(_names, variants))
    if name not in known:
        raise ConfigError(
            f"space.{key}",
            f"the pool has no such parameter{did_you_mean(name, known)} (it has: "
            f"{', '.join(sorted(known)) or 'none'})",
        )
    if isinstance(spec, Range):
        return Range(spec.low, spec.high, spec.log, spec.step, bool(spec.integer))
    if isinstance(spec, Choices):
        return spec
    for declared in map(_declared, variants):
        if name in declared:
            return declared[name]
    raise ConfigError(
        f"space.{key}", "declares no range; give one: [low, high] or [low, high, log]"
    )


def _setting(key: str, spec: Spec, variants: Sequence[Train]) -> Range | Choices:
    where = f"space.{key}"
    if isinstance(spec, Declared):
        raise ConfigError(
            where,
            "is not a parameter and declares no range; give one: [low, high] or [low, high, log]",
        )
    owner_field = next(filter(None, (_field(each, key) for each in variants)), None)
    if owner_field is None:
        raise ConfigError(where, "no such setting")
    owner, field = owner_field
    name = key.rpartition(".")[2]
    if not _names_a_run(owner, name) or key.split(".")[0] in Train.not_identity:
        raise ConfigError(where, "does not change what is computed, so it cannot be searched")
    if isinstance(spec, Range):
        spec = _typed(spec, field, where)
    _try(owner, name, field, key, spec.ends)
    return spec


def _names_a_run(owner: type[Settings], name: str) -> bool:
    """Whether a field is part of a run's identity."""
    if issubclass(owner, Train):
        return name not in owner.not_identity
    return issubclass(owner, Component) and name not in owner.paths


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
    kinds = {field.annotation, *get_args(field.annotation)}
    whole = bool(spec.integer) or (int in kinds and float not in kinds)
    if not kinds & {int, float}:
        raise ConfigError(where, "is not a number; give {choices: [...]}")
    if whole and not all(map(is_integer, (spec.low, spec.high, spec.step or 0))):
        raise ConfigError(
            where, f"takes whole numbers; low ({spec.low:g}), high ({spec.high:g}) or step is not"
        )
    if whole and spec.integer is False:
        raise ConfigError(where, "takes whole numbers, but its type says float")
    return Range(spec.low, spec.high, spec.log, spec.step, whole)


def _try(
    owner: type[Settings], name: str, field: FieldInfo, key: str, values: Iterable[Any]
) -> None:
    """Check both ends of a range, or every choice, alone; what does not fit together only a trial
    shows.
    """
    fields: dict[str, Any] = {name: (field.annotation, field)}
    alone: type[Settings] = create_model(owner.__name__, __base__=Settings, **fields)
    parent = key.rpartition(".")[0]
    for value in values:
        try:
            decode(alone, {name: value}, parent)
        except ConfigError as failure:
            raise ConfigError(f"space.{key}", failure.message) from None
