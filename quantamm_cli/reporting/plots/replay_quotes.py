"""Prices and quotes of a replay."""

import numpy as np
from matplotlib.figure import Figure

from quantamm_cli.competition.replay_record import Replay
from quantamm_cli.reporting import style
from quantamm_cli.reporting.plot import plot
from quantamm_cli.reporting.thinning import thinned


@plot(
    "quotes",
    of="replay",
    caption="Fair price (black), and the prices for a small seller and a small buyer at each pool.",
    order=10,
    heading="Prices and quotes",
)
def quotes(replay: Replay) -> Figure:
    """Bid and ask of each pool around the fair price."""
    figure, (axes,) = style.panels("Prices and quotes", "", 1, 4.2)
    rows, handles = thinned(replay.price), []
    steps = np.array(replay.steps)[rows]
    for index, name in enumerate(replay.names):
        look = style.look(index)
        handles.append(axes.plot(steps, replay.bid[rows, index], label=name, lw=0.9, **look)[0])
        axes.plot(steps, replay.ask[rows, index], lw=0.9, **look)
    handles += axes.plot(steps, replay.price[rows], color="black", lw=1.1, label="fair price")
    style.whole_steps(axes)
    axes.set_ylabel("Y per X")
    style.legend(figure, handles)
    return figure
