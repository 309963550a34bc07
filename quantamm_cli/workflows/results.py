"""What every workflow gives back: values with names, the JSON of a command,
and the tables people read.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from html import escape

from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.json_tree import Json


class Result(ABC):
    """Prints as the tables of the command; a notebook shows them as such."""

    @abstractmethod
    def to_dict(self) -> dict[str, Json]:
        """The JSON object of the command, without the command's name.

        Numbers may be NaN or infinite.
        """

    @abstractmethod
    def tables(self) -> Sequence[Table | str]:
        """Tables and lines of text, in the order in which they are read."""

    def notes(self) -> Sequence[str]:
        """Lines for who has read the tables."""
        return ()

    def refuse(self) -> None:  # noqa: B027 - most results are no failure
        """Raise the failure that this amounts to, if it is one; to be called once it is shown."""

    def __init_subclass__(cls) -> None:
        # of each class: a dataclass would write out all its fields
        cls.__repr__ = Result.__repr__  # type: ignore[method-assign]

    def __repr__(self) -> str:
        """What it is, in a line: ``print`` shows it all."""
        return f"<{type(self).__name__}: {next(iter(str(self).splitlines()), '')}>"

    def __str__(self) -> str:
        return "\n".join(map(str, self.tables()))

    def _repr_html_(self) -> str:
        return "".join(
            part._repr_html_() if isinstance(part, Table) else f"<p>{escape(part)}</p>"
            for part in self.tables()
        )


class Watch:
    """Seconds spent, by what for."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.perf_counter()

    def lap(self, name: str) -> None:
        """What passed since the last lap was for ``name``."""
        now = time.perf_counter()
        self.seconds[name] = round(self.seconds.get(name, 0.0) + now - self._since, 3)
        self._since = now

    def split(self, name: str, seconds: float, rest: str) -> None:
        """Since the last lap ``seconds`` were for ``name``, and what else passed for ``rest``."""
        self.lap(rest)
        self.seconds[name] = round(seconds, 3)
        self.seconds[rest] = round(self.seconds[rest] - seconds, 3)
