"""The engine's own events of one simulation, cut in two and looked at after each half: an
arbitrage, then an order.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from quantamm_cli.competition.simulation import Numbers as RuleNumbers
from quantamm_cli.competition.simulation import Plan, begun, closed, seated
from quantamm_cli.competition.statistics import Numbers
from quantamm_cli.competition.trading import Exchange, Moment, Pools

_SMALL = 1e-6
"""Share of a reserve that a price is asked for."""


class Seen(NamedTuple):
    """After an event: rows as the engine has them, one lane."""

    x: Array
    y: Array
    bid: Array
    ask: Array
    edge: Array
    weight: Array
    states: tuple[Any, ...]


class Half(NamedTuple):
    """Events cut in two: a price and its arbitrage; an order."""

    price: Numbers
    order: Numbers
    step_new: NDArray[np.bool_]


def halves(price: Numbers, order: Numbers) -> Half:
    """Events (m,), each cut in two where a step begins with it;
    the engine takes both halves for events.
    """
    new = price > 0
    rows = np.repeat(np.arange(len(price)), np.where(new, 2, 1))
    second = np.concatenate([[False], rows[1:] == rows[:-1]]) | ~new[rows]
    cut = np.where(second, -np.abs(price[rows]), price[rows])
    return Half(cut, np.where(second, order[rows], 0.0), ~second)


def watched(
    plan: Plan,
    strategies: tuple[Any, ...],
    numbers: RuleNumbers,
    liquidity: Array,
    fee: Array,
    epochs: Sequence[tuple[Numbers, Numbers]],
) -> list[Seen]:
    """What is seen when an epoch opens and after each half event, epoch by epoch."""
    exchange = seated(plan, strategies, numbers, 1)
    open_ = begun(exchange, numbers, liquidity, fee)
    seen = []
    for number, (price, order) in enumerate(epochs):
        moment = Moment(
            jnp.asarray(number, jnp.int32), jnp.asarray(number * plan.epoch_length, jnp.int32)
        )
        pools, one = _epoch(
            plan, strategies, numbers, open_.pools, jnp.asarray(price), jnp.asarray(order), moment
        )
        seen.append(jax.tree.map(np.asarray, one))
        more = jnp.asarray(number < len(epochs) - 1)
        fair = jnp.abs(jnp.asarray(price[-1:]))
        open_, _ = closed(
            plan,
            exchange,
            numbers,
            open_._replace(pools=pools),
            fair,
            jnp.asarray(number, jnp.int32),
            more,
        )
    return seen


@partial(jax.jit, static_argnums=0)
def _epoch(
    plan: Plan,
    strategies: Any,
    numbers: RuleNumbers,
    pools: Pools,
    price: Array,
    order: Array,
    moment: Moment,
) -> tuple[Pools, Seen]:
    exchange = seated(plan, strategies, numbers, 1)

    def look(pools: Pools) -> Seen:
        bid, ask = _prices(exchange, pools)
        tally = pools.tally
        states = tuple(memory.state for memory in pools.memories)
        edge = tally.arb_edge + tally.retail_edge
        x, y, bid, ask, edge, weight = (
            value[:, 0] for value in (pools.x, pools.y, bid, ask, edge, pools.weight)
        )
        return Seen(x, y, bid, ask, edge, weight, states)

    def one(pools: Pools, row: tuple[Array, Array]) -> tuple[Pools, Seen]:
        pools = exchange.event(pools, row[0][None], row[1][None], moment)
        return pools, look(pools)

    before = look(pools)
    pools, after = jax.lax.scan(one, pools, (price, order))
    return pools, jax.tree.map(
        lambda head, tail: jnp.concatenate([jnp.asarray(head)[None], tail]), before, after
    )


def _prices(exchange: Exchange, pools: Pools) -> tuple[Array, Array]:
    """What a small trade pays and costs at every pool, ``(a, 1)`` each."""
    curves = exchange.curves
    bids, asks = [], []
    for seats, memory in zip(exchange.seats, pools.memories, strict=True):
        if seats.group.curve:
            x, y = pools.x[seats.rows], pools.y[seats.rows]
            quote = seats.quote(memory)
            bids.append(quote(jnp.zeros(1, bool), _SMALL * x, x, y) / (_SMALL * x))
            asks.append(_SMALL * y / quote(jnp.ones(1, bool), _SMALL * y, x, y))
    spot = pools.y[curves:] / pools.x[curves:]
    bids.append(spot * pools.keep_sell)
    asks.append(spot / pools.keep_buy)
    return jnp.concatenate(bids), jnp.concatenate(asks)
