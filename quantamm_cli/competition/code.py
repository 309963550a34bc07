"""What names the code of a strategy that Python code gives: a change of
it is another competition.
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
_met: "WeakKeyDictionary[type, str]" = WeakKeyDictionary()
_DUNDERS = ("__annotations__", "__private_attributes__")
_OF_PYDANTIC = ("_abc_impl", "model_config", "model_fields", "model_computed_fields")
"""What the making of a class adds to it."""


class Code(NamedTuple):
    """``sha256`` of a strategy's code; ``file``: where all of it stands, if it is a file."""

    sha256: str
    file: str | None


def classes_of(component: Component) -> tuple[type[Component], ...]:
    """Its class, and those of the components within: of a strategy's pool, its rule."""
    values = (getattr(component, name) for name in type(component).model_fields)
    within = (classes_of(value) for value in values if isinstance(value, Component))
    return (type(component), *chain.from_iterable(within))


def code_of_all(strategy: Component) -> Code | None:
    """The code of a strategy and of the components within; of ours none."""
    own, *inner = classes_of(strategy)
    code = code_of(own)
    within = [part.sha256 for part in map(code_of, inner) if part is not None]
    if not within:
        return code
    parts = within if code is None else [code.sha256, *within]
    return Code(hashlib.sha256("".join(parts).encode()).hexdigest(), None)


def code_of(cls: type[Component]) -> Code | None:
    """The code of a class of a strategy or a part of it; of ours none.

    Of a class at the top of a file it is the file, as the command line takes it; of any other, such
    as one of a notebook or one that a function makes, all that it uses of its module.
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
    """Programs are compiled of a class as it was; where what its code uses has changed
    since, they are compiled again.
    """
    if _met.setdefault(cls, digest) != digest:
        import jax

        jax.clear_caches()
        _met[cls] = digest


def _parts(value: Any, home: str, met: set[int]) -> Iterator[str]:
    """What decides a value's behaviour, as text: of classes and functions of ``home`` their code
    and the globals that they name.

    Of a value that is not understood nobody can say whether it has changed:
    it makes the code another each time.
    """
    inner = _inside(value)
    if inspect.ismodule(value) or inspect.isbuiltin(value):
        yield value.__name__
    elif inner is not None:
        yield type(value).__name__
        for part in inner:
            yield from _parts(part, home, met)
    elif inspect.isclass(value) or isinstance(value, FunctionType):
        yield f"{value.__module__}.{value.__qualname__}"
        if value.__module__ == home and id(value) not in met:
            met.add(id(value))
            yield from (
                _of_class(value, home, met)
                if inspect.isclass(value)
                else _of_function(value, home, met)
            )
    elif hasattr(value, "dtype") and hasattr(value, "tobytes"):
        yield f"{value.dtype} {value.shape} {value.tobytes().hex()}"
    elif (
        value is None or value is Ellipsis or isinstance(value, str | bytes | int | float | complex)
    ):
        yield repr(value)
    else:
        yield uuid4().hex


def _inside(value: Any) -> Iterable[Any] | None:
    """What a value is made of, if that says all of it."""
    if isinstance(value, list | tuple):
        return value
    if isinstance(value, set | frozenset):
        return sorted(value, key=repr)
    if isinstance(value, dict):
        return (part for item in value.items() for part in item)
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


def _of_class(cls: type, home: str, met: set[int]) -> Iterator[str]:
    for base in cls.__bases__:
        yield from _parts(base, home, met)
    for name, member in sorted(vars(cls).items()):
        own = name in _DUNDERS or inspect.isfunction(member) or not name.startswith("__")
        if own and name not in _OF_PYDANTIC:
            yield name
            yield from (repr(member),) if name == "__annotations__" else _parts(member, home, met)


def _of_function(function: FunctionType, home: str, met: set[int]) -> Iterator[str]:
    yield from _parts((function.__defaults__, function.__kwdefaults__), home, met)
    for name, value in inspect.getclosurevars(function).nonlocals.items():
        yield name
        yield from _parts(value, home, met)
    for name in _code(function.__code__):
        yield name
        if name in function.__globals__:
            yield from _parts(function.__globals__[name], home, met)


def _code(code: CodeType) -> Iterator[str]:
    """Instructions, constants and names of a function and of those inside it."""
    yield code.co_code.hex()
    for constant in code.co_consts:
        yield from _code(constant) if isinstance(constant, CodeType) else (repr(constant),)
    yield from code.co_names


def _file(module: str) -> Path | None:
    """The file of a module; a notebook and an interpreter have none."""
    home = getattr(sys.modules.get(module), "__file__", None)
    return None if home is None or not Path(home).is_file() else Path(home)


def files_of(entries: Iterable[Entry]) -> set[str]:
    """Names under which tracebacks show the code of users' strategies:
    their files, and cells of notebooks.
    """
    files = {str(Path(entry.file).resolve()) for entry in entries if entry.file is not None}
    classes = [
        cls
        for entry in entries
        for part in classes_of(entry.strategy)
        for cls in part.__mro__
        if not cls.__module__.startswith((_OURS, "pydantic", "abc"))
    ]
    functions = [
        member
        for cls in classes
        for member in vars(cls).values()
        if isinstance(member, FunctionType)
    ]
    return files | {function.__code__.co_filename for function in functions}
