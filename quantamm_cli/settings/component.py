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
    """Frozen, strictly typed values; unknown fields are refused.

    ``meaning`` rises by one when the computation or a default of the class changes
    (``settings/history.py``); above 1 it is part of every identity.
    """

    meaning: ClassVar[int] = 1

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, arbitrary_types_allowed=True
    )


class Component(Settings):
    """Settings that are also the object they describe: a pool, a rule, a guard, a data source, a
    fitter.

    A base class sets ``group``; a final class sets ``kind``. ``check`` validates the settings
    against the tokens of the run.
    """

    group: ClassVar[str]
    kind: ClassVar[str]
    paths: ClassVar[frozenset[str]] = frozenset()
    """Fields that are places of files or folders: they are no part of a fingerprint."""

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
        """Raise ConfigError if these settings do not fit the tokens; ``where`` is the dotted place
        of the component.
        """

    @classmethod
    def typed(cls, component: "Component") -> Self:
        """The component, typed as this class.

        Raises:
            TypeError: it is of another class, which is a defect of the program.
        """
        if not isinstance(component, cls):
            raise TypeError(f"{component.group}={component.kind} where {cls.__name__} was expected")
        return component

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed, not validated again."""
        return self.model_copy(update=changes)


def enrol(package: str, path: Iterable[str]) -> None:
    """Import every module of a package: a component is registered if its file is in the folder."""
    for module in pkgutil.iter_modules(path):
        importlib.import_module(f"{package}.{module.name}")


def component(group: str, kind: str) -> type[Component]:
    """The class registered under a group and kind.

    Raises:
        ConfigError: no such kind; the message lists those of the group.
    """
    kinds = REGISTER.get(group, {})
    if kind not in kinds:
        names = ", ".join(sorted(kinds))
        raise ConfigError(
            group.replace("/", "."),
            f"no {group} is called '{kind}'{did_you_mean(kind, kinds)} (there are: {names})",
        )
    return kinds[kind]
