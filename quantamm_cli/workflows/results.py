"""What every workflow returns: named values, the JSON of its command, and tables."""

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from html import escape

from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.json_tree import Json


class Result(ABC):
    """Prints as the tables of the command; a notebook shows them as HTML."""

    @abstractmethod
    def to_dict(self) -> dict[str, Json]:
        """The JSON object of the command, without the name of the command.

        Numbers may be NaN or infinite.
        """

    @abstractmethod
    def tables(self) -> Sequence[Table | str]:
        """Tables and lines of text, in reading order."""

    def notes(self) -> Sequence[str]:
        """Lines to show after the tables."""
        return ()

    def refuse(self) -> None:  # noqa: B027 - most results are no failure
        """Raise the error that this result stands for, if any; call it after showing the result."""

    def __init_subclass__(cls) -> None:
        # set on each class, as a dataclass would print all its fields
        cls.__repr__ = Result.__repr__  # type: ignore[method-assign]

    def __repr__(self) -> str:
        """One line; ``print`` shows all."""
        return f"<{type(self).__name__}: {next(iter(str(self).splitlines()), '')}>"

    def __str__(self) -> str:
        return "\n".join(map(str, self.tables()))

    def _repr_html_(self) -> str:
        return "".join(map(_html, self.tables()))


def _html(part: Table | str) -> str:
    return part._repr_html_() if isinstance(part, Table) else f"<p>{escape(part)}</p>"


class Watch:
    """Seconds spent, by task."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.perf_counter()

    def lap(self, name: str) -> None:
        """Add the time since the last lap to ``name``."""
        now = time.perf_counter()
        self.seconds[name] = round(self.seconds.get(name, 0.0) + now - self._since, 3)
        self._since = now

    def split(self, name: str, seconds: float, rest: str) -> None:
        """Of the time since the last lap, ``seconds`` go to ``name`` and the others to ``rest``."""
        self.lap(rest)
        self.seconds[name] = round(seconds, 3)
        self.seconds[rest] = round(self.seconds[rest] - seconds, 3)
