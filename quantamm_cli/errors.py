"""Everything that may go wrong in a way we foresaw, and the exit code each becomes.

    QsimError
    ├── ConfigError    2   a setting, a flag or a file of settings
    │   └── ArgumentError  an argument of a function
    ├── DataError      3   prices and other market data
    ├── StoreError     4   checkpoints and the run store
    └── DivergedError  5   no finite candidate is left

A message is one line: where, what came, what was expected, what to do.
Exit code 1 is kept for defects of ours; 130 and 143 for Ctrl-C and SIGTERM.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar

Spelling = Callable[[str, object], str]
"""How a caller writes an argument of this name and, unless it is None, this value."""


def _in_python(name: str, value: object) -> str:
    return name if value is None else f"{name}={value!r}"


_spelling: Spelling = _in_python


def argument(name: str, value: object = None) -> str:
    """An argument as the caller writes it: ``fresh=True`` in Python,
    ``--fresh`` on the command line.
    """
    return _spelling(name, value)


@contextmanager
def spelling(of: Spelling) -> Iterator[None]:
    """While it is open, messages name arguments so: the command line opens it and names flags."""
    global _spelling
    before, _spelling = _spelling, of
    try:
        yield
    finally:
        _spelling = before


class QsimError(Exception):
    """A foreseen failure at a named place (a dotted setting, a file, a run)."""

    code: ClassVar[int] = 1

    def __init__(self, where: str, message: str) -> None:
        super().__init__(where, message)
        self.where = where
        self.message = message

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class ConfigError(QsimError):
    """A setting, a flag or a file of settings is wrong."""

    code = 2


class ArgumentError(ConfigError):
    """An argument of a function is wrong; ``where`` is its name as the caller writes it."""

    def __init__(self, where: str, message: str) -> None:
        super().__init__(argument(where), message)


class DataError(QsimError):
    """Market data is missing, damaged or does not cover what is asked."""

    code = 3


class StoreError(QsimError):
    """A checkpoint or the run store cannot be read or written."""

    code = 4


class DivergedError(QsimError):
    """No parameter set with finite numbers is left."""

    code = 5


class Interrupted(BaseException):
    """A signal asked us to stop; what was done is saved. ``code`` is 128 + signal.

    An event, not an error: libraries that catch every exception to say it in
    their own words let it pass.
    """

    def __init__(self, signal: int, message: str) -> None:
        super().__init__(message)
        self.code = 128 + signal
