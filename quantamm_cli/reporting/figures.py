"""A run over time: weights, value beside what anyone could have had, and how far below its highest it stood."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, FuncFormatter, PercentFormatter

from quantamm_cli.reporting import style
from quantamm_cli.reporting.benchmarks import drawdown
from quantamm_cli.reporting.names import STRATEGIES
from quantamm_cli.reporting.periods import Numbers, Period, Unix, pieces

_LOOKS: dict[str, style.Look] = {
    "pool": {"color": "#0072b2", "lw": 1.6, "zorder": 3},
    "hodl": {"color": "#d55e00"},
    "uniform_hodl": {"color": "#009e73", "ls": "--"},
    "constant_weight": {"color": "#000000", "ls": ":"},
    "lvr": {"color": "#cc79a7", "ls": "-.", "lw": 1.0},
    "rvr": {"color": "#8c7a00", "ls": "-.", "lw": 1.0},
}
_ABOVE = 18
"""Points left above the axes for the periods' names."""


@style.styled
def weights(
    unix: Unix,
    weights: Numbers,
    tokens: Sequence[str],
    periods: Sequence[Period] = (),
    subtitle: str = "",
) -> Figure:
    """Weights (t, n), fractions, over ``unix`` (t,) ms: a line a token."""
    figure, axes = _over_time(
        "Weights", subtitle, unix, dict(zip(tokens, weights.T, strict=True)), periods, style.look
    )
    axes.set_ylabel("weight (%)")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=None))
    return figure


def _money(amount: float, _: int) -> str:
    """Thousands and millions by a letter; below, as it is: 800m would be a lot of money."""
    return EngFormatter(sep="")(amount) if abs(amount) >= 1000 else f"{amount:g}"


@style.styled
def value(
    unix: Unix,
    values: Mapping[str, Numbers],
    periods: Sequence[Period] = (),
    subtitle: str = "",
    unit: str = "numeraire",
) -> Figure:
    """Values (t,) by strategy over ``unix`` (t,) ms, in ``unit``; lines break where a period and its benchmarks begin."""
    title = "Value against benchmarks" if len(values) > 1 else "Value"
    figure, axes = _over_time(title, subtitle, unix, _called(values), periods, _strategies(values))
    axes.set_ylabel(f"value ({unit})")
    axes.yaxis.set_major_formatter(FuncFormatter(_money))
    return figure


@style.styled
def drawdowns(
    unix: Unix, values: Mapping[str, Numbers], periods: Sequence[Period] = (), subtitle: str = ""
) -> Figure:
    """How far values (t,) by strategy stood below their highest of the period so far: a period's deepest is its ``max_drawdown``."""
    below = {name: np.full(len(unix), np.nan) for name in values}
    for rows in pieces(unix, periods):
        for name, column in values.items():
            below[name][rows] = drawdown(column[rows])
    told = (
        subtitle
        + ("\n" if subtitle else "")
        + f"below the highest value{' of the period' if periods else ''} so far"
    )
    figure, axes = _over_time("Drawdown", told, unix, _called(below), periods, _strategies(values))
    for line in axes.get_lines():
        line.set_linewidth(0.9)
    axes.set_ylabel("drawdown (%)")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=None))
    return figure


def _called(values: Mapping[str, Numbers]) -> dict[str, Numbers]:
    return {STRATEGIES.get(name, name): column for name, column in values.items()}


def _strategies(values: Mapping[str, Numbers]) -> Callable[[int], style.Look]:
    """The look of each strategy, whichever others are drawn."""
    others = [name for name in values if name not in _LOOKS]
    looks = [
        _LOOKS[name] if name in _LOOKS else style.look(len(_LOOKS) + others.index(name))
        for name in values
    ]
    return looks.__getitem__


def _over_time(
    title: str,
    subtitle: str,
    unix: Unix,
    columns: Mapping[str, Numbers],
    periods: Sequence[Period],
    look: Callable[[int], style.Look],
) -> tuple[Figure, Axes]:
    figure, (axes,) = style.panels(title, subtitle, 1, 3.4)
    lines = [
        style.timeline(axes, unix, column, periods, label=name, **look(index))
        for index, (name, column) in enumerate(columns.items())
    ]
    style.date_axis(axes, unix)
    style.legend(figure, [*lines, *style.shade(axes, unix, periods)])
    style.note(axes, style.left_out(columns), above=_ABOVE if periods else 4)
    return figure, axes
