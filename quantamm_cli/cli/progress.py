"""Progress on stderr: nothing, a line every few seconds, or a bar."""

import sys
import time
from typing import Any

_SECONDS = 10.0


class Bar:
    """Shows nothing."""

    def update(self, done: int, text: str = "") -> None:
        """Report that ``done`` steps are complete; ``text`` describes the state."""

    def close(self) -> None:
        """End the display: the work is done or has failed."""


class LineBar(Bar):
    """Prints a line at most every ten seconds."""

    def __init__(self, total: int | None, description: str) -> None:
        self._total = f"/{total}" if total else ""
        self._description = description
        self._last = time.monotonic()

    def update(self, done: int, text: str = "") -> None:
        now = time.monotonic()
        if now - self._last >= _SECONDS:
            self._last = now
            line = f"{self._description} {done}{self._total} {text}"
            print(line.rstrip(), file=sys.stderr, flush=True)


class RichBar(Bar):
    """Draws a bar on a terminal."""

    def __init__(self, total: int | None, description: str) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        columns: list[Any] = [
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        ]
        columns.append(TextColumn("{task.fields[text]}", markup=False))
        self._progress = Progress(
            *columns, console=Console(file=sys.stderr), transient=True, redirect_stdout=False
        )
        self._task = self._progress.add_task(description, total=total, text="")
        self._progress.start()

    def update(self, done: int, text: str = "") -> None:
        self._progress.update(self._task, completed=done, text=text)

    def close(self) -> None:
        self._progress.stop()
