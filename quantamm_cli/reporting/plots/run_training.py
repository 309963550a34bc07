"""The scores of a training run, step by step, of every parameter set."""

from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from quantamm_cli.reporting import steps, style
from quantamm_cli.reporting.periods import Numbers, Selection
from quantamm_cli.reporting.plot import plot
from quantamm_cli.reporting.run import Entries, Subject
from quantamm_cli.store.record import Scores

_EACH = 8
"""Sets up to which each has a colour of its own."""


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
    """The objective and the ``metric`` of every period over the steps: a line a set,
    a mark at what was chosen.
    """
    at = np.array([entry["step"] for entry in entries], float)
    scores = {"": _columns([entry.get("objective") for entry in entries])}
    for period in _periods(entries):
        scores[period] = _columns(
            [entry.get("metrics", {}).get(period, {}).get(metric) for entry in entries]
        )
    figure, rows = style.panels("Training history", steps.said(selection), len(scores), 2.1)
    handles: list[Artist] = []
    for axes, (period, columns) in zip(rows, scores.items(), strict=True):
        handles = _sets(axes, at, columns, selection) or handles
        chosen_on = (
            " (the choice was made on it)"
            if period == "test" and selection is not None and selection.on_test
            else ""
        )
        style.note(
            axes, f"{period} period{chosen_on}" if period else "objective", _left_out(columns)
        )
        axes.set_ylabel(
            f"{metric}\nin {unit}" if unit and period else metric if period else "objective"
        )
    steps.step_axis(rows[-1], at)
    figure.align_ylabels(rows)
    style.legend(figure, handles)
    return figure


def _periods(entries: Entries) -> list[str]:
    known = {period for entry in entries for period in entry.get("metrics", {})}
    order = ("train", "validation", "test")
    return [*(period for period in order if period in known), *sorted(known.difference(order))]


def _columns(rows: Sequence[Scores | None]) -> Numbers:
    """Scores (entries, sets) of rows in which ``None`` stands for what is not
    finite, or for all of it.
    """
    sets = max((len(row) for row in rows if row is not None), default=1)
    return np.array(
        [
            np.full(sets, np.nan) if row is None else np.reshape(np.asarray(row, float), sets)
            for row in rows
        ]
    ).reshape(-1, sets)


def _sets(axes: Axes, at: Numbers, columns: Numbers, selection: Selection | None) -> list[Artist]:
    """A line a set; of many sets only the chosen one has a colour of its own."""
    count, chosen = columns.shape[1], None if selection is None else selection.set
    many = count > _EACH
    handles: list[Artist] = []
    for index in range(count):
        faint = many and index != chosen
        how = (
            {"color": style.QUIET, "lw": 0.7, "alpha": 0.6}
            if faint
            else style.look(0 if many else index) | {"lw": 1.0}
        )
        if index == chosen:
            how |= {"lw": 1.6, "zorder": 3}
        drawn = steps.line(
            axes, at, columns[:, index], label="other sets" if faint else f"set {index}", **how
        )
        if not faint or not any(handle.get_label() == "other sets" for handle in handles):
            handles.append(drawn)
    style.unmagnified(axes, columns)
    steps.mark(axes, selection)
    if selection is not None and selection.set < count:
        chosen_at = columns[at == selection.step, selection.set]
        (dot,) = axes.plot(
            np.full(len(chosen_at), selection.step),
            chosen_at,
            "D",
            ms=7,
            mfc="none",
            mec="black",
            mew=1.4,
            ls="",
            label="chosen",
            zorder=4,
            gid=style.MARK,
        )
        handles.append(dot)
    return handles


def _left_out(columns: Numbers) -> str:
    return style.left_out({f"set {index}": column for index, column in enumerate(columns.T)})
