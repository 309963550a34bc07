"""The page of a replay: prices and quotes, edge, reserves, fills and the states of strategies."""

from collections.abc import Mapping, Sequence

import numpy as np

from quantamm_cli.competition.replay_record import Fill, Replay
from quantamm_cli.reporting.page import Section, page
from quantamm_cli.reporting.periods import Numbers
from quantamm_cli.reporting.plot import other_sections, pictures
from quantamm_cli.reporting.table import Column, Table, columns_of

MOST_ROWS = 400
"""The most fills and steps that the page lists; the JSON has all."""


def replay_page(replay: Replay, drawn: Mapping[str, bytes]) -> str:
    """The page of the steps of a seed, with its images by name."""
    first, last = replay.steps[0], replay.steps[-1]
    steps, shown = np.array(replay.steps), pictures("replay", drawn)
    states = [
        _state(name, state, steps)
        for name, state in zip(replay.names, replay.states, strict=False)
        if state
    ]
    facts = (
        f"Seed {replay.seed}, steps {first} to {last}. {len(replay.fills):,} fills.",
        "qsim compete --replay; the JSON beside this page has every number.",
    )
    sections = [
        Section("Pools", tables=(pools_table(replay),)),
        Section("Prices and quotes", pictures=shown.pop("Prices and quotes", ())),
        Section("Edge and value", pictures=shown.pop("Edge and value", ())),
        *other_sections(shown),
        Section("Fills", tables=(_fills(replay.fills),)),
        Section("Step by step", tables=(_steps(replay),), folded=True),
        Section("States of strategies", tables=tuple(states)),
    ]
    return page(f"Replay of seed {replay.seed}", facts, sections)


def pools_table(replay: Replay) -> Table:
    """Fills of each pool, and their edge in Y."""
    rows = []
    for name, fills in replay.by_pool.items():
        rows.append([name, len(fills), sum(fill.edge for fill in fills)])
    price = replay.price
    title = (
        f"seed {replay.seed}, steps {replay.steps[0]} to {replay.steps[-1]}: fair price "
        f"{price[0]:.4f} to {price[-1]:.4f}"
    )
    return Table.of(title, ["pool", "fills", ("edge", ".4f")], rows)


def _fills(fills: Sequence[Fill]) -> Table:
    rows = [
        [fill.step, fill.kind, fill.pool, fill.side, fill.paid, fill.got, fill.edge]
        for fill in fills[:MOST_ROWS]
    ]
    caption = _caption("Fills: amounts paid to and got from the pool, edge in Y", len(fills))
    return Table.of(caption, ["step", "what", "pool", "trader", "paid", "got", "edge"], rows)


def _steps(replay: Replay) -> Table:
    heads = ["step", "fair price"]
    for name in replay.names:
        heads += [f"{name} bid", f"{name} ask", f"{name} X", f"{name} Y"]
    x, y = replay.reserves[..., 0], replay.reserves[..., 1]
    pools = np.stack([replay.bid, replay.ask, x, y], axis=-1)
    rows = [
        [step, replay.price[row], *pools[row].reshape(-1)]
        for row, step in enumerate(replay.steps[:MOST_ROWS])
    ]
    return Table.of(_caption("At the end of each step", len(replay.steps)), heads, rows)


def _state(name: str, state: Mapping[str, Numbers], steps: Numbers) -> Table:
    columns: list[Column] = ["step", *columns_of(state, ".5g")]
    numbers = (column[:MOST_ROWS] for column in state.values())
    rows = list(zip(steps[:MOST_ROWS].tolist(), *numbers, strict=True))
    return Table.of(_caption(name, len(steps)), columns, rows)


def _caption(text: str, count: int) -> str:
    if count > MOST_ROWS:
        return f"{text} (the first {MOST_ROWS} of {count:,})"
    return text
