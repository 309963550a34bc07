"""A simulation from its first step to its last: epochs of events, and moves of capital between."""

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
from quantamm_cli.competition.strategy_batch import Memory, StrategyBatch, over_lanes
from quantamm_cli.competition.trading import Exchange, Moment, Pools, initial_pools


@dataclass(frozen=True)
class Plan:
    """The inputs for which a program is compiled: groups, kinds of rules, number of points."""

    groups: tuple[Group, ...]
    points: int
    epoch_length: int
    """0: no epochs."""
    score: Literal["per_capital", "absolute"]
    weights: Literal["softmax", "spread"]
    noise_temperature: bool
    """Whether the temperature is the standard error of the scores."""

    @property
    def order(self) -> tuple[int, ...]:
        """The place in the line-up of each row."""
        return tuple(member for group in self.groups for member in group.members)


class RuleNumbers(NamedTuple):
    """The rules that are numbers, which no program is compiled for; on the host at first."""

    base: Array | NDArray[np.float64]
    """``(2,)``"""
    least: Least
    temperature: Array | float
    floor: Array | float
    risk_aversion: Array | float


class EventBatch(NamedTuple):
    """The events of s simulations, as in :class:`quantamm_cli.competition.events.Events`, and the
    normaliser's settings, ``(s,)`` each.
    """

    price: Array
    order: Array
    counts: Array
    normaliser_fee: Array
    normaliser_liquidity: Array


class EpochResult(NamedTuple):
    """The edge of all rows in an epoch, and the scores and weights of the strategies."""

    edge: Rows
    score: Rows
    weight: Rows


class FinalState(NamedTuple):
    """The result of all simulations. Simulations are the first axis of each array, points the last
    one.
    """

    epochs: EpochResult
    pools: Pools


class EpochStart(NamedTuple):
    """Carried from epoch to epoch."""

    pools: Pools
    edge: Rows
    """Sum of the edge of all earlier epochs."""
    value: Rows
    """Value of the strategies' reserves when the epoch began."""


def play(
    plan: Plan,
    strategies: tuple[Any, ...],
    batch: EventBatch,
    rule_numbers: RuleNumbers,
    *,
    differentiable: bool = False,
) -> FinalState:
    """All lanes, from the first event to the last. Pure."""
    lanes = plan.points * len(batch.normaliser_fee)
    exchange = make_exchange(plan, strategies, rule_numbers, lanes, differentiable)

    def widen(values: Array) -> Lanes:
        """From simulations to lanes: points first."""
        return jnp.broadcast_to(values, (plan.points, len(values))).reshape(lanes)

    liquidity, fee = widen(batch.normaliser_liquidity), widen(batch.normaliser_fee)
    epochs = len(batch.price)
    loop = _differentiable if differentiable else _forward

    def epoch(start: EpochStart, number: Array) -> tuple[EpochStart, EpochResult]:
        moment = Moment(number, number * plan.epoch_length)

        def event(pools: Pools, price: Array, order: Array) -> Pools:
            return exchange.event(pools, widen(price), widen(order), moment)

        start = start._replace(pools=loop(batch, number, event, start.pools))
        last = jnp.maximum(batch.counts[number] - 1, 0)[None]
        price = widen(jnp.abs(jnp.take_along_axis(batch.price[number], last, 0)[0]))
        return close_epoch(plan, exchange, rule_numbers, start, price, number, number < epochs - 1)

    end, results = jax.lax.scan(
        epoch,
        first_epoch(exchange, rule_numbers, liquidity, fee),
        jnp.arange(epochs, dtype=jnp.int32),
    )
    memories = tuple(
        _final_memory(group, memory, end.pools)
        for group, memory in zip(exchange.batches, end.pools.memories, strict=True)
    )

    def simulations_first(leaf: Array) -> Array:
        return jnp.moveaxis(leaf.reshape(*leaf.shape[:-1], plan.points, -1), -1, 0)

    final = FinalState(results, end.pools._replace(memories=memories))
    reordered: FinalState = jax.tree.map(simulations_first, final)
    return reordered


def make_exchange(
    plan: Plan,
    strategies: tuple[Any, ...],
    rule_numbers: RuleNumbers,
    lanes: int,
    differentiable: bool = False,
) -> Exchange:
    """The exchange, with its rows assigned to the groups in their order."""
    batches, first = [], 0
    for group, strategy in zip(plan.groups, strategies, strict=True):
        settings = jax.tree.map(lambda leaf: over_lanes(leaf, lanes), strategy)
        batches.append(StrategyBatch(group, settings, first, lanes))
        first += len(group.members)
    squares = plan.noise_temperature
    return Exchange(tuple(batches), plan.order, rule_numbers.least, squares, differentiable)


def first_epoch(
    exchange: Exchange, rule_numbers: RuleNumbers, liquidity: Lanes, fee: Lanes
) -> EpochStart:
    """Before the first step. ``liquidity`` and ``fee`` are the normaliser's."""
    base = rule_numbers.base
    scale = jnp.concatenate([jnp.ones((len(exchange.order), *liquidity.shape)), liquidity[None]])
    pools = initial_pools(exchange, scale * base[0], scale * base[1], 1 - fee)
    return EpochStart(pools, jnp.zeros_like(pools.x), 2 * pools.y[:-1])


def _forward(
    batch: EventBatch, number: Array, event: Callable[[Pools, Lanes, Lanes], Pools], pools: Pools
) -> Pools:
    """The events of an epoch; as many as the simulation with the most events has."""

    def step(place: Array, pools: Pools) -> Pools:
        return event(pools, batch.price[number, place], batch.order[number, place])

    after: Pools = jax.lax.fori_loop(0, batch.counts[number].max(), step, pools)
    return after


def _differentiable(
    batch: EventBatch, number: Array, event: Callable[[Pools, Lanes, Lanes], Pools], pools: Pools
) -> Pools:
    """The same in a loop of fixed length, the room for events, with reverse-mode derivatives."""
    rows = (batch.price[number], batch.order[number])

    def step(pools: Pools, row: tuple[Lanes, Lanes]) -> tuple[Pools, None]:
        return event(pools, *row), None

    return _scanned(step, pools, rows)


def _scanned(
    step: Callable[[Pools, Any], tuple[Pools, None]], pools: Pools, rows: tuple[Array, Array]
) -> Pools:
    """A scan in blocks of about the square root of its length; derivatives store the first state of
    each block only, and compute the others again.
    """
    length = len(rows[0])
    block = max(1, int(length**0.5))
    in_blocks = length // block * block

    def over_block(pools: Pools, rows: Any) -> tuple[Pools, None]:
        return jax.lax.scan(step, pools, rows)

    blocks = jax.tree.map(lambda leaf: leaf[:in_blocks].reshape(-1, block, *leaf.shape[1:]), rows)
    pools, _ = jax.lax.scan(jax.checkpoint(over_block), pools, blocks)
    pools, _ = over_block(pools, jax.tree.map(lambda leaf: leaf[in_blocks:], rows))
    return pools


def close_epoch(
    plan: Plan,
    exchange: Exchange,
    rule_numbers: RuleNumbers,
    start: EpochStart,
    price: Lanes,
    number: Array,
    more: Array,
) -> tuple[EpochStart, EpochResult]:
    """Score an epoch and, if there are ``more``, move capital and call the strategies' hooks.

    ``start``: the epoch's own, with the pools at its end.
    """
    pools = start.pools
    total = pools.tally.arb_edge + pools.tally.retail_edge
    edge = total - start.edge
    unit = start.value / 1e4 if plan.score == "per_capital" else jnp.ones_like(start.value)
    earned = edge[:-1] / unit
    scores = capital.score(earned, rule_numbers.risk_aversion)
    temperature = rule_numbers.temperature
    if plan.noise_temperature:
        temperature = capital.noise(
            earned, pools.tally.squares[:-1] / unit**2, rule_numbers.risk_aversion
        )
    alive = jnp.concatenate([memory.alive for memory in pools.memories])
    weight = capital.weights(
        jnp.where(alive, scores, -jnp.inf), temperature, rule_numbers.floor, plan.weights
    )
    result = EpochResult(edge, scores, weight)
    if not plan.epoch_length:
        return start, result
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
    pools = _call_epoch_hooks(exchange, pools, edge, total, growth, number, more)
    return EpochStart(pools, total, x * price + y), result


def _call_epoch_hooks(
    exchange: Exchange,
    pools: Pools,
    edge: Rows,
    total: Rows,
    growth: Rows,
    number: Array,
    more: Array,
) -> Pools:
    """Call ``on_epoch`` of the strategies that have it; their new fees take effect at once."""
    if not any(batch.group.hears_epochs for batch in exchange.batches):
        return pools
    memories = list(pools.memories)
    for index, batch in enumerate(exchange.batches):
        if batch.group.hears_epochs:
            rows = batch.rows
            view = Epoch(
                batch.reserves(pools.x, pools.y),
                number,
                edge[rows],
                total[rows],
                pools.weight[rows],
                growth[rows],
                len(exchange.order) + 1,
                batch.places,
            )
            memories[index] = batch.on_epoch(memories[index], view, more)
    return exchange.update_fees(pools._replace(memories=tuple(memories)))


def _final_memory(batch: StrategyBatch, memory: Memory, pools: Pools) -> Memory:
    """The memory with explained fee faults, and without states."""
    if not batch.group.curve:
        memory = batch.explain_fee_faults(memory, pools.x[batch.rows], pools.y[batch.rows])
    return memory._replace(state=())
