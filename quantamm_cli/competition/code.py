"""A digest of the code of a strategy that a Python caller passes: changed code is another
competition.
"""

import hashlib
import inspect
import sys
from collections.abc import Iterable, Iterator
from functools import cached_property, partial
from itertools import chain
from pathlib import Path
from types import CodeType, FunctionType, SimpleNamespace
from typing import Any, NamedTuple
from uuid import uuid4
from weakref import WeakKeyDictionary

from pydantic.fields import ModelPrivateAttr

from quantamm_cli.settings.compete import Entry
from quantamm_cli.settings.component import Component

_OURS = "quantamm_cli."
_digests: "WeakKeyDictionary[type, str]" = WeakKeyDictionary()
"""The last digest of each class."""
_DUNDERS = ("__annotations__", "__private_attributes__")
_OF_PYDANTIC = ("_abc_impl", "model_config", "model_fields", "model_computed_fields")
"""Attributes that the creation of a class adds."""


class Code(NamedTuple):
    """``sha256`` of a strategy's code; ``file``: the file with all of it, if there is one."""

    sha256: str
    file: str | None


def classes_of(component: Component) -> tuple[type[Component], ...]:
    """The class of a component and those of the components in it, such as a strategy's pool and its
    rule.
    """
    values = (getattr(component, name) for name in type(component).model_fields)
    inner = (classes_of(value) for value in values if isinstance(value, Component))
    return (type(component), *chain.from_iterable(inner))


def code_of_all(strategy: Component) -> Code | None:
    """The code of a strategy and of the components in it; None if all of it is this package's."""
    outer, *inner = classes_of(strategy)
    code = code_of(outer)
    digests = [part.sha256 for part in map(code_of, inner) if part is not None]
    if not digests:
        return code
    if code is not None:
        digests.insert(0, code.sha256)
    return Code(hashlib.sha256("".join(digests).encode()).hexdigest(), None)


def code_of(cls: type[Component]) -> Code | None:
    """The code of the class of a strategy or of a part of it; None of this package's classes.

    The code of a class at the top level of a file is the file, as for the command line. The code of
    any other class, such as one of a notebook, is all that it uses of its module.
    """
    if cls.__module__.startswith(_OURS):
        return None
    home = _file(cls.__module__)
    if home is not None and "<locals>" not in cls.__qualname__:
        return Code(hashlib.sha256(home.read_bytes()).hexdigest(), str(home))
    digest = hashlib.sha256()
    for part in _parts(cls, cls.__module__, set()):
        digest.update(f"{len(part)} {part}".encode())
    _forget_programs(cls, digest.hexdigest())
    return Code(digest.hexdigest(), None)


def _forget_programs(cls: type[Component], digest: str) -> None:
    """Compile programs again if the class's code has changed since they were compiled."""
    if _digests.setdefault(cls, digest) != digest:
        import jax

        jax.clear_caches()
        _digests[cls] = digest


def _parts(value: Any, home: str, visited: set[int]) -> Iterator[str]:
    """All that determines a value's behaviour, as text: for classes and functions of the module
    ``home`` their code and the globals that they use.

    A value of an unknown type may have changed unnoticed, so its text differs each time.
    """
    inner = _contents(value)
    if inspect.ismodule(value) or inspect.isbuiltin(value):
        yield value.__name__
    elif inner is not None:
        yield type(value).__name__
        for part in inner:
            yield from _parts(part, home, visited)
    elif inspect.isclass(value) or isinstance(value, FunctionType):
        yield f"{value.__module__}.{value.__qualname__}"
        if value.__module__ == home and id(value) not in visited:
            visited.add(id(value))
            if inspect.isclass(value):
                yield from _class_parts(value, home, visited)
            else:
                yield from _function_parts(value, home, visited)
    elif hasattr(value, "dtype") and hasattr(value, "tobytes"):
        yield f"{value.dtype} {value.shape} {value.tobytes().hex()}"
    elif (
        value is None or value is Ellipsis or isinstance(value, str | bytes | int | float | complex)
    ):
        yield repr(value)
    else:
        yield uuid4().hex


def _contents(value: Any) -> Iterable[Any] | None:
    """The values that a container or a wrapper consists of; None of any other value."""
    if isinstance(value, list | tuple):
        return value
    if isinstance(value, set | frozenset):
        return sorted(value, key=repr)
    if isinstance(value, dict):
        return chain.from_iterable(value.items())
    if isinstance(value, staticmethod | classmethod):
        return (value.__func__,)
    if isinstance(value, property):
        return (value.fget,)
    if isinstance(value, cached_property):
        return (value.func,)
    if isinstance(value, partial):
        return (value.func, value.args, value.keywords)
    if isinstance(value, SimpleNamespace):
        return (vars(value),)
    if isinstance(value, ModelPrivateAttr):
        return (value.default, value.default_factory)
    if (
        not inspect.isclass(value)
        and not isinstance(value, FunctionType)
        and hasattr(value, "__wrapped__")
    ):
        return (value.__wrapped__,)  # such as what jax.jit makes
    return None


def _class_parts(cls: type, home: str, visited: set[int]) -> Iterator[str]:
    for base in cls.__bases__:
        yield from _parts(base, home, visited)
    for name, member in sorted(vars(cls).items()):
        relevant = name in _DUNDERS or inspect.isfunction(member) or not name.startswith("__")
        if not relevant or name in _OF_PYDANTIC:
            continue
        yield name
        if name == "__annotations__":
            yield repr(member)
        else:
            yield from _parts(member, home, visited)


def _function_parts(function: FunctionType, home: str, visited: set[int]) -> Iterator[str]:
    yield from _parts((function.__defaults__, function.__kwdefaults__), home, visited)
    for name, value in inspect.getclosurevars(function).nonlocals.items():
        yield name
        yield from _parts(value, home, visited)
    for name in _code_parts(function.__code__):
        yield name
        if name in function.__globals__:
            yield from _parts(function.__globals__[name], home, visited)


def _code_parts(code: CodeType) -> Iterator[str]:
    """Instructions, constants and names of a function and of those inside it."""
    yield code.co_code.hex()
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _code_parts(constant)
        else:
            yield repr(constant)
    yield from code.co_names


def _file(module: str) -> Path | None:
    """The file of a module; None of a notebook's or an interpreter's."""
    home = getattr(sys.modules.get(module), "__file__", None)
    return Path(home) if home is not None and Path(home).is_file() else None


def files_of(entries: Iterable[Entry]) -> set[str]:
    """The file names of users' strategies in tracebacks: their files, and cells of notebooks."""
    names = set()
    for entry in entries:
        if entry.file is not None:
            names.add(str(Path(entry.file).resolve()))
        for part in classes_of(entry.strategy):
            names |= _function_files(part)
    return names


def _function_files(cls: type) -> set[str]:
    """The file names of the functions of a class and of its bases that are users' own."""
    names = set()
    for base in cls.__mro__:
        if not base.__module__.startswith((_OURS, "pydantic", "abc")):
            functions = (value for value in vars(base).values() if isinstance(value, FunctionType))
            names |= {function.__code__.co_filename for function in functions}
    return names
