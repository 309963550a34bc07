"""One seed step by step: prices, quotes, fills, what strategies remember.

The engine's own events, with a look after each.
"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from quantamm_cli.competition.engine import planned
from quantamm_cli.competition.events import counts, events
from quantamm_cli.competition.lineup import arranged
from quantamm_cli.competition.market import MarketSettings, markets
from quantamm_cli.competition.play import entrants, rules
from quantamm_cli.competition.replay_record import Fill, Replay
from quantamm_cli.competition.simulation import Plan
from quantamm_cli.competition.statistics import Numbers
from quantamm_cli.competition.trace import Half, Seen, halves, watched
from quantamm_cli.errors import ArgumentError
from quantamm_cli.settings.compete import NORMALISER, Compete


def replay(settings: Compete, seed: int, first: int = 0, last: int | None = None) -> Replay:
    """Steps ``first`` to ``last`` of a seed, both counted from 0, both included.

    Raises ArgumentError: there are no such steps.
    """
    last = settings.steps - 1 if last is None else last
    if not 0 <= first <= last < settings.steps:
        raise ArgumentError(
            "replay", f"steps {first} to {last} are not within 0 to {settings.steps - 1}"
        )
    market, told = (
        markets(MarketSettings.typed(settings.market), [seed], settings.steps),
        rules(settings),
    )
    line_up, _ = arranged(entrants(settings), None)
    plan, numbers = planned(line_up, told, 1)
    count = counts(market, told.epoch_length)
    listed = events(market, np.zeros(1, np.int64), count, int(count.max()))
    epochs = [
        halves(listed.price[epoch, :number, 0], listed.order[epoch, :number, 0])
        for epoch, number in enumerate(count[0])
    ]
    liquidity, fee = (
        jnp.asarray(values) for values in (market.normaliser_liquidity, market.normaliser_fee)
    )
    seen = watched(
        plan,
        line_up.strategies,
        numbers,
        liquidity,
        fee,
        [(half.price, half.order) for half in epochs],
    )
    return _assembled(settings, seed, first, last, plan, epochs, seen)


def _assembled(
    settings: Compete,
    seed: int,
    first: int,
    last: int,
    plan: Plan,
    epochs: Sequence[Half],
    seen: Sequence[Seen],
) -> Replay:
    rows = np.append(np.argsort(plan.order), len(plan.order))
    step = np.cumsum(np.concatenate([half.step_new for half in epochs])) - 1
    fair = np.abs(np.concatenate([half.price for half in epochs]))
    ends = np.append(np.flatnonzero(np.diff(step)), len(step) - 1)[first : last + 1]
    whole: Seen = jax.tree.map(lambda *parts: np.concatenate([part[1:] for part in parts]), *seen)
    x, y = (column[:, rows] for column in (whole.x, whole.y))
    no_quote = [
        np.where((column > 1e-200) & (column < 1e200), column, np.nan)[ends][:, rows]
        for column in (whole.bid, whole.ask)
    ]
    names = (*settings.names, NORMALISER)
    return Replay(
        seed=seed,
        first=first,
        names=names,
        price=fair[ends],
        reserves=np.stack([x, y], -1)[ends],
        bid=no_quote[0],
        ask=no_quote[1],
        edge=np.asarray(whole.edge)[ends][:, rows],
        weight=np.asarray(whole.weight)[ends][:, rows[:-1]],
        states=tuple(
            _states(plan, whole.states, place, ends) for place in range(len(settings.names))
        ),
        fills=tuple(_fills(names, epochs, seen, rows, step, first, last)),
    )


def _fills(
    names: Sequence[str],
    epochs: Sequence[Half],
    seen: Sequence[Seen],
    rows: Numbers,
    step: Numbers,
    first: int,
    last: int,
) -> list[Fill]:
    """From the change of reserves from one half event to the next."""
    found, at = [], 0
    for half, one in zip(epochs, seen, strict=True):
        x, y, edge = (column[:, rows] for column in (one.x, one.y, one.edge))
        for row in range(len(half.price)):
            number = int(step[at + row])
            if not first <= number <= last:
                continue
            for pool in np.flatnonzero(edge[row + 1] != edge[row]):
                dx, dy = x[row + 1, pool] - x[row, pool], y[row + 1, pool] - y[row, pool]
                kind = "arbitrage" if half.step_new[row] else "order"
                buys = dy > 0
                paid, got = (dy, -dx) if buys else (dx, -dy)
                side, gain = (
                    "buy X" if buys else "sell X",
                    float(edge[row + 1, pool] - edge[row, pool]),
                )
                found.append(
                    Fill(number, kind, names[int(pool)], side, float(paid), float(got), gain)
                )
        at += len(half.price)
    return found


def _states(plan: Plan, states: Sequence[Any], place: int, ends: Numbers) -> dict[str, Numbers]:
    """What a strategy remembers, by the names its state gives its parts."""
    for group, state in zip(plan.groups, states, strict=True):
        if place in group.members:
            member = group.members.index(place)
            leaves = jax.tree_util.tree_leaves_with_path(state)
            return {
                jax.tree_util.keystr(path).lstrip(".") or "state": np.asarray(leaf)[ends][
                    ..., member
                ]
                for path, leaf in leaves
            }
    return {}
