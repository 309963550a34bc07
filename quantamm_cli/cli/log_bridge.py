"""Passes the log records of the layers below, which do not print, to the console."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from quantamm_cli.cli.console import Console


@contextmanager
def forward_logs(console: Console) -> Iterator[None]:
    """While it is open, the package's log records are notes and warnings of the console.

    Records of other libraries are left alone.
    """
    logger, handler = logging.getLogger("quantamm_cli"), _Notes(console)
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False  # in a sweep Hydra adds a handler to the root logger
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before[0])
        logger.propagate = before[1]


class _Notes(logging.Handler):
    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        warning = record.levelno >= logging.WARNING
        show = self._console.warn if warning else self._console.note
        show(record.getMessage())
