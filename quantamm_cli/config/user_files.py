"""Executes the user's Python files, once for each content, and attributes their errors to them."""

import hashlib
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType

from quantamm_cli.errors import ConfigError, QsimError

STRATEGIES = "strategies"
"""The setting that names most of them."""


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
        own, text = set(paths), str(failure)
        frames = traceback.extract_tb(failure.__traceback__)
        places = [(frame.filename, frame.lineno) for frame in frames if frame.filename in own]
        if isinstance(failure, SyntaxError):
            text = failure.msg
            if failure.filename in own:
                places.append((str(failure.filename), failure.lineno))
        if not places:
            raise
        path, line = places[-1]
        message = " ".join(text.split())[:300]
        raise ConfigError(
            STRATEGIES, f"{path} failed in line {line}: {type(failure).__name__}: {message}"
        ) from failure
