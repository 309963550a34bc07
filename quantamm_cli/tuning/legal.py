"""Whether a space fits the settings it searches, found out before the first trial."""

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
from quantamm_cli.tuning.space import Choices, Declared, Range, Spec

_SPLIT = ("split.validation_fraction", "split.embargo_days", "split.cycles", "split.cycle_days")
SCORED = ("tokens", "start", "end", "test_end", "data", *_SPLIT)
"""Settings that change what a trial is scored on."""


def settled(
    space: Mapping[str, Spec], groups: Iterable[str], variants: Sequence[Train]
) -> dict[str, Range | Choices]:
    """The space with every range typed and every declared one looked up;
    ``variants`` show the settings there may be.

    Raises:
        ConfigError: for a range or choice that no trial could use, or that would not change a run.
    """
    whole: dict[str, Range | Choices] = {}
    for key, spec in space.items():
        if key in groups:
            if not isinstance(spec, Choices):
                raise ConfigError(
                    f"space.{key}",
                    "is a group of settings; give the names to choose from: {choices: [...]}",
                )
            whole[key] = spec
        elif key == "params" and isinstance(spec, Declared):
            declared = {
                f"params.{name}": found
                for each in variants
                for name, found in _declared(each).items()
            }
            whole |= {name: found for name, found in declared.items() if name not in space}
        elif key.startswith("params."):
            whole[key] = _parameter(key, spec, variants)
        else:
            whole[key] = _setting(key, spec, variants)
    return whole


def has(settings: Train, key: str) -> bool:
    """Whether these settings have the one that is searched: another rule
    may have other parameters.
    """
    if key.startswith("params."):
        return key[7:] in _names(settings)
    return _field(settings, key) is not None


def defaults(settings: Train) -> dict[str, float]:
    """Where parameters begin that nobody gave, by dotted name."""
    return {
        f"params.{spec.readable}": spec.default
        for spec in _specs(settings)
        if isinstance(spec.default, float) and spec.name not in settings.params
    }


def moves_the_score(keys: Iterable[str]) -> list[str]:
    """The searched settings under which trials are scored on different data."""
    return [
        key for key in keys if any(key == place or key.startswith(f"{place}.") for place in SCORED)
    ]


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
    known = {other for each in variants for other in _names(each)}
    if name not in known:
        raise ConfigError(
            f"space.{key}",
            f"the pool has no such parameter{did_you_mean(name, known)} (it has: "
            f"{', '.join(sorted(known)) or 'none'})",
        )
    if not isinstance(spec, Declared):
        return (
            Range(spec.low, spec.high, spec.log, spec.step, bool(spec.whole))
            if isinstance(spec, Range)
            else spec
        )
    found = next((ranges[name] for ranges in map(_declared, variants) if name in ranges), None)
    if found is None:
        raise ConfigError(
            f"space.{key}", "declares no range; give one: [low, high], and log if need be"
        )
    return found


def _setting(key: str, spec: Spec, variants: Sequence[Train]) -> Range | Choices:
    where = f"space.{key}"
    if isinstance(spec, Declared):
        raise ConfigError(
            where,
            "is not a parameter and declares no range; give one: [low, high], and log if need be",
        )
    owner_field = next(
        (found for found in (_field(each, key) for each in variants) if found is not None), None
    )
    if owner_field is None:
        raise ConfigError(where, "no such setting")
    owner, field = owner_field
    name = key.rpartition(".")[2]
    left_out = (
        owner.not_identity
        if issubclass(owner, Train)
        else owner.paths
        if issubclass(owner, Component)
        else {name}
    )
    if name in left_out or key.split(".")[0] in Train.not_identity:
        raise ConfigError(where, "does not change what is computed, so there is nothing to search")
    if isinstance(spec, Range):
        spec = _typed(spec, field, where)
    _try(owner, name, field, key, spec.ends)
    return spec


def _field(settings: Train, key: str) -> tuple[type[Settings], FieldInfo] | None:
    """The class that has a dotted setting, and its field."""
    *path, last = key.split(".")
    node: Any = settings
    for part in path:
        node = (
            getattr(node, part, None)
            if isinstance(node, Settings) and part in type(node).model_fields
            else None
        )
    if not isinstance(node, Settings) or last not in type(node).model_fields:
        return None
    return type(node), type(node).model_fields[last]


def _typed(spec: Range, field: FieldInfo, where: str) -> Range:
    """A range of whole numbers for a setting that is one."""
    kinds = {field.annotation, *get_args(field.annotation)}
    whole = bool(spec.whole) or (int in kinds and float not in kinds)
    if not kinds & {int, float}:
        raise ConfigError(where, "is not a number; give {choices: [...]}")
    if whole and any(
        value is not None and value != int(value) for value in (spec.low, spec.high, spec.step)
    ):
        raise ConfigError(
            where, f"takes whole numbers; low ({spec.low:g}), high ({spec.high:g}) or step is not"
        )
    if whole and spec.whole is False:
        raise ConfigError(where, "takes whole numbers; its type is int")
    return Range(spec.low, spec.high, spec.log, spec.step, whole)


def _try(
    owner: type[Settings], name: str, field: FieldInfo, key: str, values: Iterable[Any]
) -> None:
    """The ends of a range and every choice by themselves; what settings refuse
    together only a trial can tell.
    """
    fields: dict[str, Any] = {name: (field.annotation, field)}
    alone: type[Settings] = create_model(owner.__name__, __base__=Settings, **fields)
    parent = key.rpartition(".")[0]
    for value in values:
        try:
            decode(alone, {name: value}, parent)
        except ConfigError as failure:
            raise ConfigError(f"space.{key}", failure.message) from None
