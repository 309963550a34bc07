"""A state that changes, on stderr: nothing, a line every few seconds, or a table in its place."""

import sys
import time
from typing import Any

from quantamm_cli.reporting.table import Table

_SECONDS = 10.0


class Live:
    """Shows nothing."""

    def update(self, table: Table, line: str) -> None:
        """Show the present state."""

    def close(self) -> None:
        """End the display."""


class LineLive(Live):
    """Prints the line at most every ten seconds."""

    def __init__(self, description: str) -> None:
        self._description, self._last = description, time.monotonic()

    def update(self, table: Table, line: str) -> None:
        now = time.monotonic()
        if now - self._last >= _SECONDS:
            self._last = now
            print(f"{self._description}: {line}", file=sys.stderr, flush=True)


class RichLive(Live):
    """Draws the table anew in its place, below what is printed meanwhile."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live as Drawn

        self._drawn = Drawn(console=Console(file=sys.stderr), transient=True, redirect_stdout=False)
        self._drawn.start()

    def update(self, table: Table, line: str) -> None:
        self._drawn.update(framed(table))

    def close(self) -> None:
        self._drawn.stop()


def framed(shown: Table) -> Any:
    """A table as rich draws it."""
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    table = RichTable(title=shown.caption or None, box=box.SIMPLE_HEAD, title_justify="left")
    for head, right in zip(shown.heads, shown.numeric, strict=True):
        table.add_column(Text(head), justify="right" if right else "left", no_wrap=right)
    for row in shown.texts:
        table.add_row(*(Text(text) for text in row))
    return table
