"""What the layers below log, said by the printer: they have none of their own."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from quantamm_cli.cli.console import Console


@contextmanager
def heard(console: Console) -> Iterator[None]:
    """Meanwhile our own layers' news are notes and their warnings are
    warnings; others' are left alone.
    """
    logger, handler = logging.getLogger("quantamm_cli"), _Notes(console)
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False  # a sweep gives the root logger a handler of Hydra's
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
        say = self._console.note if record.levelno < logging.WARNING else self._console.warn
        say(record.getMessage())
