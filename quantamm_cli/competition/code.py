"""What names the code of a strategy that Python code gives: a change of it is another competition."""

import hashlib
import inspect
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, NamedTuple

from quantamm_cli.competition.strategy import Strategy
from quantamm_cli.settings.compete import Entry

_OURS = "quantamm_cli."


class Code(NamedTuple):
    """``sha256`` of a strategy's code; ``file``: where all of it stands, if it is a file."""

    sha256: str
    file: str | None


def code_of(cls: type[Strategy]) -> Code | None:
    """The code of a strategy's class; of ours none.

    Of a class at the top of a file it is the file, as the command line takes it; of any other, such as one of a notebook or one
    that a function makes, all that it uses of its module.
    """
    if cls.__module__.startswith(_OURS):
        return None
    home = _file(cls.__module__)
    if home is not None and "<locals>" not in cls.__qualname__:
        return Code(hashlib.sha256(home.read_bytes()).hexdigest(), str(home))
    digest = hashlib.sha256()
    for part in _parts(cls, cls.__module__, set()):
        digest.update(f"{len(part)} {part}".encode())
    return Code(digest.hexdigest(), None)


def _parts(value: Any, home: str, met: set[int]) -> Iterator[str]:
    """What decides a value's behaviour, as text: of classes and functions of ``home`` their code and the globals that it names."""
    if inspect.isclass(value) or isinstance(value, FunctionType):
        if value.__module__ == home and id(value) not in met:
            met.add(id(value))
            yield value.__qualname__
            yield from _of_class(value, home, met) if inspect.isclass(value) else _of_function(value, home, met)
    elif isinstance(value, str | int | float | tuple | list | dict):
        yield repr(value)
    elif hasattr(value, "tolist"):
        yield repr(value.tolist())


def _of_class(cls: type, home: str, met: set[int]) -> Iterator[str]:
    for base in cls.__bases__:
        yield from _parts(base, home, met)
    for name, member in sorted(vars(cls).items()):
        if callable(member) or not name.startswith("__"):
            yield name
            yield from _parts(getattr(member, "__func__", getattr(member, "fget", member)), home, met)


def _of_function(function: FunctionType, home: str, met: set[int]) -> Iterator[str]:
    yield from map(repr, (function.__defaults__, function.__kwdefaults__))
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
    """Names under which tracebacks show the code of users' strategies: their files, and cells of notebooks."""
    files = {str(Path(entry.file).resolve()) for entry in entries if entry.file is not None}
    classes = [
        cls for entry in entries for cls in type(entry.strategy).__mro__ if not cls.__module__.startswith((_OURS, "pydantic", "abc"))
    ]
    functions = [member for cls in classes for member in vars(cls).values() if isinstance(member, FunctionType)]
    return files | {function.__code__.co_filename for function in functions}
