"""A replay to look at: prices and quotes, edge, reserves, the tape of fills and what strategies remember, on one page."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from quantamm_cli.reporting import style
from quantamm_cli.reporting.page import Picture, Section, page
from quantamm_cli.reporting.periods import Numbers
from quantamm_cli.reporting.tables import NOTHING, Table, number
from quantamm_cli.reporting.thinning import thinned

MOST_ROWS = 400
"""Fills, and steps, that the page lists; the JSON has them all."""


def replay_page(told: Mapping[str, Any]) -> str:
    """The page of the JSON that ``qsim compete --replay`` writes."""
    first, last = told["steps"]
    steps = np.arange(first, last + 1)
    price = _column(told["price"])
    pools = told["pools"]
    pictures = [
        _picture(quotes(steps, price, pools), "Fair price (black), and what a small seller gets and a small buyer pays at each pool."),
        _picture(lines(steps, {name: _column(pool["edge"]) for name, pool in pools.items()}, "edge (Y)"), "Edge since the first step."),
        _picture(lines(steps, _values(pools, price), "value (Y)"), "Value of each pool's reserves at the fair price."),
    ]
    what = f"Seed {told['seed']}, steps {first} to {last}. {len(told['fills']):,} fills."
    sections = [
        Section("Prices and quotes", pictures=tuple(pictures[:1])),
        Section("Edge and value", pictures=tuple(pictures[1:])),
        Section("Fills", tables=(_tape(told["fills"]),)),
        Section("Step by step", tables=(_steps(steps, price, pools),), folded=True),
        Section("What strategies remember", tables=tuple(_memory(name, pool, steps) for name, pool in pools.items() if pool.get("state"))),
    ]
    return page(f"Replay of seed {told['seed']}", (what, "qsim compete --replay; the JSON beside this page has every number."), sections)


@style.styled
def quotes(steps: Numbers, price: Numbers, pools: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Bid and ask of each pool around the fair price."""
    figure, (axes,) = style.panels("Prices and quotes", "", 1, 4.2)
    handles = []
    for index, (name, pool) in enumerate(pools.items()):
        look = style.look(index)
        rows = thinned(price)
        handles.append(axes.plot(steps[rows], _column(pool["bid"])[rows], label=name, lw=0.9, **look)[0])
        axes.plot(steps[rows], _column(pool["ask"])[rows], lw=0.9, **look)
    rows = thinned(price)
    handles.append(axes.plot(steps[rows], price[rows], color="black", lw=1.1, label="fair price")[0])
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


def _column(values: Sequence[float | None]) -> Numbers:
    return np.array([np.nan if value is None else value for value in values], float)


def _values(pools: Mapping[str, Mapping[str, Any]], price: Numbers) -> dict[str, Numbers]:
    return {name: _column(pool["reserve_x"]) * price + _column(pool["reserve_y"]) for name, pool in pools.items()}


def _tape(fills: Sequence[Mapping[str, Any]]) -> Table:
    rows = tuple(
        (str(fill["step"]), fill["kind"], fill["pool"], fill["side"], *(number(fill[key], ".6g") for key in ("paid", "got", "edge")))
        for fill in fills[:MOST_ROWS]
    )
    caption = _counted("Fills: what was paid in and got out, edge in Y", len(fills))
    return Table(caption, ("step", "what", "pool", "trader", "paid", "got", "edge"), rows)


def _steps(steps: Numbers, price: Numbers, pools: Mapping[str, Mapping[str, Any]]) -> Table:
    heads = ("step", "fair price", *(f"{name} {what}" for name in pools for what in ("bid", "ask", "X", "Y")))
    columns = [pool[key] for pool in pools.values() for key in ("bid", "ask", "reserve_x", "reserve_y")]
    rows = tuple(
        (str(steps[row]), number(float(price[row]), ".6g"), *(number(column[row], ".6g") for column in columns))
        for row in range(min(len(steps), MOST_ROWS))
    )
    return Table(_counted("As each step ended", len(steps)), heads, rows)


def _memory(name: str, pool: Mapping[str, Any], steps: Numbers) -> Table:
    state = pool["state"]
    rows = tuple((str(steps[row]), *(_said(column[row]) for column in state.values())) for row in range(min(len(steps), MOST_ROWS)))
    return Table(_counted(name, len(steps)), ("step", *state), rows)


def _said(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(_said, value))
    return NOTHING if value is None else number(float(value), ".5g")


def _counted(caption: str, count: int) -> str:
    return caption if count <= MOST_ROWS else f"{caption} (the first {MOST_ROWS} of {count:,})"
