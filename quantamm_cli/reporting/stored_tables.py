"""What a folder of results holds as a table."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from quantamm_cli.reporting.table import Column, Table

_NAMED = ("run", "kind", "status", "what", "tokens", "of", "metric")
_FOLDER: tuple[Column, ...] = (*_NAMED, ("best", ".4f"), "modified (UTC)")


class Line(NamedTuple):
    """One result in a listing."""

    name: str
    """Digits of its fingerprint."""
    kind: str
    status: str
    what: str
    tokens: Sequence[str]
    size: str | None
    """How many steps, cycles, seeds or trials."""
    metric: str
    best: float | None
    modified: datetime


def folder_table(lines: Sequence[Line]) -> Table:
    """A row a result."""
    return Table.of("", _FOLDER, [_cells(line) for line in lines])


def _cells(line: Line) -> list[str | float | None]:
    named = [line.name, line.kind, line.status, line.what, " ".join(line.tokens)]
    return [*named, line.size, line.metric, line.best, f"{line.modified:%Y-%m-%d %H:%M}"]


def damages_table(damages: Sequence[tuple[Path, str]]) -> Table:
    """Files, and what is wrong with each."""
    rows = [[str(path), problem] for path, problem in damages]
    return Table.of("", ["file", "what is wrong"], rows)
