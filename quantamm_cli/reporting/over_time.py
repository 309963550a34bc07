"""Plots of lines over time, and of value against benchmarks."""

from collections.abc import Callable, Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, FuncFormatter

from quantamm_cli.reporting import style
from quantamm_cli.reporting.names import STRATEGIES
from quantamm_cli.reporting.periods import Numbers, Period, Unix

_LOOKS: dict[str, style.Look] = {
    "pool": {"color": "#0072b2", "lw": 1.6, "zorder": 3},
    "hodl": {"color": "#d55e00"},
    "uniform_hodl": {"color": "#009e73", "ls": "--"},
    "constant_weight": {"color": "#000000", "ls": ":"},
    "lvr": {"color": "#cc79a7", "ls": "-.", "lw": 1.0},
    "rvr": {"color": "#8c7a00", "ls": "-.", "lw": 1.0},
}
_ABOVE = 18
"""Points above the axes for the names of periods."""


def _money(amount: float, _: int) -> str:
    """Thousands and millions with a letter; no letter below, as 800m would look like millions."""
    if abs(amount) < 1000:
        return f"{amount:g}"
    return EngFormatter(sep="")(amount)


@style.styled
def value(
    unix: Unix,
    values: Mapping[str, Numbers],
    periods: Sequence[Period] = (),
    subtitle: str = "",
    unit: str = "numeraire",
) -> Figure:
    """Values (t,) by strategy over ``unix`` (t,) ms, in ``unit``; lines are broken where a period
    and its benchmarks begin.
    """
    title = "Value against benchmarks" if len(values) > 1 else "Value"
    figure, axes = over_time(title, subtitle, unix, labelled(values), periods, strategies(values))
    axes.set_ylabel(f"value ({unit})")
    axes.yaxis.set_major_formatter(FuncFormatter(_money))
    return figure


def labelled(values: Mapping[str, Numbers]) -> dict[str, Numbers]:
    """Columns by the display names of their strategies."""
    return {STRATEGIES.get(name, name): column for name, column in values.items()}


def strategies(values: Mapping[str, Numbers]) -> Callable[[int], style.Look]:
    """The look of each strategy by index; it does not depend on the others that are drawn."""
    looks: list[style.Look] = []
    free = len(_LOOKS)
    for name in values:
        looks.append(_LOOKS.get(name) or style.look(free))
        free += name not in _LOOKS
    return looks.__getitem__


def over_time(
    title: str,
    subtitle: str,
    unix: Unix,
    columns: Mapping[str, Numbers],
    periods: Sequence[Period],
    look: Callable[[int], style.Look] = style.look,
) -> tuple[Figure, Axes]:
    """A line for each column (t,) over ``unix`` (t,) ms, with dates, periods and a legend."""
    figure, (axes,) = style.panels(title, subtitle, 1, 3.4)
    lines = [
        style.timeline(axes, unix, column, periods, label=name, **look(index))
        for index, (name, column) in enumerate(columns.items())
    ]
    style.date_axis(axes, unix)
    style.legend(figure, [*lines, *style.shade(axes, unix, periods)])
    style.note(axes, style.left_out(columns), above=_ABOVE if periods else 4)
    return figure, axes
