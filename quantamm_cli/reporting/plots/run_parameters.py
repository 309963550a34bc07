"""The parameters of a training run, step by step, of every parameter set."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter, StrMethodFormatter

from quantamm_cli.reporting import steps, style
from quantamm_cli.reporting.periods import Numbers, Selection
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
    if not any(entry.get("readable") for entry in run.entries):
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
    """Readable parameters over the steps, a panel a parameter and layer: the chosen set's in
    colour, the other sets' faintly.

    ``units`` and the names of ``layers`` are by readable name.
    A parameter that never moves is named and not drawn.
    """
    at = np.array([entry["step"] for entry in entries], float)
    paths = {
        label: path
        for name in _names(entries)
        for label, path in _layered(entries, name, units or {}, layers or {})
    }
    moving = {label: path for label, path in paths.items() if _moves(path)} or paths
    still = [label for label in paths if label not in moving]
    figure, rows = style.panels("Parameter paths", steps.said(selection), max(len(moving), 1), 2.1)
    chosen = 0 if selection is None else selection.set
    lines: dict[str, Artist] = {}
    for axes, (label, path) in zip(rows, moving.items(), strict=False):
        lines |= _tokens(axes, at, path, chosen, tokens)
        _scale(axes, path)
        style.unmagnified(axes, path)
        steps.mark(axes, selection)
        own = {token: path[:, chosen, index] for index, token in enumerate(_called(path, tokens))}
        style.note(axes, label, style.left_out(own))
    if not moving:
        style.note(rows[0])
    steps.step_axis(rows[-1], at)
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
    axes: Axes, at: Numbers, path: Numbers, chosen: int, tokens: Sequence[str]
) -> dict[str, Artist]:
    lines: dict[str, Artist] = {}
    for index, token in enumerate(_called(path, tokens)):
        how = {"color": style.QUIET} if token == "all tokens" else style.look(index)
        for other in range(path.shape[1]):
            if other != chosen:
                steps.line(
                    axes,
                    at,
                    path[:, other, index],
                    **(how | {"lw": 0.7, "alpha": 0.45, "zorder": 1}),
                )
        lines[token] = steps.line(
            axes, at, path[:, chosen, index], label=token, **(how | {"lw": 2.0})
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
