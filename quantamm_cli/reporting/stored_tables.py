"""What a folder of results holds as a table."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from quantamm_cli.reporting.table import Column, Table

_FOLDER: list[Column] = ["run", "kind", "status", "what", "tokens", "of", "metric", ("best", ".4f"), "modified (UTC)"]


class Line(NamedTuple):
    """One result in a listing. ``name``: digits of its fingerprint; ``size``: how many steps, cycles, seeds or trials."""

    name: str
    kind: str
    status: str
    what: str
    tokens: Sequence[str]
    size: str | None
    metric: str
    best: float | None
    modified: datetime


def folder_table(lines: Sequence[Line]) -> Table:
    """A row a result."""
    rows = [[*line[:4], " ".join(line.tokens), line.size, line.metric, line.best, f"{line.modified:%Y-%m-%d %H:%M}"] for line in lines]
    return Table.of("", _FOLDER, rows)


def damages_table(damages: Sequence[tuple[Path, str]]) -> Table:
    """Files, and what is wrong with each."""
    return Table.of("", ["file", "what is wrong"], [[str(path), problem] for path, problem in damages])
