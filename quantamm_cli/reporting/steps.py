"""Lines over steps: of a training run's history, and of the pools of a competition."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from quantamm_cli.reporting import style
from quantamm_cli.reporting.periods import Numbers, Selection
from quantamm_cli.reporting.thinning import thinned


def said(selection: Selection | None) -> str:
    """The choice in one line."""
    return selection.said if selection is not None else ""


def line(axes: Axes, steps: Numbers, column: Numbers, **how: Any) -> Line2D:
    """A line through the finite numbers, thinned."""
    kept = thinned(column)
    return style.line(axes, steps[kept], np.where(np.isfinite(column), column, np.nan)[kept], **how)


def mark(axes: Axes, selection: Selection | None) -> None:
    """A line where the chosen step is."""
    if selection is not None:
        axes.axvline(
            selection.step, color=style.QUIET, lw=1.0, ls=(0, (2, 2)), zorder=0.5, gid=style.MARK
        )


def step_axis(axes: Axes, steps: Numbers) -> None:
    """An axis of whole steps, of which there may be one."""
    style.whole_steps(axes)
    if len(steps) == 1:
        axes.set_xlim(steps[0] - 0.5, steps[0] + 0.5)


def pools(steps: Numbers, columns: Mapping[str, Numbers], label: str) -> Figure:
    """A line (t,) a pool over ``steps`` (t,)."""
    figure, (axes,) = style.panels("", "", 1, 3.0)
    handles = []
    for index, (name, column) in enumerate(columns.items()):
        rows = thinned(column)
        handles.append(axes.plot(steps[rows], column[rows], label=name, **style.look(index))[0])
    style.whole_steps(axes)
    axes.set_ylabel(label)
    style.legend(figure, handles)
    return figure
