"""Validates a plain tree of YAML values as frozen settings, with errors of one line."""

from collections.abc import Mapping
from inspect import isclass
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.component import Component, Settings, component
from quantamm_cli.settings.suggestions import did_you_mean

S = TypeVar("S", bound=BaseModel)

_EXPECTED = {
    "float_type": "a number",
    "finite_number": "a finite number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "string_type": "text",
    "tuple_type": "a list",
    "dict_type": "a group of settings",
    "model_type": "a group of settings",
    "numbers_type": "a number, or a list of numbers",
}


def decode(cls: type[S], tree: Mapping[str, object], where: str = "") -> S:
    """Validate a tree; nodes with a ``kind`` become the component registered under their place.

    Raises:
        ConfigError: one line for the first thing wrong, at its dotted place.
    """
    values: dict[str, Any] = {}
    for key, value in tree.items():
        if key == "kind" and issubclass(cls, Component):
            continue
        values[key] = _value(value, f"{where}.{key}".removeprefix("."), _annotation(cls, key))
    try:
        return cls(**values)
    except ValidationError as failure:
        raise _explain(failure.errors()[0], cls, where) from None


def _annotation(cls: type[BaseModel], key: str) -> Any:
    """The type of a field; None if there is no such field."""
    field = cls.model_fields.get(key)
    return None if field is None else field.annotation


def _value(value: Any, where: str, annotation: Any = None) -> Any:
    """A value of the tree with its components; the annotation of its field has their group."""
    if isinstance(value, list | tuple):
        return tuple(_value(item, where) for item in value)
    if not isinstance(value, dict):
        return value
    if get_origin(annotation) is dict:
        inner = get_args(annotation)[1]
        if isclass(inner) and issubclass(inner, Settings):
            return {key: decode(inner, item, f"{where}.{key}") for key, item in value.items()}
    if "kind" not in value or where == "params":
        return {key: _value(item, f"{where}.{key}") for key, item in value.items()}
    if not isinstance(value["kind"], str):
        raise ConfigError(f"{where}.kind", f"{value['kind']!r} is not a name")
    group = getattr(annotation, "group", where.replace(".", "/"))
    return decode(component(group, value["kind"]), value, where)


def _as_list(value: Any) -> Any:
    return list(map(_as_list, value)) if isinstance(value, tuple) else value


def _field(loc: tuple[int | str, ...], cls: Any) -> tuple[list[str], FieldInfo | None]:
    """The keys of an error's place, and the field they end at.

    The members of a union, which pydantic appends to the place, are left out.
    """
    keys: list[str] = []
    field, place = None, cls
    for part in loc:
        if not isinstance(part, str):
            continue
        if isclass(place) and issubclass(place, BaseModel):
            field, place = place.model_fields.get(part), _annotation(place, part)
        elif get_origin(place) is dict:
            place = get_args(place)[1]
        else:
            break
        keys.append(part)
    return keys, field


_BOUNDS = {
    "less_than": ("lt", "is not below"),
    "less_than_equal": ("le", "is above"),
    "greater_than": ("gt", "is not above"),
    "greater_than_equal": ("ge", "is below"),
}


def _explain(error: ErrorDetails, cls: type[BaseModel], where: str) -> ConfigError:
    """Pydantic's error as one line of ours."""
    keys, field = _field(error["loc"], cls)
    kind, value, context = error["type"], _as_list(error["input"]), error.get("ctx", {})
    if keys[:1] == ["params"] and kind != "value_error":
        kind = "numbers_type"
    text = f"'{value}'" if isinstance(value, str) else str(value)
    meaning = ""
    if field is not None and field.description:
        meaning = f" ({field.description})"
    if kind == "value_error":
        message = str(context["error"])
    elif kind == "extra_forbidden":
        owner = f" of {cls.kind}" if issubclass(cls, Component) else ""
        message = f"no such setting{owner}{did_you_mean(''.join(keys[-1:]), cls.model_fields)}"
    elif kind == "missing":
        message = f"is not given{meaning}"
    elif kind in _BOUNDS:
        bound, relation = _BOUNDS[kind]
        message = f"{text} {relation} {context[bound]:g}{meaning}"
    elif kind == "literal_error":
        known = context["expected"].replace(" or ", ", ").replace("'", "").split(", ")
        near = did_you_mean(str(value), known)
        message = f"{text} is not one of {context['expected']}".replace("'", "") + near + meaning
    else:
        expected = _EXPECTED.get(kind) or f"right: {error['msg']}"
        message = f"{text} is not {expected}{meaning}"
    return ConfigError(".".join([where, *keys]).strip("."), message)
