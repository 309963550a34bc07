"""How far below its highest value a run stood."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from quantamm_cli.reporting import style
from quantamm_cli.reporting.benchmarks import drawdown
from quantamm_cli.reporting.over_time import called, over_time, strategies
from quantamm_cli.reporting.periods import Numbers, Period, Unix, pieces
from quantamm_cli.reporting.plot import plot
from quantamm_cli.reporting.run import Subject


@plot(
    "drawdown",
    of="run",
    caption="Drawdown: how far below its highest value of the period so far each strategy stood.",
    order=30,
    heading="Over time",
)
def _drawdown(run: Subject) -> Figure:
    return drawdowns(run.trajectory["unix"], run.values, run.periods, run.said)


@style.styled
def drawdowns(
    unix: Unix, values: Mapping[str, Numbers], periods: Sequence[Period] = (), subtitle: str = ""
) -> Figure:
    """How far values (t,) by strategy stood below their highest of the period so far: a period's
    deepest is its ``max_drawdown``.
    """
    below = {name: np.full(len(unix), np.nan) for name in values}
    for rows in pieces(unix, periods):
        for name, column in values.items():
            below[name][rows] = drawdown(column[rows])
    told = (
        subtitle
        + ("\n" if subtitle else "")
        + f"below the highest value{' of the period' if periods else ''} so far"
    )
    figure, axes = over_time("Drawdown", told, unix, called(below), periods, strategies(values))
    for line in axes.get_lines():
        line.set_linewidth(0.9)
    axes.set_ylabel("drawdown (%)")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=None))
    return figure
