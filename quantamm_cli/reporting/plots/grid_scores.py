"""A grid of scores: a curve over one axis, a heat map over two."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import NullLocator, StrMethodFormatter

from quantamm_cli.reporting import style
from quantamm_cli.reporting.grid import Grid
from quantamm_cli.reporting.periods import Numbers
from quantamm_cli.reporting.plot import plot
from quantamm_cli.reporting.table import printed
from quantamm_cli.settings.signs import shown, signs

_WRITTEN = 8
"""The most cells in a row or column that have their numbers."""
_TICKS = 12


@plot("grid", of="grid", caption="Scores of the grid; the best is marked.", order=10)
def _grid(grid: Grid) -> Figure | None:
    label = " in ".join(filter(None, (grid.metric, grid.unit)))
    if len(grid.axes) > 2:
        return None
    draw = curve if len(grid.axes) == 1 else heat
    scores, lowest = shown(grid.metric, grid.scores), bool(signs([grid.metric]))
    return draw(grid.axes, scores, label, grid.title, lowest)


@style.styled
def curve(
    axes: Mapping[str, Sequence[float]],
    scores: Numbers,
    label: str,
    title: str = "",
    lowest: bool = False,
) -> Figure:
    """A line over the values of one axis; its best point is marked, which is the highest or the
    ``lowest``.
    """
    ((name, values),) = axes.items()
    figure, (plot,) = style.panels("Scores of the grid", title, 1, 3.4)
    plot.plot(values, np.where(np.isfinite(scores), scores, np.nan), "o-", color=style.COLOURS[0])
    if np.isfinite(scores).any():
        best = _best(scores, lowest)
        plot.plot(values[best], scores[best], ms=9, clip_on=False, **style.DIAMOND)
    if _ratios(values):
        plot.set_xscale("log")
        plot.xaxis.set_minor_locator(NullLocator())
        plot.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    plot.set_xlabel(name)
    plot.set_ylabel(label)
    style.note(plot, style.left_out({label: scores}))
    return figure


@style.styled
def heat(
    axes: Mapping[str, Sequence[float]],
    scores: Numbers,
    label: str,
    title: str = "",
    lowest: bool = False,
) -> Figure:
    """A cell for each point, the first axis downwards; the best, which is the highest or the
    ``lowest``, is framed, and cells have their numbers if there are few.
    """
    (down, rows), (across, columns) = axes.items()
    cells = np.where(np.isfinite(scores), scores, np.nan).reshape(len(rows), len(columns))
    figure, (plot,) = style.panels("Scores of the grid", title, 1, 4.2)
    image = plot.imshow(cells, aspect="auto", cmap="viridis")
    figure.colorbar(image, ax=plot, label=label)
    plot.grid(False)
    _ticks(plot, columns, rows)
    plot.set_xlabel(across)
    plot.set_ylabel(down)
    if np.isfinite(cells).any():
        row, column = np.unravel_index(_best(cells, lowest), cells.shape)
        corner = (column - 0.5, row - 0.5)
        frame = Rectangle(corner, 1, 1, fill=False, ec="#d55e00", lw=2.5, clip_on=False)
        plot.add_patch(frame)
    if max(cells.shape) <= _WRITTEN:
        _numbers(plot, cells)
    return figure


def _best(scores: Numbers, lowest: bool) -> int:
    """The place of the best finite score; there is one."""
    finite = np.where(np.isfinite(scores), scores, np.nan)
    return int(np.nanargmin(finite) if lowest else np.nanargmax(finite))


def _ticks(plot: Axes, columns: Sequence[float], rows: Sequence[float]) -> None:
    for axis, values in ((plot.xaxis, columns), (plot.yaxis, rows)):
        places = range(0, len(values), -(-len(values) // _TICKS))
        axis.set_ticks(places, [f"{values[place]:.4g}" for place in places])
    if len(columns) > _WRITTEN:
        plot.tick_params(axis="x", rotation=45)


def _numbers(plot: Axes, cells: Numbers) -> None:
    middle = 0.0
    if np.isfinite(cells).any():
        middle = (np.nanmin(cells) + np.nanmax(cells)) / 2
    for (row, column), score in np.ndenumerate(cells):
        colour = "white" if score <= middle else "black"
        text = printed(score, ".3g")
        plot.text(column, row, text, ha="center", va="center", fontsize=8.5, color=colour)


def _ratios(values: Sequence[float]) -> bool:
    """Whether the values increase by equal ratios."""
    numbers = np.asarray(values)
    if len(numbers) < 3 or numbers.min() <= 0:
        return False
    ratios = numbers[1:] / numbers[:-1]
    return bool(np.allclose(ratios, ratios[0]) and ratios[0] > 1)
