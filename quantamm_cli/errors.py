"""The expected errors, and the exit code of each.

    QsimError
    ├── ConfigError    2   a setting, a flag or a file of settings
    │   └── ArgumentError  an argument of a function
    ├── DataError      3   prices and other market data
    ├── StoreError     4   checkpoints and the run store
    └── DivergedError  5   no parameter set is finite, or a pool is not

A message is one line: where, what came, what was expected, what to do.
Exit code 1 is that of defects of qsim; 130 and 143 are those of Ctrl-C and SIGTERM.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar

Spelling = Callable[[str, object], str]
"""Writes an argument of this name and, unless it is None, this value as the caller does."""


def _in_python(name: str, value: object) -> str:
    return name if value is None else f"{name}={value!r}"


_spelling: Spelling = _in_python


def argument(name: str, value: object = None) -> str:
    """An argument as the caller writes it: ``fresh=True`` in Python, ``--fresh`` on the command
    line.
    """
    return _spelling(name, value)


@contextmanager
def spelling(of: Spelling) -> Iterator[None]:
    """Sets how messages name arguments while it is open; the command line names flags with it."""
    global _spelling
    before, _spelling = _spelling, of
    try:
        yield
    finally:
        _spelling = before


class QsimError(Exception):
    """An expected failure at a named place (a dotted setting, a file, a run)."""

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
    """Market data is missing, damaged or does not cover the period."""

    code = 3


class StoreError(QsimError):
    """A checkpoint or the run store cannot be read or written."""

    code = 4


class DivergedError(QsimError):
    """Every parameter set, or the pool that was simulated, has numbers that are not finite."""

    code = 5


class Interrupted(BaseException):
    """A signal stopped the program; finished work is saved. ``code`` is 128 + signal.

    A BaseException, so that libraries that catch every Exception let it pass.
    """

    def __init__(self, signal: int, message: str) -> None:
        super().__init__(message)
        self.code = 128 + signal
