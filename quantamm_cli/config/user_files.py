"""Python files of the user's: named, executed once for each content,
and blamed for what they raise.
"""

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
"""The setting that most of them are named by."""


@cache
def module_of(path: Path, data: bytes, purpose: str) -> ModuleType:
    """A file of this content as a module, executed once, as its classes are static to compiled
    programs. It may raise anything.
    """
    name = str(path.resolve())
    module = ModuleType(f"qsim_{purpose}_{path.stem}_{hashlib.sha256(data).hexdigest()[:12]}")
    module.__file__ = name
    sys.modules[module.__name__] = module  # where its classes look for what their annotations name
    exec(compile(data, name, "exec"), vars(module))
    return module


@contextmanager
def blamed(paths: Iterable[str]) -> Iterator[None]:
    """Whatever code of these files raises becomes one line about the file. Raises ConfigError."""
    try:
        yield
    except QsimError:
        raise
    except (Exception, SystemExit) as failure:
        names = set(paths)
        lines = [
            (frame.filename, frame.lineno)
            for frame in traceback.extract_tb(failure.__traceback__)
            if frame.filename in names
        ]
        if isinstance(failure, SyntaxError) and failure.filename in names:
            lines.append((failure.filename, failure.lineno))
        if not lines:
            raise
        told = " ".join(str(failure.msg if isinstance(failure, SyntaxError) else failure).split())[
            :300
        ]
        raise ConfigError(
            STRATEGIES,
            f"{lines[-1][0]} failed in line {lines[-1][1]}: {type(failure).__name__}: {told}",
        ) from failure
