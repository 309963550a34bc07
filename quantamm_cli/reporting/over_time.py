"""Lines over time, and value beside what anyone could have had."""

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
"""Points left above the axes for the periods' names."""


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
    """Values (t,) by strategy over ``unix`` (t,) ms, in ``unit``;
    lines break where a period and its benchmarks begin.
    """
    title = "Value against benchmarks" if len(values) > 1 else "Value"
    figure, axes = over_time(title, subtitle, unix, called(values), periods, strategies(values))
    axes.set_ylabel(f"value ({unit})")
    axes.yaxis.set_major_formatter(FuncFormatter(_money))
    return figure


def called(values: Mapping[str, Numbers]) -> dict[str, Numbers]:
    """Columns by the strategies' names for people."""
    return {STRATEGIES.get(name, name): column for name, column in values.items()}


def strategies(values: Mapping[str, Numbers]) -> Callable[[int], style.Look]:
    """The look of each strategy, whichever others are drawn."""
    others = [name for name in values if name not in _LOOKS]
    looks = [
        _LOOKS[name] if name in _LOOKS else style.look(len(_LOOKS) + others.index(name))
        for name in values
    ]
    return looks.__getitem__


def over_time(
    title: str,
    subtitle: str,
    unix: Unix,
    columns: Mapping[str, Numbers],
    periods: Sequence[Period],
    look: Callable[[int], style.Look] = style.look,
) -> tuple[Figure, Axes]:
    """A line (t,) a column over ``unix`` (t,) ms, with dates, shaded periods and a legend."""
    figure, (axes,) = style.panels(title, subtitle, 1, 3.4)
    lines = [
        style.timeline(axes, unix, column, periods, label=name, **look(index))
        for index, (name, column) in enumerate(columns.items())
    ]
    style.date_axis(axes, unix)
    style.legend(figure, [*lines, *style.shade(axes, unix, periods)])
    style.note(axes, style.left_out(columns), above=_ABOVE if periods else 4)
    return figure, axes
