"""Who follows a workflow: hears of it, shows how far it is, and may stop it."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from quantamm_cli.errors import Interrupted

Save = Callable[[], str]
"""Makes what is done durable and returns the message that says how to resume.
Another thread may call it.
"""
Check = Callable[[], None]
"""Raises Interrupted, with everything saved, if the work is to end."""


class Step(Protocol):
    """Says how much of the work is done, and how it goes."""

    def __call__(self, done: int, text: str = "") -> None: ...


class Monitor:
    """Stops nothing, and says nothing but warnings. Override what you need.

    >>> class FiveMinutes(Monitor):
    ...     def stop(self) -> bool:
    ...         return time.monotonic() > deadline
    """

    def note(self, text: str) -> None:
        """Something good to know."""

    def detail(self, text: str) -> None:
        """Something that few want to know."""

    def warn(self, text: str) -> None:
        """Something that may be wrong."""
        warnings.warn(text, stacklevel=2)

    def step(self, done: int, total: int | None, text: str = "") -> None:
        """``done`` of ``total`` steps are done; ``text`` says how it goes."""

    def stop(self) -> bool:
        """Whether the work is to end: asked after each step.

        What is done is then saved, and Interrupted is raised.
        """
        return False

    def child(self, name: str) -> "Monitor":
        """Follows a part of the work, such as a cycle: what it says is a detail of the
        whole, under the part's name.
        """
        return Child(self, name)

    @contextmanager
    def saving(self, save: Save) -> Iterator[Check]:
        """While it is open, ``save`` is what makes the work durable if it must end; the work calls
        what it is given after each step.
        """

        def check() -> None:
            if self.stop():
                raise Interrupted(0, save())

        yield check

    @contextmanager
    def progress(self, description: str, total: int | None) -> Iterator[Step]:
        """While it is open, work of ``total`` steps goes on, which calls what it is given."""

        def step(done: int, text: str = "") -> None:
            self.step(done, total, text)

        yield step


class Child(Monitor):
    """Passes on what a part of the work says, with its name."""

    def __init__(self, parent: Monitor, name: str) -> None:
        self._parent, self._name = parent, name

    def note(self, text: str) -> None:
        self._parent.detail(f"{self._name}: {text}")

    def detail(self, text: str) -> None:
        self._parent.detail(f"{self._name}: {text}")

    def warn(self, text: str) -> None:
        self._parent.warn(f"{self._name}: {text}")

    def step(self, done: int, total: int | None, text: str = "") -> None:
        self._parent.step(done, total, text)

    def stop(self) -> bool:
        return self._parent.stop()

    @contextmanager
    def saving(self, save: Save) -> Iterator[Check]:
        with self._parent.saving(lambda: f"{self._name}: {save()}") as check:
            yield check

    @contextmanager
    def progress(self, description: str, total: int | None) -> Iterator[Step]:
        with self._parent.progress(f"{self._name}, {description}", total) as step:
            yield step
