"""The parameters of a training run, step by step, of every parameter set."""

from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter, StrMethodFormatter

from quantamm_cli.reporting import steps, style
from quantamm_cli.reporting.periods import Numbers, Selection, summary
from quantamm_cli.reporting.plot import plot
from quantamm_cli.reporting.run import Entries, Subject

_MANY_DECADES = 100.0


@plot(
    "parameters",
    of="run",
    caption="Parameters by training step; thick lines: the chosen set, thin lines: the others.",
    order=50,
    heading="Training",
)
def _parameters(run: Subject) -> Figure | None:
    if not _names(run.entries):
        return None
    return parameters(run.entries, run.tokens, run.selection, run.units, run.layers)


@style.styled
def parameters(
    entries: Entries,
    tokens: Sequence[str],
    selection: Selection | None = None,
    units: Mapping[str, str] | None = None,
    layers: Mapping[str, Sequence[str]] | None = None,
) -> Figure:
    """Readable parameters over the steps, a panel for each parameter and layer: the chosen set in
    colour, the other sets faint.

    ``units`` and the names of ``layers`` are by readable name. A parameter that is constant is
    named, but not drawn.
    """
    at = steps.numbers(entries)
    paths: dict[str, Numbers] = {}
    for name in _names(entries):
        paths |= _layered(entries, name, units or {}, layers or {})
    moving = {label: path for label, path in paths.items() if _moves(path)} or paths
    constant = [label for label in paths if label not in moving]
    height, count = 2.1, max(len(moving), 1)
    figure, rows = style.panels("Parameter paths", summary(selection), count, height)
    chosen = 0 if selection is None else selection.set
    lines: dict[str, Artist] = {}
    for axes, (label, path) in zip(rows, moving.items(), strict=False):
        lines |= _tokens(axes, at, path, chosen, tokens)
        _scale(axes, path)
        style.unmagnified(axes, path)
        steps.mark(axes, selection)
        own = zip(_labels(path, tokens), path[:, chosen].T, strict=True)
        style.note(axes, label, style.left_out(dict(own)))
    if not moving:
        style.note(rows[0])
    steps.step_axis(rows[-1], at)
    if constant:
        rows[-1].set_xlabel(f"step\nconstant: {', '.join(constant)}")
    handles = list(lines.values())
    if any(path.shape[1] > 1 for path in moving.values()):
        label = f"thick: set {chosen}, thin: the others"
        handles.append(Line2D([], [], color=style.QUIET, lw=0.7, label=label))
    style.legend(figure, handles)
    return figure


def _names(entries: Entries) -> list[str]:
    return sorted(set(chain.from_iterable(entry.get("readable", {}) for entry in entries)))


def _layered(
    entries: Entries, name: str, units: Mapping[str, str], layers: Mapping[str, Sequence[str]]
) -> dict[str, Numbers]:
    """The path (entries, sets, numbers) of each layer of a parameter, by its label."""
    values = [entry.get("readable", {}).get(name) for entry in entries]
    shape = next(np.shape(value) for value in values if value is not None)
    path = np.full((len(values), *shape), np.nan)
    for row, value in zip(path, values, strict=True):
        if value is not None:
            row[...] = value
    unit = f" ({units[name]})" if units.get(name) else ""
    if path.ndim < 4:
        return {name + unit: path.reshape(len(values), shape[0], -1)}
    names = layers.get(name) or [str(index + 1) for index in range(path.shape[2])]
    return {f"{name} {layer}{unit}": path[:, :, index] for index, layer in enumerate(names)}


def _moves(path: Numbers) -> bool:
    low, high = np.fmin.reduce(path, axis=0), np.fmax.reduce(path, axis=0)
    return bool((low != high).any())


def _labels(path: Numbers, tokens: Sequence[str]) -> list[str]:
    """The labels of the numbers of one set: the tokens, or one for all of them."""
    count = path.shape[2]
    if count == len(tokens):
        return list(tokens)
    if count == 1:
        return ["all tokens"]
    return [f"number {index + 1}" for index in range(count)]


def _tokens(
    axes: Axes, at: Numbers, path: Numbers, chosen: int, tokens: Sequence[str]
) -> dict[str, Artist]:
    lines: dict[str, Artist] = {}
    for index, token in enumerate(_labels(path, tokens)):
        look = style.look(index)
        if token == "all tokens":
            look = {"color": style.QUIET}
        faint, thick = look | {"lw": 0.7, "alpha": 0.45, "zorder": 1}, look | {"lw": 2.0}
        for other in range(path.shape[1]):
            if other != chosen:
                steps.line(axes, at, path[:, other, index], **faint)
        lines[token] = steps.line(axes, at, path[:, chosen, index], label=token, **thick)
    return lines


def _scale(axes: Axes, path: Numbers) -> None:
    """A logarithmic scale for positive numbers that differ by orders of magnitude."""
    finite = path[np.isfinite(path)]
    if finite.size and finite.min() > 0 and finite.max() > _MANY_DECADES * finite.min():
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_ylabel("log scale")
