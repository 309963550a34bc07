"""A replay to look at: prices and quotes, edge, reserves, the tape of fills and what
strategies remember, on one page.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from quantamm_cli.competition.replay_record import Fill, Replay
from quantamm_cli.reporting.page import Section, page
from quantamm_cli.reporting.periods import Numbers
from quantamm_cli.reporting.plot import further, pictures
from quantamm_cli.reporting.table import Column, Table

MOST_ROWS = 400
"""Fills, and steps, that the page lists; the JSON has them all."""


def replay_page(replay: Replay, drawn: Mapping[str, bytes]) -> str:
    """The page of what happened at each step of a seed, with the images that were drawn of it."""
    first, last = replay.steps[0], replay.steps[-1]
    steps, shown = np.array(replay.steps), pictures("replay", drawn)
    what = f"Seed {replay.seed}, steps {first} to {last}. {len(replay.fills):,} fills."
    memories = [
        _memory(name, state, steps)
        for name, state in zip(replay.names, replay.states, strict=False)
        if state
    ]
    sections = [
        Section("Pools", tables=(pools_table(replay),)),
        Section("Prices and quotes", pictures=shown.pop("Prices and quotes", ())),
        Section("Edge and value", pictures=shown.pop("Edge and value", ())),
        *further(shown),
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
    title = (
        f"seed {replay.seed}, steps {replay.steps[0]} to {replay.steps[-1]}: fair price "
        f"{price[0]:.4f} to {price[-1]:.4f}"
    )
    return Table.of(title, ["pool", "fills", ("edge", ".4f")], rows)


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
