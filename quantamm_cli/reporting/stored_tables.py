"""The tables of a folder of results."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from quantamm_cli.reporting.table import Column, Table
from quantamm_cli.settings.signs import shown

_TEXTS = ("run", "kind", "status", "what", "tokens", "of", "metric")
_FOLDER: tuple[Column, ...] = (*_TEXTS, ("best", ".4f"), "modified (UTC)")


class Line(NamedTuple):
    """One result in a list."""

    name: str
    """Digits of its fingerprint."""
    kind: str
    status: str
    what: str
    tokens: Sequence[str]
    size: str | None
    """The number of steps, cycles, seeds or trials."""
    metric: str
    best: float | None
    modified: datetime


def folder_table(lines: Sequence[Line]) -> Table:
    """A row for each result."""
    return Table.of("", _FOLDER, list(map(_cells, lines)))


def _cells(line: Line) -> list[str | float | None]:
    texts = [line.name, line.kind, line.status, line.what, " ".join(line.tokens)]
    best = shown(line.metric, line.best)
    return [*texts, line.size, line.metric, best, f"{line.modified:%Y-%m-%d %H:%M}"]


def damages_table(damages: Sequence[tuple[Path, str]]) -> Table:
    """Files and their problems."""
    rows = [[str(path), problem] for path, problem in damages]
    return Table.of("", ["file", "problem"], rows)
