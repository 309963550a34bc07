"""A replay to look at: prices and quotes, edge, reserves, the tape of fills and what strategies remember, on one page."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from quantamm_cli.competition.replay_record import Fill, Replay
from quantamm_cli.reporting import style
from quantamm_cli.reporting.page import Picture, Section, page
from quantamm_cli.reporting.periods import Numbers
from quantamm_cli.reporting.table import Column, Table
from quantamm_cli.reporting.thinning import thinned

MOST_ROWS = 400
"""Fills, and steps, that the page lists; the JSON has them all."""


def replay_page(replay: Replay) -> str:
    """The page of what happened at each step of a seed."""
    first, last = replay.steps[0], replay.steps[-1]
    steps = np.array(replay.steps)
    edges = dict(zip(replay.names, replay.edge.T, strict=True))
    worth = replay.reserves[..., 0] * replay.price[:, None] + replay.reserves[..., 1]
    values = dict(zip(replay.names, worth.T, strict=True))
    pictures = [
        _picture(
            quotes(replay),
            "Fair price (black), and what a small seller gets and a small buyer pays at each pool.",
        ),
        _picture(lines(steps, edges, "edge (Y)"), "Edge since the first step."),
        _picture(
            lines(steps, values, "value (Y)"), "Value of each pool's reserves at the fair price."
        ),
    ]
    what = f"Seed {replay.seed}, steps {first} to {last}. {len(replay.fills):,} fills."
    memories = [
        _memory(name, state, steps)
        for name, state in zip(replay.names, replay.states, strict=False)
        if state
    ]
    sections = [
        Section("Pools", tables=(pools_table(replay),)),
        Section("Prices and quotes", pictures=tuple(pictures[:1])),
        Section("Edge and value", pictures=tuple(pictures[1:])),
        Section("Fills", tables=(_tape(replay.fills),)),
        Section("Step by step", tables=(_steps(replay),), folded=True),
        Section("What strategies remember", tables=tuple(memories)),
    ]
    return page(
        f"Replay of seed {replay.seed}",
        (what, "qsim compete --replay; the JSON beside this page has every number."),
        sections,
    )


def pools_table(replay: Replay) -> Table:
    """Fills of each pool, and their edge in Y."""
    rows = [
        [name, len(fills), sum(fill.edge for fill in fills)]
        for name, fills in replay.by_pool.items()
    ]
    price = replay.price
    title = f"seed {replay.seed}, steps {replay.steps[0]} to {replay.steps[-1]}: fair price {price[0]:.4f} to {price[-1]:.4f}"
    return Table.of(title, ["pool", "fills", ("edge", ".4f")], rows)


@style.styled
def quotes(replay: Replay) -> Figure:
    """Bid and ask of each pool around the fair price."""
    figure, (axes,) = style.panels("Prices and quotes", "", 1, 4.2)
    rows, handles = thinned(replay.price), []
    steps = np.array(replay.steps)[rows]
    for index, name in enumerate(replay.names):
        look = style.look(index)
        handles.append(axes.plot(steps, replay.bid[rows, index], label=name, lw=0.9, **look)[0])
        axes.plot(steps, replay.ask[rows, index], lw=0.9, **look)
    handles.append(
        axes.plot(steps, replay.price[rows], color="black", lw=1.1, label="fair price")[0]
    )
    style.whole_steps(axes)
    axes.set_ylabel("Y per X")
    style.legend(figure, handles)
    return figure


@style.styled
def lines(steps: Numbers, columns: Mapping[str, Numbers], label: str) -> Figure:
    """One line a pool."""
    figure, (axes,) = style.panels("", "", 1, 3.0)
    handles = []
    for index, (name, column) in enumerate(columns.items()):
        rows = thinned(column)
        handles.append(axes.plot(steps[rows], column[rows], label=name, **style.look(index))[0])
    style.whole_steps(axes)
    axes.set_ylabel(label)
    style.legend(figure, handles)
    return figure


def _picture(figure: Figure, told: str) -> Picture:
    return Picture(style.png(figure), told)


def _tape(fills: Sequence[Fill]) -> Table:
    rows = [
        [fill.step, fill.kind, fill.pool, fill.side, fill.paid, fill.got, fill.edge]
        for fill in fills[:MOST_ROWS]
    ]
    caption = _counted("Fills: what was paid in and got out, edge in Y", len(fills))
    return Table.of(caption, ["step", "what", "pool", "trader", "paid", "got", "edge"], rows)


def _steps(replay: Replay) -> Table:
    heads = [
        "step",
        "fair price",
        *(f"{name} {what}" for name in replay.names for what in ("bid", "ask", "X", "Y")),
    ]
    pools = np.stack(
        [replay.bid, replay.ask, replay.reserves[..., 0], replay.reserves[..., 1]], axis=-1
    )
    rows = [
        [step, replay.price[row], *pools[row].reshape(-1)]
        for row, step in enumerate(replay.steps[:MOST_ROWS])
    ]
    return Table.of(_counted("As each step ended", len(replay.steps)), heads, rows)


def _memory(name: str, state: Mapping[str, Numbers], steps: Numbers) -> Table:
    columns: list[Column] = ["step", *((key, ".5g") for key in state)]
    rows = [
        [step, *(column[row] for column in state.values())]
        for row, step in enumerate(steps[:MOST_ROWS].tolist())
    ]
    return Table.of(_counted(name, len(steps)), columns, rows)


def _counted(caption: str, count: int) -> str:
    return caption if count <= MOST_ROWS else f"{caption} (the first {MOST_ROWS} of {count:,})"
