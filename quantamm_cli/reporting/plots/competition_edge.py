"""The edges of a competition with their intervals."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from quantamm_cli.competition.documents import StandingRow
from quantamm_cli.reporting import style
from quantamm_cli.reporting.competition import CompetitionSubject
from quantamm_cli.reporting.plot import plot
from quantamm_cli.reporting.standings import label


@plot(
    "edge",
    of="competition",
    caption="Mean edge of each strategy, with its 95 % interval over seeds."
    " Markets are common to all, so differences are more certain than these intervals suggest.",
    order=10,
    heading="Edge",
)
def _edge(subject: CompetitionSubject) -> Figure:
    return _edges(subject.scores["standings"])


def _edges(standings: Sequence[StandingRow]) -> Figure:
    """A dot and an interval for each strategy, the highest edge at the top."""
    figure, (axes,) = style.panels("Edge", "", 1, 1.0 + 0.35 * len(standings))
    for place, row in enumerate(reversed(standings)):
        edge = row["edge"]
        if edge["low"] is not None:
            ends = np.array([edge["low"], edge["high"]], float)
            axes.plot(ends, [place, place], color=style.QUIET, lw=2.2)
        mean = np.nan if edge["mean"] is None else edge["mean"]
        axes.plot(mean, place, "o", color=style.COLOURS[0], ms=6)
    axes.axvline(0, color="black", lw=0.8, gid=style.MARK)
    axes.set_yticks(range(len(standings)), list(map(label, reversed(standings))))
    axes.set_ylim(-0.6, len(standings) - 0.4)
    axes.set_xlabel("mean edge and 95 % interval (Y a seed)")
    return figure
