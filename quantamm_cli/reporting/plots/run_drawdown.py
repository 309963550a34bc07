"""The drawdown of a run."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from quantamm_cli.reporting import style
from quantamm_cli.reporting.benchmarks import drawdown
from quantamm_cli.reporting.over_time import labelled, over_time, strategies
from quantamm_cli.reporting.periods import Numbers, Period, Unix, pieces
from quantamm_cli.reporting.plot import plot
from quantamm_cli.reporting.run import Subject


@plot(
    "drawdown",
    of="run",
    caption="Drawdown: the distance of each strategy below its highest value of the period so far.",
    order=30,
    heading="Over time",
)
def _drawdown(run: Subject) -> Figure:
    return drawdowns(run.trajectory["unix"], run.values, run.periods, run.subtitle)


@style.styled
def drawdowns(
    unix: Unix, values: Mapping[str, Numbers], periods: Sequence[Period] = (), subtitle: str = ""
) -> Figure:
    """The distance of values (t,) by strategy below their highest of the period so far; the largest
    of a period is its ``max_drawdown``.
    """
    below = {name: np.full(len(unix), np.nan) for name in values}
    for rows in pieces(unix, periods):
        for name, column in values.items():
            below[name][rows] = drawdown(column[rows])
    since = " of the period" if periods else ""
    lines = "\n".join(filter(None, (subtitle, f"below the highest value{since} so far")))
    figure, axes = over_time("Drawdown", lines, unix, labelled(below), periods, strategies(values))
    for line in axes.get_lines():
        line.set_linewidth(0.9)
    axes.set_ylabel("drawdown (%)")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=None))
    return figure
