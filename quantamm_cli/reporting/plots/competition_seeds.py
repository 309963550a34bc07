"""The distribution of the edges of a competition over seeds."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from quantamm_cli.reporting import style
from quantamm_cli.reporting.competition import CompetitionSubject
from quantamm_cli.reporting.periods import Numbers
from quantamm_cli.reporting.plot import plot

_QUANTILES = 400


@plot(
    "seeds",
    of="competition",
    caption="The share of seeds on which the edge was at most this value.",
    order=20,
    heading="Edge",
)
def _seeds(subject: CompetitionSubject) -> Figure:
    columns: dict[str, Numbers] = {}
    for row in subject.scores["standings"]:
        columns[row["name"]] = np.array(subject.edges[row["name"]], float)
    return _lines(columns)


def _lines(columns: Mapping[str, Numbers]) -> Figure:
    """A line for each strategy."""
    figure, (axes,) = style.panels("From seed to seed", "", 1, 3.4)
    shares = np.linspace(0, 1, _QUANTILES)
    lines = []
    for index, (name, column) in enumerate(columns.items()):
        finite = column[np.isfinite(column)]
        if finite.size:
            lines += axes.plot(np.quantile(finite, shares), shares, label=name, **style.look(index))
    axes.axvline(0, color="black", lw=0.8, gid=style.MARK)
    axes.set_xlabel("edge (Y a seed)")
    axes.set_ylabel("share of seeds")
    style.legend(figure, lines)
    return figure
