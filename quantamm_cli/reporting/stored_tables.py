"""What a folder of results holds, and one stored run, as tables."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from quantamm_cli.errors import argument
from quantamm_cli.reporting.table import Column, Table
from quantamm_cli.reporting.tables import dotted
from quantamm_cli.settings.digest import canonical
from quantamm_cli.settings.json_tree import JsonObject

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
    """A row a result, the last modified first."""
    ordered = sorted(lines, key=lambda line: (line.modified, line.name), reverse=True)
    return Table.of("", _FOLDER, [_cells(line) for line in ordered])


def _cells(line: Line) -> list[str | float | None]:
    named = [line.name, line.kind, line.status, line.what, " ".join(line.tokens)]
    return [*named, line.size, line.metric, line.best, f"{line.modified:%Y-%m-%d %H:%M}"]


def leaves_table(caption: str, heading: str, tree: JsonObject) -> Table:
    """The values of a tree by dotted key, as JSON spells them."""
    rows = [[name, canonical(value)] for name, value in dotted(tree)]
    return Table.of(caption, [heading, "value"], rows)


class Chosen(NamedTuple):
    """The set that a selection rule chooses, and its scores by period."""

    rule: str
    step: int
    set: int
    scores: Mapping[str, float | None]


def choices_table(metric: str, choices: Sequence[Chosen]) -> Table:
    """What each selection rule chooses."""
    periods = list(choices[0].scores)
    columns: list[Column] = ["rule", "step", "set", *((period, ".4f") for period in periods)]
    rows = [[each.rule, each.step, each.set, *map(each.scores.get, periods)] for each in choices]
    return Table.of(f"{argument('load')} chooses ({metric})", columns, rows)


def damages_table(damages: Sequence[tuple[Path, str]]) -> Table:
    """Files, and what is wrong with each."""
    rows = [[str(path), problem] for path, problem in damages]
    return Table.of("", ["file", "what is wrong"], rows)
