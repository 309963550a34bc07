"""Components as arguments of compiled programs.

A component's floating-point settings are leaves (traced: changing one never recompiles); everything
else (names, whole numbers, flags, ``None``) is static and part of the program.
"""

from abc import ABC
from typing import Any, TypeVar

import jax

from quantamm_cli.settings.component import Component, Settings


def _is_static(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(_is_static(item) for item in value)
    return value is None or isinstance(value, bool | int | str)


class TracedComponent(Component, ABC):
    """A component that compiled programs take as an argument. Every subclass is a JAX pytree."""

    @classmethod
    def __pydantic_init_subclass__(
        cls, group: str | None = None, kind: str | None = None, **kwargs: Any
    ) -> None:
        super().__pydantic_init_subclass__(group, kind, **kwargs)
        traced(cls)


S = TypeVar("S", bound=Settings)


def traced(cls: type[S]) -> type[S]:
    """Register frozen settings as a JAX pytree."""
    names = tuple(cls.model_fields)

    def flatten(item: S) -> tuple[list[Any], tuple[Any, ...]]:
        values = {name: getattr(item, name) for name in names}
        static = tuple((name, value) for name, value in values.items() if _is_static(value))
        leaves = {name: value for name, value in values.items() if not _is_static(value)}
        return [*leaves.values()], (tuple(leaves), static)

    def unflatten(shape: tuple[Any, ...], leaves: Any) -> Any:
        numbers, static = shape
        return cls.model_construct(**dict(static), **dict(zip(numbers, leaves, strict=True)))

    jax.tree_util.register_pytree_node(cls, flatten, unflatten)
    return cls
