"""A grid of scores, as its plots take it, its tables and its page."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from quantamm_cli.reporting.page import Section, page
from quantamm_cli.reporting.periods import Numbers
from quantamm_cli.reporting.plot import other_sections, pictures
from quantamm_cli.reporting.run_tables import grid_table
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.signs import shown


class Grid(NamedTuple):
    """The scores of every point."""

    axes: Mapping[str, Sequence[float]]
    scores: Numbers
    """(points,), in which the last axis varies fastest."""
    metric: str
    unit: str
    title: str


def best_first(scores: Numbers) -> list[int]:
    """Indices of the points, the best first; scores that are not finite come last."""
    return sorted(range(len(scores)), key=lambda one: (not np.isfinite(scores[one]), -scores[one]))


def points_tables(
    grid: Grid, points: Sequence[Mapping[str, float]], scores: Mapping[str, Numbers]
) -> list[Table]:
    """All points, the best first, and for two axes the scores that order them as a surface."""
    rows = []
    for index in best_first(grid.scores):
        numbers = (shown(name, column[index]) for name, column in scores.items())
        rows.append([*points[index].values(), *numbers])
    title = f"{grid.title}, best {grid.metric} first"
    tables = [Table.of(title, [*grid.axes, *scores], rows)]
    if len(grid.axes) == 2:
        surface = grid_table(grid.metric, grid.axes, grid.scores.tolist())
        if surface is not None:
            tables.append(surface)
    return tables


def grid_page(
    name: str,
    grid: Grid,
    tables: Sequence[Table | str],
    folded: Mapping[str, Table],
    drawn: Mapping[str, bytes],
) -> str:
    """The page of a grid or a sweep with its images by name; ``folded``: tables by heading."""
    sections = other_sections(pictures("grid", drawn))
    sections.append(Section("Points", tables=tuple(tables)))
    sections += [Section(head, tables=(table,), folded=True) for head, table in folded.items()]
    facts = f"{grid.title}: {grid.metric} of {grid.scores.size} points."
    return page(f"{name[:20]}…", (facts,), sections)
