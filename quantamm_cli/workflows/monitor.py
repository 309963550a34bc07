"""Receives the messages and the progress of a workflow, and may stop it."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from quantamm_cli.errors import Interrupted
from quantamm_cli.reporting.table import Table

Save = Callable[[], str]
"""Saves the work so far and returns a message that says how to resume; any thread may call it."""
Check = Callable[[], None]
"""Saves and raises Interrupted if the work must stop."""


class Step(Protocol):
    """Reports how many steps are done, with a text about the state."""

    def __call__(self, done: int, text: str = "") -> None: ...


class Display(Protocol):
    """Shows the state of work that goes on: a table, or where there is no place for one, a line."""

    def __call__(self, table: Table, line: str) -> None: ...


class Monitor:
    """Issues warnings, ignores other messages and never stops. Override what you need.

    >>> class FiveMinutes(Monitor):
    ...     def stop(self) -> bool:
    ...         return time.monotonic() > deadline
    """

    def note(self, text: str) -> None:
        """A note for every reader."""

    def detail(self, text: str) -> None:
        """A detail for verbose output."""

    def warn(self, text: str) -> None:
        """A warning that something may be wrong."""
        warnings.warn(text, stacklevel=2)

    def step(self, done: int, total: int | None, text: str = "") -> None:
        """``done`` of ``total`` steps are done; ``text`` describes the state."""

    def stop(self) -> bool:
        """Whether the work must stop; called after each step.

        If true, the work so far is saved and Interrupted is raised.
        """
        return False

    def child(self, name: str) -> "Monitor":
        """The monitor of a part of the work, such as a cycle.

        Notes of the part become details of this monitor, with the name of the part.
        """
        return Child(self, name)

    @contextmanager
    def saving(self, save: Save) -> Iterator[Check]:
        """While it is open, ``save`` saves the work if it must stop.

        The work calls the yielded check after each step.
        """

        def check() -> None:
            if self.stop():
                raise Interrupted(0, save())

        yield check

    @contextmanager
    def progress(self, description: str, total: int | None) -> Iterator[Step]:
        """While it is open, work of ``total`` steps reports to the yielded step."""

        def step(done: int, text: str = "") -> None:
            self.step(done, total, text)

        yield step

    @contextmanager
    def display(self, description: str, total: int) -> Iterator[Display]:
        """While it is open, work of many parts at once shows its state by the yielded function."""

        def display(table: Table, line: str) -> None:
            pass

        yield display


class Passing(Monitor):
    """Passes everything to its parent."""

    def __init__(self, parent: Monitor) -> None:
        self._parent = parent

    def note(self, text: str) -> None:
        self._parent.note(text)

    def detail(self, text: str) -> None:
        self._parent.detail(text)

    def warn(self, text: str) -> None:
        self._parent.warn(text)

    def step(self, done: int, total: int | None, text: str = "") -> None:
        self._parent.step(done, total, text)

    def stop(self) -> bool:
        return self._parent.stop()

    @contextmanager
    def saving(self, save: Save) -> Iterator[Check]:
        with self._parent.saving(save) as check:
            yield check

    @contextmanager
    def progress(self, description: str, total: int | None) -> Iterator[Step]:
        with self._parent.progress(description, total) as step:
            yield step

    @contextmanager
    def display(self, description: str, total: int) -> Iterator[Display]:
        with self._parent.display(description, total) as display:
            yield display


class Child(Passing):
    """Passes the messages of a part of the work to its parent, with the name of the part."""

    def __init__(self, parent: Monitor, name: str) -> None:
        super().__init__(parent)
        self._name = name

    def note(self, text: str) -> None:
        self._parent.detail(f"{self._name}: {text}")

    def detail(self, text: str) -> None:
        super().detail(f"{self._name}: {text}")

    def warn(self, text: str) -> None:
        super().warn(f"{self._name}: {text}")

    @contextmanager
    def saving(self, save: Save) -> Iterator[Check]:
        with self._parent.saving(lambda: f"{self._name}: {save()}") as check:
            yield check

    @contextmanager
    def progress(self, description: str, total: int | None) -> Iterator[Step]:
        with self._parent.progress(f"{self._name}, {description}", total) as step:
            yield step
