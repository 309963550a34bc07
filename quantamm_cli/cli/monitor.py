"""Passes a workflow's messages to the console; a signal stops the workflow after saving."""

from collections.abc import Iterator
from contextlib import contextmanager

from quantamm_cli.cli.console import Console
from quantamm_cli.cli.signals import Stop
from quantamm_cli.workflows.monitor import Check, Display, Monitor, Save, Step


class ConsoleMonitor(Monitor):
    """Notes, warnings and progress on the console; Ctrl-C and SIGTERM stop the work."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def note(self, text: str) -> None:
        self._console.note(text)

    def detail(self, text: str) -> None:
        self._console.detail(text)

    def warn(self, text: str) -> None:
        self._console.warn(text)

    @contextmanager
    def saving(self, save: Save) -> Iterator[Check]:
        """A signal stops the work after the current step.

        If no step ends soon, a thread saves and ends the process.
        """
        with Stop(save, self._console.stopped) as stop:

            def check() -> None:
                if stop.requested:
                    raise stop.interrupted()

            yield check

    @contextmanager
    def progress(self, description: str, total: int | None) -> Iterator[Step]:
        with self._console.progress(total, description) as bar:
            yield bar.update

    @contextmanager
    def display(self, description: str, total: int) -> Iterator[Display]:
        with self._console.live(description) as live:
            yield live.update
