"""What a program is compiled for, as text that is the same in every process."""

import dataclasses
from types import FunctionType
from typing import Any

from jax.tree_util import PyTreeDef

from quantamm_cli.settings.component import Component

_KNOWN = ("quantamm_cli", "optax", "jax", "numpy", "builtins")
_PLAIN = (type(None), bool, int, float, str, bytes)


class UnspellableError(Exception):
    """A value whose text would not tell it from others: an object without fields, or of others."""


def own(module: str) -> bool:
    """Whether a module is of this package."""
    return module.partition(".")[0] == "quantamm_cli"


def spelled(value: Any) -> str:
    """The text of a static argument or of a tree of arguments.

    Raises:
        UnspellableError: a part of it has no text of its own.
    """
    if isinstance(value, _PLAIN):
        return repr(value)
    if isinstance(value, PyTreeDef):
        node = value.node_data()
        if node is None:
            return "*"
        return f"{spelled(node)}[{_all(value.children())}]"
    if isinstance(value, type | FunctionType):
        return _named(value)
    name = _named(type(value))
    if isinstance(value, list | tuple):
        return f"{name}({_all(value)})"
    if isinstance(value, set | frozenset):
        return f"{name}({','.join(sorted(map(spelled, value)))})"
    if isinstance(value, dict):
        return f"{name}({_all(value.items())})"
    if dataclasses.is_dataclass(value):
        return f"{name}({_all(getattr(value, each.name) for each in dataclasses.fields(value))})"
    if isinstance(value, Component):
        return f"{name}({_all(getattr(value, each) for each in type(value).model_fields)})"
    raise UnspellableError(name)


def _all(values: Any) -> str:
    return ",".join(map(spelled, values))


def _named(value: Any) -> str:
    """The name of a class or function, from which a process finds it."""
    name = f"{value.__module__}.{value.__qualname__}"
    if value.__module__.partition(".")[0] not in _KNOWN or "<" in name:
        raise UnspellableError(name)
    return name
