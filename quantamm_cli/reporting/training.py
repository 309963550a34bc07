"""A training run: its scores and its parameters, step by step, of every parameter set."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter, StrMethodFormatter

from quantamm_cli.reporting import style
from quantamm_cli.reporting.periods import Numbers, Selection
from quantamm_cli.reporting.thinning import thinned
from quantamm_cli.store.record import Entry, Scores

Entries = Sequence[Entry]
"""A run's history."""

_EACH = 8
"""Sets up to which each has a colour of its own."""
_MANY_DECADES = 100.0


@style.styled
def history(
    entries: Entries, metric: str, selection: Selection | None = None, unit: str = ""
) -> Figure:
    """The objective and the ``metric`` of every period over the steps: a line a set, a mark at what was chosen."""
    steps = np.array([entry["step"] for entry in entries], float)
    scores = {"": _columns([entry.get("objective") for entry in entries])}
    for period in _periods(entries):
        scores[period] = _columns(
            [entry.get("metrics", {}).get(period, {}).get(metric) for entry in entries]
        )
    figure, rows = style.panels("Training history", _said(selection), len(scores), 2.1)
    handles: list[Artist] = []
    for axes, (period, columns) in zip(rows, scores.items(), strict=True):
        handles = _sets(axes, steps, columns, selection) or handles
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
    _step_axis(rows[-1], steps)
    figure.align_ylabels(rows)
    style.legend(figure, handles)
    return figure


@style.styled
def parameters(
    entries: Entries,
    tokens: Sequence[str],
    selection: Selection | None = None,
    units: Mapping[str, str] | None = None,
    layers: Mapping[str, Sequence[str]] | None = None,
) -> Figure:
    """Readable parameters over the steps, a panel a parameter and layer: the chosen set's in colour, the other sets' faintly.

    ``units`` and the names of ``layers`` are by readable name. A parameter that never moves is named and not drawn.
    """
    steps = np.array([entry["step"] for entry in entries], float)
    paths = {
        label: path
        for name in _names(entries)
        for label, path in _layered(entries, name, units or {}, layers or {})
    }
    moving = {label: path for label, path in paths.items() if _moves(path)} or paths
    still = [label for label in paths if label not in moving]
    figure, rows = style.panels("Parameter paths", _said(selection), max(len(moving), 1), 2.1)
    chosen = 0 if selection is None else selection.set
    lines: dict[str, Artist] = {}
    for axes, (label, path) in zip(rows, moving.items(), strict=False):
        lines |= _tokens(axes, steps, path, chosen, tokens)
        _scale(axes, path)
        style.unmagnified(axes, path)
        _mark(axes, selection)
        own = {token: path[:, chosen, index] for index, token in enumerate(_called(path, tokens))}
        style.note(axes, label, style.left_out(own))
    if not moving:
        style.note(rows[0])
    _step_axis(rows[-1], steps)
    if still:
        rows[-1].set_xlabel(f"step\nnever moves: {', '.join(still)}")
    several = any(path.shape[1] > 1 for path in moving.values())
    told = (
        [Line2D([], [], color=style.QUIET, lw=0.7, label=f"thick: set {chosen}, thin: the others")]
        if several
        else []
    )
    style.legend(figure, [*lines.values(), *told])
    return figure


def _said(selection: Selection | None) -> str:
    return selection.said if selection is not None else ""


def _periods(entries: Entries) -> list[str]:
    known = {period for entry in entries for period in entry.get("metrics", {})}
    order = ("train", "validation", "test")
    return [*(period for period in order if period in known), *sorted(known.difference(order))]


def _columns(rows: Sequence[Scores | None]) -> Numbers:
    """Scores (entries, sets) of rows in which ``None`` stands for what is not finite, or for all of it."""
    sets = max((len(row) for row in rows if row is not None), default=1)
    return np.array(
        [
            np.full(sets, np.nan) if row is None else np.reshape(np.asarray(row, float), sets)
            for row in rows
        ]
    ).reshape(-1, sets)


def _sets(
    axes: Axes, steps: Numbers, columns: Numbers, selection: Selection | None
) -> list[Artist]:
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
        drawn = _line(
            axes, steps, columns[:, index], label="other sets" if faint else f"set {index}", **how
        )
        if not faint or not any(handle.get_label() == "other sets" for handle in handles):
            handles.append(drawn)
    style.unmagnified(axes, columns)
    _mark(axes, selection)
    if selection is not None and selection.set < count:
        at = columns[steps == selection.step, selection.set]
        here = np.full(len(at), selection.step)
        (dot,) = axes.plot(
            here,
            at,
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


def _names(entries: Entries) -> list[str]:
    return sorted({name for entry in entries for name in entry.get("readable", {})})


def _layered(
    entries: Entries, name: str, units: Mapping[str, str], layers: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, Numbers]]:
    """A label and the path (entries, sets, numbers) of each layer of a parameter."""
    given = [entry.get("readable", {}).get(name) for entry in entries]
    shape = next(np.shape(value) for value in given if value is not None)
    path = np.array(
        [np.full(shape, np.nan) if value is None else np.asarray(value, float) for value in given]
    )
    unit = f" ({units[name]})" if units.get(name) else ""
    if path.ndim < 4:
        yield name + unit, path.reshape(len(given), shape[0], -1)
        return
    for index in range(shape[1]):
        layer = layers[name][index] if name in layers else str(index + 1)
        yield f"{name} {layer}{unit}", path[:, :, index]


def _moves(path: Numbers) -> bool:
    low, high = np.fmin.reduce(path, axis=0), np.fmax.reduce(path, axis=0)
    return bool((low != high).any())


def _called(path: Numbers, tokens: Sequence[str]) -> list[str]:
    """The names of the numbers of one set: the tokens', or one that serves them all."""
    count = path.shape[2]
    return (
        list(tokens)
        if count == len(tokens)
        else ["all tokens"]
        if count == 1
        else [f"number {index + 1}" for index in range(count)]
    )


def _tokens(
    axes: Axes, steps: Numbers, path: Numbers, chosen: int, tokens: Sequence[str]
) -> dict[str, Artist]:
    lines: dict[str, Artist] = {}
    for index, token in enumerate(_called(path, tokens)):
        how = {"color": style.QUIET} if token == "all tokens" else style.look(index)
        for other in range(path.shape[1]):
            if other != chosen:
                _line(
                    axes,
                    steps,
                    path[:, other, index],
                    **(how | {"lw": 0.7, "alpha": 0.45, "zorder": 1}),
                )
        lines[token] = _line(
            axes, steps, path[:, chosen, index], label=token, **(how | {"lw": 2.0})
        )
    return lines


def _scale(axes: Axes, path: Numbers) -> None:
    """A logarithmic scale for positive numbers that differ by orders of magnitude."""
    finite = path[np.isfinite(path)]
    if finite.size and finite.min() > 0 and finite.max() > _MANY_DECADES * finite.min():
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_ylabel("log scale")


def _line(axes: Axes, steps: Numbers, column: Numbers, **how: Any) -> Line2D:
    kept = thinned(column)
    return style.line(axes, steps[kept], np.where(np.isfinite(column), column, np.nan)[kept], **how)


def _mark(axes: Axes, selection: Selection | None) -> None:
    if selection is not None:
        axes.axvline(
            selection.step, color=style.QUIET, lw=1.0, ls=(0, (2, 2)), zorder=0.5, gid=style.MARK
        )


def _step_axis(axes: Axes, steps: Numbers) -> None:
    style.whole_steps(axes)
    if len(steps) == 1:
        axes.set_xlim(steps[0] - 0.5, steps[0] + 0.5)
