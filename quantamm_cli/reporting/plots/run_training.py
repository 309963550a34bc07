"""The scores of a training run, step by step, of every parameter set."""

from collections.abc import Sequence
from itertools import chain

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from quantamm_cli.reporting import steps, style
from quantamm_cli.reporting.periods import Numbers, Selection, summary
from quantamm_cli.reporting.plot import plot
from quantamm_cli.reporting.run import Entries, Subject
from quantamm_cli.settings.signs import shown
from quantamm_cli.store.record import Scores

_MOST_COLOURS = 8
"""The most sets that each have a colour of their own."""


@plot(
    "training",
    of="run",
    caption="Objective and scores by training step, a line for each parameter set.",
    order=40,
    heading="Training",
)
def _training(run: Subject) -> Figure | None:
    if not run.entries:
        return None
    return history(run.entries, run.metric, run.selection, run.units.get(run.metric, ""))


@style.styled
def history(
    entries: Entries, metric: str, selection: Selection | None = None, unit: str = ""
) -> Figure:
    """The objective and the ``metric`` of every period over the steps: a line for each set, and a
    mark at the selection.
    """
    at = steps.numbers(entries)
    scores = {"": _columns([entry.get("objective") for entry in entries])}
    for period in _periods(entries):
        column = [entry.get("metrics", {}).get(period, {}).get(metric) for entry in entries]
        scores[period] = shown(metric, _columns(column))
    figure, rows = style.panels("Training history", summary(selection), len(scores), 2.1)
    handles: list[Artist] = []
    for axes, (period, columns) in zip(rows, scores.items(), strict=True):
        handles = _sets(axes, at, columns, selection) or handles
        note, label = "objective", "objective"
        if period:
            note, label = f"{period} period", "\nin ".join(filter(None, (metric, unit)))
        if period == "test" and selection is not None and selection.on_test:
            note += " (the choice was made on it)"
        style.note(axes, note, _left_out(columns))
        axes.set_ylabel(label)
    steps.step_axis(rows[-1], at)
    figure.align_ylabels(rows)
    style.legend(figure, handles)
    return figure


def _periods(entries: Entries) -> list[str]:
    known = set(chain.from_iterable(entry.get("metrics", {}) for entry in entries))
    order = ("train", "validation", "test")
    return [*filter(known.__contains__, order), *sorted(known.difference(order))]


def _columns(rows: Sequence[Scores | None]) -> Numbers:
    """Scores (entries, sets) of rows in which ``None`` is a number that is not finite, or a row of
    such numbers.
    """
    sets = max((len(row) for row in rows if row is not None), default=1)
    columns = np.full((len(rows), sets), np.nan)
    for index, row in enumerate(rows):
        if row is not None:
            columns[index] = np.reshape(np.asarray(row, float), sets)
    return columns


def _sets(axes: Axes, at: Numbers, columns: Numbers, selection: Selection | None) -> list[Artist]:
    """A line for each set; of many sets only the chosen one has a colour of its own."""
    count, chosen = columns.shape[1], None if selection is None else selection.set
    many = count > _MOST_COLOURS
    handles: dict[str, Artist] = {}
    for index in range(count):
        if many and index != chosen:
            label = "other sets"
            look: style.Look = {"color": style.QUIET, "lw": 0.7, "alpha": 0.6}
        else:
            label = f"set {index}"
            look = style.look(0 if many else index) | {"lw": 1.0}
        if index == chosen:
            look |= {"lw": 1.6, "zorder": 3}
        drawn = steps.line(axes, at, columns[:, index], label=label, **look)
        handles.setdefault(label, drawn)
    style.unmagnified(axes, columns)
    steps.mark(axes, selection)
    if selection is not None and selection.set < count:
        scores = columns[at == selection.step, selection.set]
        step = np.full(len(scores), selection.step)
        (diamond,) = axes.plot(step, scores, ms=7, label="chosen", zorder=4, **style.DIAMOND)
        handles["chosen"] = diamond
    return list(handles.values())


def _left_out(columns: Numbers) -> str:
    return style.left_out({f"set {index}": column for index, column in enumerate(columns.T)})
