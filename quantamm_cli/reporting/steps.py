"""Plots of lines over steps: of a training history, and of the pools of a competition."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from quantamm_cli.reporting import style
from quantamm_cli.reporting.periods import Numbers, Selection
from quantamm_cli.reporting.thinning import thinned
from quantamm_cli.store.record import Entry


def numbers(entries: Sequence[Entry]) -> Numbers:
    """The steps (entries,) of a history."""
    return np.array([entry["step"] for entry in entries], float)


def line(axes: Axes, steps: Numbers, column: Numbers, **how: Any) -> Line2D:
    """A line through the finite numbers, thinned."""
    rows = thinned(column)
    return style.line(axes, steps[rows], np.where(np.isfinite(column), column, np.nan)[rows], **how)


def mark(axes: Axes, selection: Selection | None) -> None:
    """A vertical line at the chosen step."""
    if selection is not None:
        axes.axvline(
            selection.step, color=style.QUIET, lw=1.0, ls=(0, (2, 2)), zorder=0.5, gid=style.MARK
        )


def step_axis(axes: Axes, steps: Numbers) -> None:
    """An axis of one or more whole steps."""
    style.whole_steps(axes)
    if len(steps) == 1:
        axes.set_xlim(steps[0] - 0.5, steps[0] + 0.5)


def pools(steps: Numbers, columns: Mapping[str, Numbers], label: str) -> Figure:
    """A line for each pool: its column (t,) over ``steps`` (t,)."""
    figure, (axes,) = style.panels("", "", 1, 3.0)
    handles = []
    for index, (name, column) in enumerate(columns.items()):
        rows = thinned(column)
        handles.append(axes.plot(steps[rows], column[rows], label=name, **style.look(index))[0])
    style.whole_steps(axes)
    axes.set_ylabel(label)
    style.legend(figure, handles)
    return figure
