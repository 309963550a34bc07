"""The value of each pool of a replay."""

import numpy as np
from matplotlib.figure import Figure

from quantamm_cli.competition.replay_record import Replay
from quantamm_cli.reporting.plot import plot
from quantamm_cli.reporting.steps import pools


@plot(
    "value",
    of="replay",
    caption="Value of each pool's reserves at the fair price.",
    order=30,
    heading="Edge and value",
)
def value(replay: Replay) -> Figure:
    """A line for each pool."""
    worth = replay.reserves[..., 0] * replay.price[:, None] + replay.reserves[..., 1]
    return pools(np.array(replay.steps), dict(zip(replay.names, worth.T, strict=True)), "value (Y)")
