"""The scores of the cycles of a walk-forward, in and out of sample."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from quantamm_cli.reporting import style
from quantamm_cli.reporting.periods import Numbers
from quantamm_cli.reporting.plot import plot
from quantamm_cli.reporting.walk import WalkSubject
from quantamm_cli.reporting.walk_tables import compared
from quantamm_cli.settings.signs import shown


@plot(
    "cycles",
    of="walk",
    caption="The score of each cycle on its training days and on the days of its test block.",
    order=20,
    heading="Cycles",
)
def _cycles(subject: WalkSubject) -> Figure:
    walk = subject.walk
    metric = walk["aggregate"]["metric"]
    scores: dict[str, Numbers] = {}
    for name, period in compared(walk).items():
        column = [each["metrics"][period][metric] for each in walk["cycles"]]
        scores[name] = shown(metric, np.array(column, float))
    return _bars(scores, metric)


def _bars(scores: Mapping[str, Numbers], metric: str) -> Figure:
    """The scores of every cycle, side by side."""
    figure, (axes,) = style.panels("Cycles", " and ".join(scores), 1, 3.0)
    count = len(next(iter(scores.values())))
    patches = []
    colours = zip(scores.items(), (style.QUIET, style.COLOURS[0]), strict=True)
    for index, ((name, column), colour) in enumerate(colours):
        heights = np.where(np.isfinite(column), column, np.nan)
        axes.bar(np.arange(1, count + 1) + 0.4 * index - 0.2, heights, 0.38, color=colour)
        patches.append(Patch(facecolor=colour, label=name))
    axes.axhline(0, color="black", lw=0.8)
    axes.set_xticks(range(1, count + 1))
    axes.set_xlabel("cycle")
    axes.set_ylabel(metric)
    style.legend(figure, patches)
    return figure
