"""What names the code of a strategy that Python code gives: a change of it is another competition."""

import hashlib
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, NamedTuple

from quantamm_cli.competition.strategy import Strategy

_OURS = "quantamm_cli."


class Code(NamedTuple):
    """``sha256`` of a strategy's code; ``file``: where all of it stands, if it is a file."""

    sha256: str
    file: str | None


def code_of(cls: type[Strategy]) -> Code | None:
    """The code of a strategy's class: its file, as the command line takes it, or, in a notebook, all it calls there; of ours none."""
    if cls.__module__.startswith(_OURS):
        return None
    home = getattr(sys.modules.get(cls.__module__), "__file__", None)
    if home is not None and Path(home).is_file():
        return Code(hashlib.sha256(Path(home).read_bytes()).hexdigest(), home)
    digest = hashlib.sha256()
    for part in _parts(cls, set()):
        digest.update(part.encode())
    return Code(digest.hexdigest(), None)


def _parts(value: Any, met: set[int]) -> Iterator[str]:
    """What decides a value's behaviour, as text: of classes and functions their code and the globals of the notebook they name."""
    if id(value) in met:
        return
    met.add(id(value))
    module = getattr(value, "__module__", "") or ""
    if inspect.isclass(value) and not module.startswith(_OURS) and _is_unsaved(module):
        yield value.__qualname__
        for base in value.__bases__:
            yield from _parts(base, met)
        members = [member for name, member in sorted(vars(value).items()) if callable(member) or not name.startswith("__")]
        for member in members:
            yield from _parts(getattr(member, "__func__", getattr(member, "fget", member)), met)
    elif isinstance(value, FunctionType) and _is_unsaved(module):
        yield value.__qualname__
        yield from map(repr, (value.__defaults__, value.__kwdefaults__))
        for cell in value.__closure__ or ():
            yield from _parts(cell.cell_contents, met)
        for name in _code(value.__code__):
            yield name
            if name in value.__globals__:
                yield from _parts(value.__globals__[name], met)
    elif isinstance(value, str | int | float | tuple | list | dict):
        yield repr(value)
    elif hasattr(value, "tolist"):
        yield repr(value.tolist())


def _code(code: CodeType) -> Iterator[str]:
    """Instructions, constants and names of a function and of those inside it."""
    yield code.co_code.hex()
    for constant in code.co_consts:
        yield from _code(constant) if isinstance(constant, CodeType) else (repr(constant),)
    yield from code.co_names


def _is_unsaved(module: str) -> bool:
    """Whether a module is no file: a notebook, an interpreter."""
    home = getattr(sys.modules.get(module), "__file__", None)
    return home is None or not Path(home).is_file()
