"""The trajectory of a stored run, as the input of another run."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.errors import DataError, StoreError
from quantamm_cli.settings.types import date_text
from quantamm_cli.store.origin import origin
from quantamm_cli.store.result_names import ASKED, StoredResult
from quantamm_cli.store.run_paths import Place
from quantamm_cli.store.runs import Store
from quantamm_cli.store.trajectory import read_arrays

_USUAL = re.compile(r"best_(validation|train)-\d+-\d+")
"""The folder in which a training leaves the trajectory of the set that it reports."""
_MINUTE = 60_000
"""Milliseconds."""


@dataclass(frozen=True, eq=False)
class StoredPath:
    """The rows of a stored trajectory: ``minutes`` (t,) since 1970 UTC, ascending, ``every``
    minutes apart; ``columns`` by name, (t, tokens) or (t,).
    """

    where: str
    tokens: tuple[str, ...]
    minutes: NDArray[np.int64]
    every: int
    columns: dict[str, NDArray[np.float64]]

    def series(
        self, name: str, tokens: tuple[str, ...], start: int, end: int
    ) -> dict[str, NDArray[Any]]:
        """A column as a table: ``unix``, and a column for each token or ``value``.

        Raises:
            DataError: there is no such column, a token is not in it, or the rows do not cover
                [start, end).
        """
        if name not in self.columns:
            known = ", ".join(self.columns)
            raise DataError(self.where, f"a stored run has no series {name}; it has {known}")
        first, last = int(self.minutes[0]), int(self.minutes[-1]) + self.every
        if start < first or end > last:
            raise DataError(
                self.where,
                f"the stored run has {name} from {date_text(first)} to {date_text(last)}, this run "
                f"needs {date_text(start)} to {date_text(end)}; move start and end into it",
            )
        column, unix = self.columns[name], self.minutes * _MINUTE
        if column.ndim == 1:
            return {"unix": unix, "value": column}
        places = self._places(tokens)
        return {"unix": unix} | {
            token: column[:, place] for token, place in zip(tokens, places, strict=True)
        }

    def reserves_at(self, minute: int, tokens: tuple[str, ...]) -> tuple[float, ...]:
        """The reserves of these tokens at the end of a minute.

        Raises:
            DataError: the trajectory has no row at that minute, or a token is not in it.
        """
        row = int(np.searchsorted(self.minutes, minute))
        if row == len(self.minutes) or self.minutes[row] != minute:
            first, last = date_text(int(self.minutes[0])), date_text(int(self.minutes[-1]))
            spacing = "minute" if self.every == 1 else f"{self.every} minutes"
            raise DataError(
                self.where,
                f"the stored run has no row at {date_text(minute)}; it has one every {spacing} "
                f"from {first} to {last}",
            )
        reserves = self.columns["reserves"][row]
        return tuple(float(reserves[place]) for place in self._places(tokens))

    def _places(self, tokens: tuple[str, ...]) -> list[int]:
        for token in tokens:
            if token not in self.tokens:
                known = ", ".join(self.tokens)
                raise DataError(self.where, f"the stored run has no {token}; it has {known}")
        return [self.tokens.index(token) for token in tokens]


def names_run(text: str) -> bool:
    """Whether a text names a stored run rather than a file: digits of its name, or its folder."""
    return ASKED.fullmatch(text) is not None or Path(text).name.startswith("run_")


def stored_path(runs: str, name: str, where: str) -> StoredPath:
    """The trajectory of a stored simulation, or that of the set that a training reported.

    ``where``: the setting, for messages.

    Raises:
        DataError: there is no such run, or it has no trajectory.
    """
    try:
        result = Store(runs).named(name, ("run", "simulation"))
        stored = origin(result)
        arrays = read_arrays(_trajectory(result))
    except StoreError as failure:
        raise DataError(where, str(failure)) from None
    tokens: Any = stored.settings["tokens"] if stored is not None else ()
    minutes = arrays.pop("unix") // _MINUTE
    every = int(minutes[1] - minutes[0]) if len(minutes) > 1 else 1
    columns = {key: column for key, column in arrays.items() if len(column) == len(minutes)}
    return StoredPath(f"{where}={name}", tuple(tokens), minutes, every, columns)


def _trajectory(result: StoredResult) -> Path:
    """The file; raises StoreError if there is none."""
    folder = result.path if result.kind == "simulation" else Place.of(result.path).folder
    own = folder / "trajectory.npz"
    if own.exists():
        return own
    for path in sorted(folder.glob("*/trajectory.npz")):
        if _USUAL.fullmatch(path.parent.name):
            return path
    raise StoreError(
        str(folder), f"has no trajectory; qsim evaluate --run {result.short} writes it"
    )
