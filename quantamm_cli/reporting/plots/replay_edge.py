"""The edge of each pool of a replay."""

import numpy as np
from matplotlib.figure import Figure

from quantamm_cli.competition.replay_record import Replay
from quantamm_cli.reporting.plot import plot
from quantamm_cli.reporting.steps import pools


@plot("edge", of="replay", caption="Edge since the first step.", order=20, heading="Edge and value")
def edge(replay: Replay) -> Figure:
    """A line for each pool."""
    edges = dict(zip(replay.names, replay.edge.T, strict=True))
    return pools(np.array(replay.steps), edges, "edge (Y)")
