"""A simulation from its first step to its last: epochs of events,
and what becomes of capital between them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from quantamm_cli.competition import capital
from quantamm_cli.competition.arbitrage import Least
from quantamm_cli.competition.fill import Lanes, Rows
from quantamm_cli.competition.lineup import Group
from quantamm_cli.competition.strategy import Epoch
from quantamm_cli.competition.strategy_batch import Memory, Seats, spread
from quantamm_cli.competition.trading import Exchange, Moment, Pools, opened


@dataclass(frozen=True)
class Plan:
    """What shapes a program: who competes, by what kind of rules,
    over how many parameter points.
    """

    groups: tuple[Group, ...]
    points: int
    epoch_length: int
    """0: no epochs."""
    score: Literal["per_capital", "absolute"]
    weights: Literal["softmax", "spread"]
    own_noise: bool
    """Whether the temperature is the noise of the scores."""

    @property
    def order(self) -> tuple[int, ...]:
        """The place in the line-up of each row."""
        return tuple(member for group in self.groups for member in group.members)


class Numbers(NamedTuple):
    """Rules that are numbers, on the host until a program takes them."""

    base: Array | NDArray[np.float64]
    """``(2,)``"""
    least: Least
    temperature: Array | float
    floor: Array | float
    risk_aversion: Array | float


class EventBatch(NamedTuple):
    """What happens, for s simulations: events as in ``events``,
    and the normaliser, ``(s,)`` each.
    """

    price: Array
    order: Array
    events: Array
    normaliser_fee: Array
    normaliser_liquidity: Array


class Closed(NamedTuple):
    """What an epoch leaves: the edge of all rows, scores and weights of strategies."""

    edge: Rows
    score: Rows
    weight: Rows


class Left(NamedTuple):
    """What a competition leaves; simulations first, then points, then what it is of."""

    epochs: Closed
    pools: Pools


class Open(NamedTuple):
    """Carried from epoch to epoch."""

    pools: Pools
    before: Rows
    """Edge before this epoch."""
    opening: Rows
    """Value of the strategies' reserves when it began."""


def play(
    plan: Plan,
    strategies: tuple[Any, ...],
    batch: EventBatch,
    numbers: Numbers,
    *,
    differentiable: bool = False,
) -> Left:
    """All lanes, from the first event to the last. Pure."""
    lanes = plan.points * len(batch.normaliser_fee)
    exchange = seated(plan, strategies, numbers, lanes, differentiable)

    def widen(values: Array) -> Lanes:
        """Of simulations, to lanes: points first."""
        return jnp.broadcast_to(values, (plan.points, len(values))).reshape(lanes)

    start = begun(exchange, numbers, widen(batch.normaliser_liquidity), widen(batch.normaliser_fee))
    epochs = len(batch.price)
    loop = _differentiable if differentiable else _forward

    def epoch(open_: Open, number: Array) -> tuple[Open, Closed]:
        moment = Moment(number, number * plan.epoch_length)
        pools = loop(
            batch,
            number,
            lambda pools, price, order: exchange.event(pools, widen(price), widen(order), moment),
            open_.pools,
        )
        last = jnp.maximum(batch.events[number] - 1, 0)[None]
        price = jnp.abs(jnp.take_along_axis(batch.price[number], last, 0)[0])
        return closed(
            plan,
            exchange,
            numbers,
            open_._replace(pools=pools),
            widen(price),
            number,
            number < epochs - 1,
        )

    done, epochs_closed = jax.lax.scan(epoch, start, jnp.arange(epochs, dtype=jnp.int32))
    memories = zip(exchange.seats, done.pools.memories, strict=True)
    pools = done.pools._replace(
        memories=tuple(_explained(seats, memory, done.pools) for seats, memory in memories)
    )

    def simulations_first(leaf: Array) -> Array:
        return jnp.moveaxis(leaf.reshape(*leaf.shape[:-1], plan.points, -1), -1, 0)

    left: Left = jax.tree.map(simulations_first, Left(epochs_closed, pools))
    return left


def seated(
    plan: Plan,
    strategies: tuple[Any, ...],
    numbers: Numbers,
    lanes: int,
    differentiable: bool = False,
) -> Exchange:
    """Everybody in their rows."""
    seats, first = [], 0
    for group, strategy in zip(plan.groups, strategies, strict=True):
        seats.append(
            Seats(group, jax.tree.map(lambda leaf: spread(leaf, lanes), strategy), first, lanes)
        )
        first += len(group.members)
    return Exchange(tuple(seats), plan.order, numbers.least, plan.own_noise, differentiable)


def begun(exchange: Exchange, numbers: Numbers, liquidity: Lanes, fee: Lanes) -> Open:
    """Before the first step. ``liquidity`` and ``fee`` are the normaliser's."""
    scale = jnp.concatenate([jnp.ones((len(exchange.order), *liquidity.shape)), liquidity[None]])
    pools = opened(exchange, scale * numbers.base[0], scale * numbers.base[1], 1 - fee)
    return Open(pools, jnp.zeros_like(pools.x), 2 * pools.y[:-1])


def _forward(
    batch: EventBatch, number: Array, event: Callable[[Pools, Lanes, Lanes], Pools], pools: Pools
) -> Pools:
    """The events of an epoch, as many as the simulation with most has."""

    def step(place: Array, pools: Pools) -> Pools:
        return event(pools, batch.price[number, place], batch.order[number, place])

    left: Pools = jax.lax.fori_loop(0, batch.events[number].max(), step, pools)
    return left


def _differentiable(
    batch: EventBatch, number: Array, event: Callable[[Pools, Lanes, Lanes], Pools], pools: Pools
) -> Pools:
    """The same, in a loop that derivatives can be taken back through:
    as long as there is room for events.
    """
    rows = (batch.price[number], batch.order[number])

    def step(pools: Pools, row: tuple[Lanes, Lanes]) -> tuple[Pools, None]:
        return event(pools, *row), None

    return _scanned(step, pools, rows)


def _scanned(
    step: Callable[[Pools, Any], tuple[Pools, None]], pools: Pools, rows: tuple[Array, Array]
) -> Pools:
    """Blocks of about the root of the length, of which only the first states are kept."""
    length = len(rows[0])
    block = max(1, int(length**0.5))
    whole = length // block * block

    def over_block(pools: Pools, rows: Any) -> tuple[Pools, None]:
        return jax.lax.scan(step, pools, rows)

    blocks = jax.tree.map(lambda leaf: leaf[:whole].reshape(-1, block, *leaf.shape[1:]), rows)
    pools, _ = jax.lax.scan(jax.checkpoint(over_block), pools, blocks)
    pools, _ = over_block(pools, jax.tree.map(lambda leaf: leaf[whole:], rows))
    return pools


def closed(
    plan: Plan,
    exchange: Exchange,
    numbers: Numbers,
    open_: Open,
    price: Lanes,
    number: Array,
    more: Array,
) -> tuple[Open, Closed]:
    """Score an epoch and, unless it is the last, move capital and tell of it."""
    pools = open_.pools
    total = pools.tally.arb_edge + pools.tally.retail_edge
    edge = total - open_.before
    unit = open_.opening / 1e4 if plan.score == "per_capital" else jnp.ones_like(open_.opening)
    earned = edge[:-1] / unit
    scores = capital.score(earned, numbers.risk_aversion)
    temperature = numbers.temperature
    if plan.own_noise:
        temperature = capital.noise(
            earned, pools.tally.squares[:-1] / unit**2, numbers.risk_aversion
        )
    alive = jnp.concatenate([memory.alive for memory in pools.memories])
    weight = capital.weights(
        jnp.where(alive, scores, -jnp.inf), temperature, numbers.floor, plan.weights
    )
    told = Closed(edge, scores, weight)
    if not plan.epoch_length:
        return open_._replace(pools=pools), told
    x, y = pools.x[:-1], pools.y[:-1]
    growth = jnp.where(more, capital.growth(x, y, price, weight), 1)
    x, y, weight = x * growth, y * growth, jnp.where(more, weight, pools.weight)
    tally = pools.tally._replace(squares=jnp.zeros_like(pools.tally.squares))
    pools = pools._replace(
        x=jnp.concatenate([x, pools.x[-1:]]),
        y=jnp.concatenate([y, pools.y[-1:]]),
        weight=weight,
        tally=tally,
    )
    return Open(
        _ended(exchange, pools, edge, total, growth, number, more), total, x * price + y
    ), told


def _ended(
    exchange: Exchange,
    pools: Pools,
    edge: Rows,
    total: Rows,
    growth: Rows,
    number: Array,
    more: Array,
) -> Pools:
    """Strategies that listen are told of the epoch; their new fees hold from now."""
    if not any(seats.group.hears_epochs for seats in exchange.seats):
        return pools
    memories = list(pools.memories)
    for place, seats in enumerate(exchange.seats):
        if seats.group.hears_epochs:
            rows = seats.rows
            view = Epoch(
                seats.held(pools.x, pools.y),
                number,
                edge[rows],
                total[rows],
                pools.weight[rows],
                growth[rows],
                len(exchange.order) + 1,
                seats.places,
            )
            memories[place] = seats.ended(memories[place], view, more)
    return exchange.refeed(pools._replace(memories=tuple(memories)))


def _explained(seats: Seats, memory: Memory, pools: Pools) -> Memory:
    """With what was wrong with the fees of those whose fees were wrong, and without states."""
    told = (
        memory
        if seats.group.curve
        else seats.faulty_fees(memory, pools.x[seats.rows], pools.y[seats.rows])
    )
    return told._replace(state=())
