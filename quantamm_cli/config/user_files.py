"""Executes the user's Python files, once for each content, and attributes their errors to them."""

import hashlib
import sys
import traceback
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType

from quantamm_cli.errors import ConfigError, QsimError

STRATEGIES = "strategies"
"""The setting that names most of them."""
PLUGIN = "plugin"
"""The purpose of the files that the setting ``plugins`` names."""


@cache
def module_of(path: Path, data: bytes, purpose: str) -> ModuleType:
    """The module of a file with this content. It may raise anything.

    It is executed once, as compiled programs depend on the identity of its classes.
    """
    name = str(path.resolve())
    module = ModuleType(f"qsim_{purpose}_{path.stem}_{hashlib.sha256(data).hexdigest()[:12]}")
    module.__file__ = name
    sys.modules[module.__name__] = module  # annotations of its classes are resolved there
    exec(compile(data, name, "exec"), vars(module))
    return module


@contextmanager
def reporting_user_errors(paths: Iterable[str]) -> Iterator[None]:
    """Turns an exception raised by code of these files into a ConfigError with file and line."""
    try:
        yield
    except QsimError:
        raise
    except (Exception, SystemExit) as failure:
        message = failed(failure, set(paths))
        if message is None:
            raise
        raise ConfigError(STRATEGIES, message) from failure


def plugin_failure(failure: BaseException) -> str | None:
    """What failed, with file and line, if code of a file that ``plugins`` names raised it."""
    modules = list(sys.modules.items())
    files = {module.__file__ for name, module in modules if name.startswith(f"qsim_{PLUGIN}_")}
    return failed(failure, {file for file in files if file})


def failed(failure: BaseException, files: Container[str]) -> str | None:
    """File, line and message of a failure whose traceback passes through one of these files."""
    frames = traceback.extract_tb(failure.__traceback__)
    places = [(frame.filename, frame.lineno) for frame in frames if frame.filename in files]
    text = str(failure)
    if isinstance(failure, SyntaxError):
        text = failure.msg
        if failure.filename in files:
            places.append((str(failure.filename), failure.lineno))
    if not places:
        return None
    path, line = places[-1]
    message = " ".join(text.split())[:300]
    return f"{path} failed in line {line}: {type(failure).__name__}: {message}"
