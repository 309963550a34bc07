"""One seed step by step, from the engine's own events: prices, quotes, fills and states."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from quantamm_cli.competition.engine import make_plan
from quantamm_cli.competition.events import counts, list_events
from quantamm_cli.competition.lineup import arrange
from quantamm_cli.competition.market import MarketSettings, markets
from quantamm_cli.competition.play import entrants_of, rules_of
from quantamm_cli.competition.replay_record import Fill, Replay
from quantamm_cli.competition.simulation import Plan
from quantamm_cli.competition.statistics import Numbers
from quantamm_cli.competition.trace import Snapshot, SplitEvents, split_events, trace
from quantamm_cli.errors import ArgumentError
from quantamm_cli.settings.compete import NORMALISER, Compete


def replay(settings: Compete, seed: int, first: int = 0, last: int | None = None) -> Replay:
    """Steps ``first`` to ``last`` of a seed, both counted from 0, both included.

    Raises:
        ArgumentError: the simulation has no such steps.
    """
    if last is None:
        last = settings.steps - 1
    if not 0 <= first <= last < settings.steps:
        raise ArgumentError(
            "replay", f"steps {first} to {last} are not within 0 to {settings.steps - 1}"
        )
    market = markets(MarketSettings.typed(settings.market), [seed], settings.steps)
    rules = rules_of(settings)
    line_up, _ = arrange(entrants_of(settings), None)
    plan, rule_numbers = make_plan(line_up, rules, 1)
    count = counts(market, rules.epoch_length)
    events = list_events(market, np.zeros(1, np.int64), count, int(count.max()))
    epochs = [
        split_events(events.price[epoch, :number, 0], events.order[epoch, :number, 0])
        for epoch, number in enumerate(count[0])
    ]
    liquidity, fee = jnp.asarray(market.normaliser_liquidity), jnp.asarray(market.normaliser_fee)
    snapshots = trace(plan, line_up.strategies, rule_numbers, liquidity, fee, epochs)
    return _make_replay(settings, seed, first, last, plan, epochs, snapshots)


def _make_replay(
    settings: Compete,
    seed: int,
    first: int,
    last: int,
    plan: Plan,
    epochs: Sequence[SplitEvents],
    snapshots: Sequence[Snapshot],
) -> Replay:
    rows = np.append(np.argsort(plan.order), len(plan.order))
    step = np.cumsum(np.concatenate([events.step_new for events in epochs])) - 1
    fair = np.abs(np.concatenate([events.price for events in epochs]))
    ends = np.append(np.flatnonzero(np.diff(step)), len(step) - 1)[first : last + 1]
    after_events = [jax.tree.map(lambda leaf: leaf[1:], one) for one in snapshots]
    joined: Snapshot = jax.tree.map(lambda *parts: np.concatenate(parts), *after_events)

    def quotes(column: Array) -> Numbers:
        valid = (column > 1e-200) & (column < 1e200)
        finite: Numbers = np.where(valid, column, np.nan)[ends][:, rows]
        return finite

    names = (*settings.names, NORMALISER)
    return Replay(
        seed=seed,
        first=first,
        names=names,
        price=fair[ends],
        reserves=np.stack([joined.x, joined.y], -1)[ends][:, rows],
        bid=quotes(joined.bid),
        ask=quotes(joined.ask),
        edge=np.asarray(joined.edge)[ends][:, rows],
        weight=np.asarray(joined.weight)[ends][:, rows[:-1]],
        states=tuple(
            _states(plan, joined.states, place, ends) for place in range(len(settings.names))
        ),
        fills=tuple(_fills(names, epochs, snapshots, rows, step, first, last)),
    )


def _fills(
    names: Sequence[str],
    epochs: Sequence[SplitEvents],
    snapshots: Sequence[Snapshot],
    rows: Numbers,
    step: Numbers,
    first: int,
    last: int,
) -> list[Fill]:
    """The fills of steps ``first`` to ``last``, from the changes of reserves at each event."""
    fills, event = [], 0
    for events, of_epoch in zip(epochs, snapshots, strict=True):
        x, y, edge = (column[:, rows] for column in (of_epoch.x, of_epoch.y, of_epoch.edge))
        for row, step_new in enumerate(events.step_new):
            number = int(step[event + row])
            if not first <= number <= last:
                continue
            kind = "arbitrage" if step_new else "order"
            dx, dy, gain = (np.diff(column[row : row + 2], axis=0)[0] for column in (x, y, edge))
            for pool in np.flatnonzero(edge[row + 1] != edge[row]):
                change = float(dx[pool]), float(dy[pool]), float(gain[pool])
                fills.append(_fill(number, kind, names[int(pool)], *change))
        event += len(events.price)
    return fills


def _fill(step: int, kind: str, pool: str, dx: float, dy: float, edge: float) -> Fill:
    """A fill by which the pool's reserves changed by ``dx`` and ``dy``."""
    if dy > 0:
        return Fill(step, kind, pool, "buy X", dy, -dx, edge)
    return Fill(step, kind, pool, "sell X", dx, -dy, edge)


def _states(plan: Plan, states: Sequence[Any], place: int, ends: Numbers) -> dict[str, Numbers]:
    """The parts of a strategy's state at the end of each step, by their names in the state."""
    for group, state in zip(plan.groups, states, strict=True):
        if place in group.members:
            member, by_name = group.members.index(place), {}
            for path, leaf in jax.tree_util.tree_leaves_with_path(state):
                name = jax.tree_util.keystr(path).lstrip(".") or "state"
                by_name[name] = np.asarray(leaf)[ends][..., member]
            return by_name
    return {}
