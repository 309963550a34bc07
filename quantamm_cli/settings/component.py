"""Frozen settings, and the register of components that YAML names.

A component is a class of frozen settings under a *group* (``pool/rule``) and a *kind*
(``momentum``), the folder and the name of its YAML. Defining the class registers it; nothing else
has to be edited.
"""

import importlib
import pkgutil
from collections.abc import Iterable
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.suggestions import did_you_mean

REGISTER: dict[str, dict[str, type["Component"]]] = {}


class Settings(BaseModel):
    """Frozen, closed, strictly typed values.

    ``meaning`` rises by one where what the class computes, or a default of it, becomes another
    (``settings/history.py``); above 1 it is part of every identity.
    """

    meaning: ClassVar[int] = 1

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, arbitrary_types_allowed=True
    )


class Component(Settings):
    """Settings that are also the thing they describe: a pool, a rule,
    a guard, a data source, a fitter.

    A base class of a kind of component gives ``group``; a final class gives ``kind``. ``check`` may
    refuse settings that only make sense together with the tokens of the run.
    """

    group: ClassVar[str]
    kind: ClassVar[str]
    paths: ClassVar[frozenset[str]] = frozenset()
    """Fields that say where something is, not what it is: they do not name a run."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__()  # the class's own arguments end here

    @classmethod
    def __pydantic_init_subclass__(
        cls, group: str | None = None, kind: str | None = None, **kwargs: Any
    ) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if group is not None:
            cls.group = group
            REGISTER.setdefault(group, {})
        if kind is not None:
            cls.kind = kind
            REGISTER[cls.group][kind] = cls

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        """Raise ConfigError if these settings cannot serve these tokens;
        ``where`` is the dotted place of the component.
        """

    @classmethod
    def typed(cls, component: "Component") -> Self:
        """What settings declare as any component, as one of this kind;
        it is one wherever settings were read.

        Raises:
            TypeError: a defect of the program.
        """
        if not isinstance(component, cls):
            raise TypeError(f"{component.group}={component.kind} where {cls.__name__} was expected")
        return component

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed, not validated again."""
        return self.model_copy(update=changes)


def enrol(package: str, path: Iterable[str]) -> None:
    """Import every module of a package, so that a component is
    registered by its file being there.
    """
    for module in pkgutil.iter_modules(path):
        importlib.import_module(f"{package}.{module.name}")


def component(group: str, kind: str) -> type[Component]:
    """The class registered under a group and kind.

    Raises:
        ConfigError: no such kind; the message lists the ones there are.
    """
    kinds = REGISTER.get(group, {})
    if kind not in kinds:
        there = ", ".join(sorted(kinds))
        raise ConfigError(
            group.replace("/", "."),
            f"no {group} is called '{kind}'{did_you_mean(kind, kinds)} (there are: {there})",
        )
    return kinds[kind]
