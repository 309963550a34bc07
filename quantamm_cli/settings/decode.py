"""From a plain tree of YAML values to frozen settings, with errors a person can act on."""

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
    """Validate a tree; nodes that name a ``kind`` become the component
    registered under their place.

    Raises:
        ConfigError: one line for the first thing wrong, at its dotted place.
    """
    values = {
        key: _value(value, f"{where}.{key}" if where else key, _wanted(cls, key))
        for key, value in tree.items()
        if not (key == "kind" and issubclass(cls, Component))
    }
    try:
        return cls(**values)
    except ValidationError as failure:
        raise _explain(failure.errors()[0], cls, where) from None


def _wanted(cls: type[BaseModel], key: str) -> Any:
    """The type of a field, which for a component inside another says its group;
    that of the values where it is a mapping.
    """
    field = cls.model_fields.get(key)
    return None if field is None else field.annotation


def _value(value: Any, where: str, wanted: Any = None) -> Any:
    if isinstance(value, dict):
        if (
            get_origin(wanted) is dict
            and isclass(of := get_args(wanted)[1])
            and issubclass(of, Settings)
        ):
            return {key: decode(of, item, f"{where}.{key}") for key, item in value.items()}
        if "kind" in value and where != "params":
            if not isinstance(value["kind"], str):
                raise ConfigError(f"{where}.kind", f"{value['kind']!r} is not a name")
            group = getattr(wanted, "group", where.replace(".", "/"))
            return decode(component(group, value["kind"]), value, where)
        return {key: _value(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_value(item, where) for item in value)
    return value


def _listed(value: Any) -> Any:
    return [_listed(item) for item in value] if isinstance(value, tuple) else value


def _named(loc: tuple[int | str, ...], cls: Any) -> tuple[list[str], FieldInfo | None]:
    """The keys of an error's place, and the field they end at; members of a union, which stand
    below it, mean nothing to a person.
    """
    keys: list[str] = []
    field, place = None, cls
    for part in (part for part in loc if isinstance(part, str)):
        if isclass(place) and issubclass(place, BaseModel):
            field = place.model_fields.get(part)
            place = None if field is None else field.annotation
        elif get_origin(place) is dict:
            place = get_args(place)[1]
        else:
            break
        keys.append(part)
    return keys, field


def _explain(error: ErrorDetails, cls: type[BaseModel], where: str) -> ConfigError:
    """The library's error, said in our words."""
    keys, field = _named(error["loc"], cls)
    if keys[:1] == ["params"] and error["type"] != "value_error":
        error = {**error, "type": "numbers_type", "input": _listed(error["input"])}
    place = ".".join([where, *keys]).strip(".")
    name = keys[-1] if keys else ""
    came, context = _listed(error["input"]), error.get("ctx", {})
    said = f"'{came}'" if isinstance(came, str) else str(came)
    meaning = f" ({field.description})" if field is not None and field.description else ""
    owner = f" of {cls.kind}" if issubclass(cls, Component) else ""
    match error["type"]:
        case "extra_forbidden":
            return ConfigError(
                place, f"no such setting{owner}{did_you_mean(name, cls.model_fields)}"
            )
        case "missing":
            return ConfigError(place, f"is not given{meaning}")
        case "less_than":
            return ConfigError(place, f"{said} is not below {context['lt']:g}{meaning}")
        case "less_than_equal":
            return ConfigError(place, f"{said} is above {context['le']:g}{meaning}")
        case "greater_than":
            return ConfigError(place, f"{said} is not above {context['gt']:g}{meaning}")
        case "greater_than_equal":
            return ConfigError(place, f"{said} is below {context['ge']:g}{meaning}")
        case "literal_error":
            return ConfigError(
                place, f"{said} is not one of {context['expected']}".replace("'", "") + meaning
            )
        case "value_error":
            return ConfigError(place, str(context["error"]))
        case kind:
            expected = _EXPECTED.get(kind) or f"right: {error['msg']}"
            return ConfigError(place, f"{said} is not {expected}{meaning}")
