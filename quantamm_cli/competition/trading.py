"""One event: a price that moved and the arbitrage it brings, an order and its
split, and who is told what.
"""

from dataclasses import dataclass
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool

from quantamm_cli.competition import arbitrage, routing
from quantamm_cli.competition.arbitrage import Least
from quantamm_cli.competition.fill import Fill, Lanes, Rows, settled, sided
from quantamm_cli.competition.marginal_price import NOTHING, Line, Slope, slope, straight
from quantamm_cli.competition.strategy import Swap, Tick
from quantamm_cli.competition.strategy_batch import Memory, Seats, others


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
    """Of edges, since the epoch began."""
    checked: Lanes
    worse: Lanes


class Pools(NamedTuple):
    """All that changes. Rows: curves, constant-product strategies, the normaliser."""

    x: Rows
    y: Rows
    keep_buy: Rows
    """What counts of a payment of Y, of the c constant-product pools."""
    keep_sell: Rows
    memories: tuple[Memory, ...]
    weight: Rows
    """``(n, l)`` shares of the strategies' capital."""
    step: Lanes
    tally: Tally


class Moment(NamedTuple):
    """Where an event stands in time."""

    epoch: Array
    opened: Array
    """The step at which the epoch began."""


@dataclass(frozen=True)
class Exchange:
    """Who sits where, and what does not change in a competition."""

    seats: tuple[Seats, ...]
    order: tuple[int, ...]
    least: Least
    squares: bool
    """Whether edges are squared, for the noise of epoch scores."""
    differentiable: bool = False
    """Whether derivatives pass through what is solved for."""

    @property
    def curves(self) -> int:
        """How many rows quote curves."""
        return sum(seats.count for seats in self.seats if seats.group.curve)

    def event(self, pools: Pools, price: Lanes, order: Lanes, moment: Moment) -> Pools:
        """Everything that happens at one event of each lane; ``price`` is negated
        where the step is not new.
        """
        new, price = price > 0, jnp.abs(price)
        pools = self._begun(pools._replace(step=pools.step + new), new, moment)
        pools = self._arbitraged(pools, price, new, moment)
        return self._served(pools, price, order, moment)

    def _begun(self, pools: Pools, new: Bool[Array, " l"], moment: Moment) -> Pools:
        """Strategies that listen to steps are told of one; their new fees hold from now."""
        if not any(seats.group.hears_steps for seats in self.seats):
            return pools
        memories = list(pools.memories)
        for place, seats in enumerate(self.seats):
            if seats.group.hears_steps:
                view = Tick(
                    seats.held(pools.x, pools.y),
                    *self._when(pools, moment),
                    len(self.order) + 1,
                    seats.places,
                )
                memories[place] = seats.begun(memories[place], view, new)
        return self.refeed(pools._replace(memories=tuple(memories)))

    def _arbitraged(
        self, pools: Pools, price: Lanes, new: Bool[Array, " l"], moment: Moment
    ) -> Pools:
        curves, memories, fills = self.curves, list(pools.memories), []
        for place, seats in enumerate(self.seats):
            if seats.group.curve:
                x, y = pools.x[seats.rows], pools.y[seats.rows]
                asked = arbitrage.of_curve(
                    seats.quote(memories[place]),
                    x,
                    y,
                    price,
                    self.least,
                    seats.group.smooth,
                    self.differentiable,
                )
                asked = asked._replace(
                    paid=jnp.where(new, asked.paid, 0), got=jnp.where(new, asked.got, 0)
                )
                memories[place], fill = seats.judged(memories[place], asked, x, y, pools.step)
                fills.append(fill)
        keeps = pools.keep_buy, pools.keep_sell
        fills.append(
            arbitrage.constant_product(
                pools.x[curves:], pools.y[curves:], *keeps, price, self.least, new
            )
        )
        fill = _together(fills)
        pools = self._moved(pools._replace(memories=tuple(memories)), fill, price, "arb")
        capital = pools.tally.capital + jnp.where(new, pools.x * price + pools.y, 0)
        pools = pools._replace(tally=pools.tally._replace(capital=capital))
        return self._told(pools, fill, jnp.zeros_like(price), moment)

    def _served(self, pools: Pools, price: Lanes, order: Lanes, moment: Moment) -> Pools:
        buys = order > 0
        amount = jnp.where(buys, order, -order / price)
        curves, memories, fills = self.curves, list(pools.memories), []
        keep = jnp.where(buys, pools.keep_buy, pools.keep_sell)
        x, y = pools.x[curves:], pools.y[curves:]
        lines = straight(buys, x, y, keep)
        if curves:
            paid, beaten = self._solved(pools, buys, amount, lines, keep)
            tally = pools.tally
            tally = tally._replace(
                checked=tally.checked + (order != 0), worse=tally.worse + (beaten & (order != 0))
            )
            pools = pools._replace(tally=tally)
        else:
            paid = routing.split(amount, lines)
        for place, seats in enumerate(self.seats):
            if seats.group.curve:
                rows = paid[seats.rows], pools.x[seats.rows], pools.y[seats.rows]
                asked = Fill(
                    buys,
                    rows[0],
                    jnp.where(rows[0] > 0, seats.quote(memories[place])(buys, *rows), 0),
                )
                memories[place], fill = seats.judged(memories[place], asked, *rows[1:], pools.step)
                fills.append(fill)
        fills.append(Fill(buys, paid[curves:], _constant_product(buys, paid[curves:], x, y, keep)))
        fill = _together(fills)
        pools = self._moved(pools._replace(memories=tuple(memories)), fill, price, "retail")
        return self._told(pools, fill, amount, moment)

    def _solved(
        self, pools: Pools, buys: Bool[Array, " l"], amount: Lanes, lines: Line, keep: Rows
    ) -> tuple[Rows, Bool[Array, " l"]]:
        """The split among pools some of which quote curves, and whether
        another is seen to pay more.
        """
        curved = [
            (seats, seats.quote(memory))
            for seats, memory in zip(self.seats, pools.memories, strict=True)
            if seats.group.curve
        ]
        x, y = pools.x[self.curves :], pools.y[self.curves :]

        def quotes(paid: Rows) -> Rows:
            parts = [
                quote(buys, paid[seats.rows], pools.x[seats.rows], pools.y[seats.rows])
                for seats, quote in curved
            ]
            return jnp.concatenate(
                [*parts, _constant_product(buys, paid[self.curves :], x, y, keep)]
            )

        def slopes(paid: Rows) -> Slope:
            parts = [
                slope(quote, buys, paid[seats.rows], pools.x[seats.rows], pools.y[seats.rows])
                for seats, quote in curved
            ]
            return Slope(*(jnp.concatenate(column) for column in zip(*parts, strict=True)))

        if all(seats.group.smooth for seats, _ in curved):
            reserve = sided(buys, pools.x[: self.curves], pools.y[: self.curves])[1]
            paid = routing.of_curves(amount, slopes, reserve, lines, self.differentiable)
        else:
            paid = routing.by_search(amount, quotes, len(pools.x))
        return paid, routing.beaten(amount, paid, quotes)

    def _moved(self, pools: Pools, fill: Fill, price: Lanes, kind: str) -> Pools:
        """Reserves and sums after fills at once."""
        dx, dy = fill.change
        edge, tally = dx * price + dy, pools.tally
        sums = {
            "edge": edge,
            "volume": jnp.where(fill.buys, fill.paid, fill.paid * price),
            "fills": fill.paid > 0,
        }
        tally = tally._replace(
            **{
                f"{kind}_{name}": getattr(tally, f"{kind}_{name}") + value
                for name, value in sums.items()
            }
        )
        if self.squares:
            tally = tally._replace(squares=tally.squares + edge**2)
        return pools._replace(x=pools.x + dx, y=pools.y + dy, tally=tally)

    def _told(self, pools: Pools, fill: Fill, order: Lanes, moment: Moment) -> Pools:
        """Strategies that were filled and listen remember what they want to;
        their new fees hold from now.
        """
        if not any(seats.group.hears_swaps for seats in self.seats):
            return pools
        spots = self._spots(pools)
        memories = list(pools.memories)
        flow = fill.paid / jnp.where(order > 0, order, 1) * (order > 0)
        for place, seats in enumerate(self.seats):
            if not seats.group.hears_swaps:
                continue
            rows = seats.rows
            view = Swap(
                jnp.broadcast_to(fill.buys, fill.paid.shape)[rows],
                fill.paid[rows],
                fill.got[rows],
                seats.held(pools.x, pools.y),
                *self._when(pools, moment),
                len(self.order) + 1,
                seats.places,
                flow[rows],
                pools.weight[rows],
                jnp.swapaxes(spots[others(self.order, seats.group.members)], 0, 1),
            )
            memories[place] = seats.told(memories[place], view, fill.paid[rows] > 0)
        return self.refeed(pools._replace(memories=tuple(memories)))

    def refeed(self, pools: Pools, all_of_them: bool = False) -> Pools:
        """The fees of constant-product strategies that may have changed
        them; of all, at the start.
        """
        memories, buys, sells = list(pools.memories), [], []
        for place, seats in enumerate(self.seats):
            if seats.group.curve:
                continue
            own = slice(seats.first - self.curves, seats.first - self.curves + seats.count)
            buy, sell = pools.keep_buy[own], pools.keep_sell[own]
            if all_of_them or seats.group.may_change:
                buy, sell, memories[place] = seats.keep(memories[place], pools.step)
            buys.append(buy)
            sells.append(sell)
        buy, sell = (
            jnp.concatenate([*rows, kept[-1:]])
            for rows, kept in ((buys, pools.keep_buy), (sells, pools.keep_sell))
        )
        return pools._replace(memories=tuple(memories), keep_buy=buy, keep_sell=sell)

    def _when(self, pools: Pools, moment: Moment) -> tuple[Array, Array, Array]:
        """Step, step of the epoch, and epoch."""
        return (
            pools.step,
            pools.step - moment.opened,
            jnp.broadcast_to(moment.epoch, pools.step.shape),
        )

    def _spots(self, pools: Pools) -> Rows:
        """The price of every pool, as others see it."""
        parts = []
        for seats, memory in zip(self.seats, pools.memories, strict=True):
            parts.append(seats.spots(memory, pools.x[seats.rows], pools.y[seats.rows]))
        return jnp.concatenate([*parts, pools.y[-1:] / pools.x[-1:]])


def _constant_product(buys: Bool[Array, " l"], paid: Rows, x: Rows, y: Rows, keep: Rows) -> Rows:
    """What constant-product pools give; nothing for nothing, whatever they keep."""
    counted = paid * keep
    into, out_of = jnp.where(buys, y, x), jnp.where(buys, x, y)
    return out_of * counted / (into + counted)


def _together(fills: list[Fill]) -> Fill:
    """Fills of all rows."""
    if len(fills) == 1:
        return fills[0]
    shapes = [fill.paid.shape for fill in fills]
    together = Fill(
        jnp.concatenate(
            [jnp.broadcast_to(fill.buys, shape) for fill, shape in zip(fills, shapes, strict=True)]
        ),
        jnp.concatenate([fill.paid for fill in fills]),
        jnp.concatenate([fill.got for fill in fills]),
    )
    return settled(together)


def empty(rows: int, lanes: int) -> Tally:
    """Sums of nothing."""
    zeros = jnp.zeros((rows, lanes))
    return Tally(*[zeros] * 8, *[jnp.zeros(lanes)] * 2)


def opened(exchange: Exchange, x: Rows, y: Rows, keep_normaliser: Lanes) -> Pools:
    """Pools at the start of a simulation, before its first step."""
    count, lanes = len(exchange.order), x.shape[1]
    rows = count - exchange.curves
    keep = jnp.concatenate([jnp.full((rows, lanes), NOTHING), keep_normaliser[None]])
    memories = tuple(seats.opening() for seats in exchange.seats)
    step = jnp.zeros(lanes, jnp.int32)
    pools = Pools(
        x,
        y,
        keep,
        keep,
        memories,
        jnp.full((count, lanes), 1 / count),
        step,
        empty(count + 1, lanes),
    )
    pools = exchange.refeed(pools, all_of_them=True)
    return pools._replace(step=step - 1)
