"""A snapshot of one simulation after each of the engine's events, with events that have both an
arbitrage and an order split in two.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from quantamm_cli.competition.simulation import (
    Plan,
    RuleNumbers,
    close_epoch,
    first_epoch,
    make_exchange,
)
from quantamm_cli.competition.statistics import Numbers
from quantamm_cli.competition.trading import Exchange, Moment, Pools

_SMALL = 1e-6
"""Share of a reserve that is quoted to find a price."""


class Snapshot(NamedTuple):
    """The state after an event, or after each of several (m,): rows in the engine's order."""

    x: Array
    y: Array
    bid: Array
    ask: Array
    edge: Array
    weight: Array
    states: tuple[Any, ...]


class SplitEvents(NamedTuple):
    """Events (m,) with a price move and its arbitrage, or an order, never both."""

    price: Numbers
    """Negated where the step is not new."""
    order: Numbers
    step_new: NDArray[np.bool_]


def split_events(price: Numbers, order: Numbers) -> SplitEvents:
    """Events (m,); each that begins a step becomes two, both of which are events to the engine."""
    new = price > 0
    rows = np.repeat(np.arange(len(price)), np.where(new, 2, 1))
    second = np.concatenate([[False], rows[1:] == rows[:-1]]) | ~new[rows]
    signed = np.where(second, -np.abs(price[rows]), price[rows])
    return SplitEvents(signed, np.where(second, order[rows], 0.0), ~second)


def trace(
    plan: Plan,
    strategies: tuple[Any, ...],
    rule_numbers: RuleNumbers,
    liquidity: Array,
    fee: Array,
    epochs: Sequence[SplitEvents],
) -> list[Snapshot]:
    """For each epoch the snapshots at its beginning and after each of its events."""
    exchange = make_exchange(plan, strategies, rule_numbers, 1)
    start = first_epoch(exchange, rule_numbers, liquidity, fee)
    snapshots = []
    for index, events in enumerate(epochs):
        number = jnp.asarray(index, jnp.int32)
        moment = Moment(number, jnp.asarray(index * plan.epoch_length, jnp.int32))
        price, order = jnp.asarray(events.price), jnp.asarray(events.order)
        pools, of_epoch = _epoch(plan, strategies, rule_numbers, start.pools, price, order, moment)
        snapshots.append(jax.tree.map(np.asarray, of_epoch))
        start, _ = close_epoch(
            plan,
            exchange,
            rule_numbers,
            start._replace(pools=pools),
            jnp.abs(price[-1:]),
            number,
            jnp.asarray(index < len(epochs) - 1),
        )
    return snapshots


@partial(jax.jit, static_argnums=0)
def _epoch(
    plan: Plan,
    strategies: Any,
    rule_numbers: RuleNumbers,
    pools: Pools,
    price: Array,
    order: Array,
    moment: Moment,
) -> tuple[Pools, Snapshot]:
    exchange = make_exchange(plan, strategies, rule_numbers, 1)

    def snapshot(pools: Pools) -> Snapshot:
        bid, ask = _prices(exchange, pools)
        tally = pools.tally
        states = tuple(memory.state for memory in pools.memories)
        edge = tally.arb_edge + tally.retail_edge
        x, y, bid, ask, edge, weight = (
            value[:, 0] for value in (pools.x, pools.y, bid, ask, edge, pools.weight)
        )
        return Snapshot(x, y, bid, ask, edge, weight, states)

    def one(pools: Pools, row: tuple[Array, Array]) -> tuple[Pools, Snapshot]:
        pools = exchange.event(pools, row[0][None], row[1][None], moment)
        return pools, snapshot(pools)

    before = snapshot(pools)
    pools, after = jax.lax.scan(one, pools, (price, order))
    return pools, jax.tree.map(
        lambda head, tail: jnp.concatenate([jnp.asarray(head)[None], tail]), before, after
    )


def _prices(exchange: Exchange, pools: Pools) -> tuple[Array, Array]:
    """Bid and ask of every pool for a small trade, ``(a, 1)`` each."""
    curves = exchange.curves
    bids, asks = [], []
    for batch, memory in zip(exchange.batches, pools.memories, strict=True):
        if batch.group.curve:
            x, y = pools.x[batch.rows], pools.y[batch.rows]
            quote = batch.quote(memory)
            bids.append(quote(jnp.zeros(1, bool), _SMALL * x, x, y) / (_SMALL * x))
            asks.append(_SMALL * y / quote(jnp.ones(1, bool), _SMALL * y, x, y))
    spot = pools.y[curves:] / pools.x[curves:]
    bids.append(spot * pools.keep_sell)
    asks.append(spot / pools.keep_buy)
    return jnp.concatenate(bids), jnp.concatenate(asks)
