"""One event: a price move and its arbitrage, an order and its split, and the strategies' hooks."""

from dataclasses import dataclass
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool

from quantamm_cli.competition import arbitrage, routing
from quantamm_cli.competition.arbitrage import Least
from quantamm_cli.competition.fill import Fill, Lanes, Rows, compute_once, sided
from quantamm_cli.competition.marginal_price import (
    NO_QUOTE,
    Line,
    Slope,
    constant_product_line,
    slope,
)
from quantamm_cli.competition.strategy import Swap, Tick
from quantamm_cli.competition.strategy_batch import Memory, StrategyBatch, other_rows


class Tally(NamedTuple):
    """Sums over fills, ``(a, l)``, and over orders, ``(l,)``."""

    arb_edge: Rows
    retail_edge: Rows
    arb_volume: Rows
    retail_volume: Rows
    arb_fills: Rows
    retail_fills: Rows
    capital: Rows
    squares: Rows
    """Sum of squared edges since the epoch began."""
    checked: Lanes
    worse: Lanes


class Pools(NamedTuple):
    """All that changes. Rows: curves, constant-product strategies, the normaliser."""

    x: Rows
    y: Rows
    keep_buy: Rows
    """One less the fee on payments of Y to the constant-product pools."""
    keep_sell: Rows
    """The same of payments of X."""
    memories: tuple[Memory, ...]
    weight: Rows
    """``(n, l)`` shares of the strategies' capital."""
    step: Lanes
    tally: Tally


class Moment(NamedTuple):
    """The epoch of an event."""

    epoch: Array
    first_step: Array


@dataclass(frozen=True)
class Exchange:
    """The strategies by row, and all that does not change in a competition."""

    batches: tuple[StrategyBatch, ...]
    order: tuple[int, ...]
    least: Least
    squares: bool
    """Whether to sum squared edges, for the noise of epoch scores."""
    differentiable: bool = False
    """Whether derivatives pass through the iterative solutions."""

    @property
    def curves(self) -> int:
        """Number of rows that quote curves."""
        return sum(batch.count for batch in self.batches if batch.group.curve)

    def event(self, pools: Pools, price: Lanes, order: Lanes, moment: Moment) -> Pools:
        """The pools after one event of each lane; ``price`` is negated if its step is not new."""
        new, price = price > 0, jnp.abs(price)
        pools = self._call_step_hooks(pools._replace(step=pools.step + new), new, moment)
        pools = self._arbitrage(pools, price, new, moment)
        return self._fill_order(pools, price, order, moment)

    def _call_step_hooks(self, pools: Pools, new: Bool[Array, " l"], moment: Moment) -> Pools:
        """Call ``on_step`` of the strategies that have it; their new fees take effect at once."""
        if not any(batch.group.hears_steps for batch in self.batches):
            return pools
        memories = list(pools.memories)
        for index, batch in enumerate(self.batches):
            if batch.group.hears_steps:
                reserves = batch.reserves(pools.x, pools.y)
                view = Tick(reserves, *self._time(pools, moment), len(self.order) + 1, batch.places)
                memories[index] = batch.on_step(memories[index], view, new)
        return self.update_fees(pools._replace(memories=tuple(memories)))

    def _arbitrage(
        self, pools: Pools, price: Lanes, new: Bool[Array, " l"], moment: Moment
    ) -> Pools:
        curves, memories, fills = self.curves, list(pools.memories), []
        for index, batch in enumerate(self.batches):
            if batch.group.curve:
                x, y = pools.x[batch.rows], pools.y[batch.rows]
                quote, smooth = batch.quote(memories[index]), batch.group.smooth
                fill = arbitrage.of_curve(
                    quote, x, y, price, self.least, smooth, self.differentiable
                )
                fill = fill._replace(
                    paid=jnp.where(new, fill.paid, 0), got=jnp.where(new, fill.got, 0)
                )
                memories[index], fill = batch.reject_faults(memories[index], fill, x, y, pools.step)
                fills.append(fill)
        factors = pools.keep_buy, pools.keep_sell
        fills.append(
            arbitrage.constant_product(
                pools.x[curves:], pools.y[curves:], *factors, price, self.least, new
            )
        )
        fill = _join_fills(fills)
        pools = self._apply_fills(pools._replace(memories=tuple(memories)), fill, price, "arb")
        capital = pools.tally.capital + jnp.where(new, pools.x * price + pools.y, 0)
        pools = pools._replace(tally=pools.tally._replace(capital=capital))
        return self._call_swap_hooks(pools, fill, jnp.zeros_like(price), moment)

    def _fill_order(self, pools: Pools, price: Lanes, order: Lanes, moment: Moment) -> Pools:
        buys = order > 0
        amount = jnp.where(buys, order, -order / price)
        curves, memories, fills = self.curves, list(pools.memories), []
        keep = jnp.where(buys, pools.keep_buy, pools.keep_sell)
        x, y = pools.x[curves:], pools.y[curves:]
        lines = constant_product_line(buys, x, y, keep)
        if curves:
            paid, worse = self._split_order(pools, buys, amount, lines, keep)
            tally = pools.tally
            tally = tally._replace(
                checked=tally.checked + (order != 0), worse=tally.worse + (worse & (order != 0))
            )
            pools = pools._replace(tally=tally)
        else:
            paid = routing.split(amount, lines)
        for index, batch in enumerate(self.batches):
            if batch.group.curve:
                rows = paid[batch.rows], pools.x[batch.rows], pools.y[batch.rows]
                got = jnp.where(rows[0] > 0, batch.quote(memories[index])(buys, *rows), 0)
                memories[index], fill = batch.reject_faults(
                    memories[index], Fill(buys, rows[0], got), *rows[1:], pools.step
                )
                fills.append(fill)
        fills.append(Fill(buys, paid[curves:], _constant_product(buys, paid[curves:], x, y, keep)))
        fill = _join_fills(fills)
        pools = self._apply_fills(pools._replace(memories=tuple(memories)), fill, price, "retail")
        return self._call_swap_hooks(pools, fill, amount, moment)

    def _split_order(
        self, pools: Pools, buys: Bool[Array, " l"], amount: Lanes, lines: Line, keep: Rows
    ) -> tuple[Rows, Bool[Array, " l"]]:
        """The split among pools with curves among them, and whether a split nearby pays more."""
        curved = [
            (batch.rows, batch.quote(memory))
            for batch, memory in zip(self.batches, pools.memories, strict=True)
            if batch.group.curve
        ]
        x, y = pools.x[self.curves :], pools.y[self.curves :]

        def quotes(paid: Rows) -> Rows:
            parts = [
                quote(buys, paid[rows], pools.x[rows], pools.y[rows]) for rows, quote in curved
            ]
            straight_part = _constant_product(buys, paid[self.curves :], x, y, keep)
            return jnp.concatenate([*parts, straight_part])

        def slopes(paid: Rows) -> Slope:
            parts = [
                slope(quote, buys, paid[rows], pools.x[rows], pools.y[rows])
                for rows, quote in curved
            ]
            return Slope(*map(jnp.concatenate, zip(*parts, strict=True)))

        if all(batch.group.smooth for batch in self.batches if batch.group.curve):
            reserve = sided(buys, pools.x[: self.curves], pools.y[: self.curves])[1]
            paid = routing.of_curves(amount, slopes, reserve, lines, self.differentiable)
        else:
            paid = routing.by_search(amount, quotes, len(pools.x))
        return paid, routing.better_split_exists(amount, paid, quotes)

    def _apply_fills(self, pools: Pools, fill: Fill, price: Lanes, kind: str) -> Pools:
        """Reserves and sums after simultaneous fills; ``kind`` is arb or retail."""
        dx, dy = fill.change
        edge, tally = dx * price + dy, pools.tally
        sums = {
            f"{kind}_edge": edge,
            f"{kind}_volume": jnp.where(fill.buys, fill.paid, fill.paid * price),
            f"{kind}_fills": fill.paid > 0,
        }
        tally = tally._replace(
            **{name: getattr(tally, name) + value for name, value in sums.items()}
        )
        if self.squares:
            tally = tally._replace(squares=tally.squares + edge**2)
        return pools._replace(x=pools.x + dx, y=pools.y + dy, tally=tally)

    def _call_swap_hooks(self, pools: Pools, fill: Fill, order: Lanes, moment: Moment) -> Pools:
        """Call ``after_swap`` of the strategies that were filled and have it; their new fees take
        effect at once.
        """
        if not any(batch.group.hears_swaps for batch in self.batches):
            return pools
        spots = self._spots(pools)
        memories = list(pools.memories)
        flow = fill.paid / jnp.where(order > 0, order, 1) * (order > 0)
        for index, batch in enumerate(self.batches):
            if not batch.group.hears_swaps:
                continue
            rows = batch.rows
            view = Swap(
                jnp.broadcast_to(fill.buys, fill.paid.shape)[rows],
                fill.paid[rows],
                fill.got[rows],
                batch.reserves(pools.x, pools.y),
                *self._time(pools, moment),
                len(self.order) + 1,
                batch.places,
                flow[rows],
                pools.weight[rows],
                jnp.swapaxes(spots[other_rows(self.order, batch.group.members)], 0, 1),
            )
            memories[index] = batch.after_swap(memories[index], view, fill.paid[rows] > 0)
        return self.update_fees(pools._replace(memories=tuple(memories)))

    def update_fees(self, pools: Pools, every: bool = False) -> Pools:
        """Ask constant-product strategies for their fees: those that may have changed them, or
        ``every`` one.
        """
        memories, buys, sells = list(pools.memories), [], []
        for index, batch in enumerate(self.batches):
            if batch.group.curve:
                continue
            rows = slice(batch.first - self.curves, batch.first - self.curves + batch.count)
            buy, sell = pools.keep_buy[rows], pools.keep_sell[rows]
            if every or batch.group.may_change:
                buy, sell, memories[index] = batch.fee_factors(memories[index], pools.step)
            buys.append(buy)
            sells.append(sell)
        return pools._replace(
            memories=tuple(memories),
            keep_buy=jnp.concatenate([*buys, pools.keep_buy[-1:]]),
            keep_sell=jnp.concatenate([*sells, pools.keep_sell[-1:]]),
        )

    def _time(self, pools: Pools, moment: Moment) -> tuple[Array, Array, Array]:
        """Step, step of the epoch, and epoch."""
        epoch = jnp.broadcast_to(moment.epoch, pools.step.shape)
        return pools.step, pools.step - moment.first_step, epoch

    def _spots(self, pools: Pools) -> Rows:
        """The spot price of every pool, as the others see it."""
        parts = []
        for batch, memory in zip(self.batches, pools.memories, strict=True):
            parts.append(batch.spots(memory, pools.x[batch.rows], pools.y[batch.rows]))
        return jnp.concatenate([*parts, pools.y[-1:] / pools.x[-1:]])


def _constant_product(buys: Bool[Array, " l"], paid: Rows, x: Rows, y: Rows, keep: Rows) -> Rows:
    """What constant-product pools give; zero for zero, whatever their fee."""
    counted = paid * keep
    into, out_of = jnp.where(buys, y, x), jnp.where(buys, x, y)
    return out_of * counted / (into + counted)


def _join_fills(fills: list[Fill]) -> Fill:
    """The fills of all rows, from those of each batch."""
    if len(fills) == 1:
        return fills[0]
    joined = Fill(
        jnp.concatenate([jnp.broadcast_to(fill.buys, fill.paid.shape) for fill in fills]),
        jnp.concatenate([fill.paid for fill in fills]),
        jnp.concatenate([fill.got for fill in fills]),
    )
    return compute_once(joined)


def empty_tally(rows: int, lanes: int) -> Tally:
    """A tally of zeros."""
    zeros = jnp.zeros((rows, lanes))
    return Tally(*[zeros] * 8, *[jnp.zeros(lanes)] * 2)


def initial_pools(exchange: Exchange, x: Rows, y: Rows, keep_normaliser: Lanes) -> Pools:
    """Pools at the start of a simulation, before its first step."""
    count, lanes = len(exchange.order), x.shape[1]
    rows = count - exchange.curves
    keep = jnp.concatenate([jnp.full((rows, lanes), NO_QUOTE), keep_normaliser[None]])
    memories = tuple(batch.initial_memory() for batch in exchange.batches)
    weight, tally = jnp.full((count, lanes), 1 / count), empty_tally(count + 1, lanes)
    step = jnp.zeros(lanes, jnp.int32)
    pools = Pools(x, y, keep, keep, memories, weight, step, tally)
    pools = exchange.update_fees(pools, every=True)
    return pools._replace(step=step - 1)
