"""Geometric mean pools: a trade without fees does not change prod R_i^w_i at the weights of its
minute.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from quantamm_cli.core.arbitrage import leg
from quantamm_cli.core.executor import compiled
from quantamm_cli.core.minute import Minute, minutes, window
from quantamm_cli.core.prefix import cumulative
from quantamm_cli.core.quotes import Pair, Quotes, Scalar, paid_first
from quantamm_cli.core.quotes import State as QuoteState
from quantamm_cli.core.swap import out_given_in, weighted_price
from quantamm_cli.core.trading import geometric_swap, traded
from quantamm_cli.core.types import Feed, Params, Path, Snapshot
from quantamm_cli.kernels.frictions.jax_ops import LoopResult, Plan, minute_loop
from quantamm_cli.kernels.operands import Blocks, Volumes
from quantamm_cli.pools.base import AbstractPool, Row, held, opening_reserves


class State(NamedTuple):
    """Reserves and weights after the last minute."""

    reserves: Float[Array, " n"]
    weights: Float[Array, " n"]


class Tick(NamedTuple):
    """A minute and its weights."""

    minute: Minute
    weights: Float[Array, " n"]


@dataclass(frozen=True)
class Weighted(Quotes):
    """Quotes at constant weights; a subclass whose weights move overrides ``now``."""

    weights: Pair
    fee: Scalar | float

    def now(self, state: QuoteState) -> Pair:
        """The current weights."""
        del state
        return self.weights

    def out_given_in(
        self, state: QuoteState, reserves: Pair, pay: Int[Array, ""], amount: Scalar
    ) -> Scalar:
        into, out_of = paid_first(reserves, pay)
        weight_in, weight_out = paid_first(self.now(state), pay)
        return jnp.asarray(out_given_in(into, weight_in, out_of, weight_out, amount, self.fee))

    def price(self, state: QuoteState, reserves: Pair) -> Scalar:
        return weighted_price(reserves, self.now(state))


class GeometricPool(AbstractPool, ABC):
    """A geometric mean pool whose weights do not depend on its reserves."""

    @property
    def takes_frictions(self) -> bool:
        return True

    @property
    @abstractmethod
    def moves(self) -> bool:
        """Whether weights ever change."""

    @abstractmethod
    def weights(
        self, params: Params, feed: Feed, start: Int[Array, ""], rows: int
    ) -> Float[Array, "rows n"]:
        """Weights at every minute of the window."""

    def blocks(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Blocks:
        """Start and slope of the weights in each block of ``plan``; by default a block is one
        minute.
        """
        weights = self.weights(params, feed, start, rows)
        return Blocks(weights, jnp.zeros_like(weights))

    def plan(self, rows: int) -> Plan:
        """How the weights of a window move, for compiled code."""
        return Plan(rows, chunk=1, period=1)

    @property
    def compiles(self) -> bool:
        """Whether compiled code may replace ``step``: not if a subclass overrides it."""
        kind = type(self)
        return (
            compiled() and kind.step is GeometricPool.step and kind.prepare is GeometricPool.prepare
        )

    def open_rows(self, rows: int) -> NDArray[np.bool_] | None:
        """Whether the pool trades, for each row of a window; ``None``: on all rows."""
        del rows
        return None

    def open_after(self, feed: Feed, rows: int) -> Bool[Array, " rows"]:
        """As ``open_rows``, of a pool that is taken up."""
        del feed
        return jnp.ones(rows, bool)

    def _last_visits(self, feed: Feed, rows: int) -> Int[Array, " rows"]:
        """The last visit up to each row of a pool that is taken up, and was visited at row 0."""
        index = jnp.arange(rows)
        visited = (index % feed.trading.every == 0) & self.open_after(feed, rows)
        return jax.lax.cummax(jnp.where(visited, index, 0))

    def visits(self, rows: int, every: int) -> NDArray[np.int64]:
        """The rows of a window on which an arbitrageur who comes every ``every`` minutes trades."""
        visits, is_open = np.arange(0, rows, every), self.open_rows(rows)
        return visits if is_open is None else visits[is_open[visits]]

    def frictionless(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        r"""The pool is always in equilibrium, $R_i = w_i V / p_i$, so one cumulative sum suffices:

        $$\Delta\ln V = \sum_j w_j\,\Delta\ln p_j - \sum_j w'_j \ln(w'_j / w_j)$$

        The first sum is the gain of the old weights from the change of prices, the second the
        pool's cost of changing its weights.
        """
        weights, prices = self.weights(params, feed, start, rows), window(feed.prices, start, rows)
        visits = self.visits(rows, feed.trading.every)
        w, p = weights, prices
        if feed.left is not None:
            visits = np.arange(rows)
            last = self._last_visits(feed, rows)
            w, p = weights[last], prices[last]
        elif len(visits) < rows:
            w, p = weights[visits], prices[visits]
        gain = (w[:-1] * jnp.diff(jnp.log(p), axis=0)).sum(-1)
        if self.moves:
            gain = gain - (w[1:] * jnp.log(w[1:] / w[:-1])).sum(-1)
        growth = jnp.exp(jnp.concatenate([jnp.zeros(1, gain.dtype), cumulative(gain)]))
        reserves = w * (opening_value(feed, w[0], p[0]) * growth)[:, None] / p
        return Path(weights, held(reserves, visits, rows), jnp.zeros_like(prices[:, 0]))

    def untouched(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        path = super().untouched(params, feed, start, rows)
        return path._replace(weights=self.weights(params, feed, start, rows))

    def with_frictions(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        if not self.compiles:
            return super().with_frictions(params, feed, start, rows)
        results = self._minute_loop(params, feed, start, rows)
        weights = self.weights(params, feed, start, rows)
        refused = None if feed.trades is None else results.refused
        return Path(weights, results.reserves, results.fees, refused, volumes=results.volumes)

    def sampled(
        self,
        params: Params,
        feed: Feed,
        start: Int[Array, ""],
        length: int,
        rows: NDArray[np.int64],
    ) -> Snapshot:
        """With frictions, by the compiled loop, which then stores those rows only."""
        if (
            feed.frictions is None
            or not (self.takes_frictions and self.compiles)
            or not (feed.trading.do_arb or feed.has_flows)
        ):
            return super().sampled(params, feed, start, length, rows)
        unique, positions = np.unique(rows, return_inverse=True)
        results = self._minute_loop(params, feed, start, length, tuple(unique.tolist()))
        reserves, prices = results.reserves[positions], feed.prices[start + rows]
        return Snapshot(prices, reserves, (reserves * prices).sum(-1))

    def _minute_loop(
        self,
        params: Params,
        feed: Feed,
        start: Int[Array, ""],
        length: int,
        rows: tuple[int, ...] | None = None,
    ) -> LoopResult:
        """The results of the compiled loop at some rows, or at all of them."""
        assert feed.frictions is not None
        blocks, trading = self.blocks(params, feed, start, length), feed.trading
        opening = opening_reserves(feed, blocks.starts[0], feed.prices[start])
        plan = replace(self.plan(length), rows=rows, moves=self.moves, has_flows=feed.has_flows)
        plan = replace(plan, every=trading.every, do_arb=trading.do_arb, solver=trading.solver)
        phase = None if feed.left is None else feed.left.phase
        return minute_loop(
            plan, feed.prices, start, blocks, opening, feed.frictions, feed.trades, phase
        )

    def prepare(
        self, params: Params, feed: Feed, start: Int[Array, ""], rows: int
    ) -> tuple[State, Tick]:
        weights = self.weights(params, feed, start, rows)
        minute, open_rows = minutes(feed, start, rows), self.open_rows(rows)
        if open_rows is not None:
            visited = jnp.asarray(open_rows)
            if feed.left is not None:
                visited = self.open_after(feed, rows)
            if minute.visited is not None:
                visited = minute.visited & visited
            minute = minute._replace(visited=visited)
        opening = opening_reserves(feed, weights[0], minute.prices[0])
        return State(opening, weights[0]), Tick(minute, weights)

    def step(self, state: State, tick: Tick, solver: str) -> tuple[State, Row]:
        """Arbitrage at the old weights, then the trades of others, then, if weights move, arbitrage
        at the new weights.
        """
        minute = tick.minute
        reserves, fees, volume = leg(solver, minute.grown(state.reserves), state.weights, minute)
        swap = geometric_swap(tick.weights, minute.fee)
        reserves, more, refused, traded_volume = traded(reserves, minute, swap)
        fees = fees + more
        if self.moves:
            reserves, more, later = leg(solver, reserves, tick.weights, minute)
            fees, volume = fees + more, volume + later
        volumes = Volumes(volume, traded_volume)
        return State(reserves, tick.weights), Row(reserves, fees, refused, volumes)

    def reported(
        self, ticks: Tick, reserves: Float[Array, "rows n"], prices: Float[Array, "rows n"]
    ) -> Float[Array, "rows n"]:
        return ticks.weights


def opening_value(
    feed: Feed, weights: Float[Array, " n"], prices: Float[Array, " n"]
) -> Float[Array, ""]:
    """The opening value of a frictionless pool: the initial value or, with initial reserves, their
    value after arbitrage to these prices.
    """
    if feed.opening is None:
        return feed.initial_pool_value
    return jnp.exp((weights * jnp.log(feed.opening * prices / weights)).sum())


def equilibrium(
    weights: Float[Array, "r n"],
    log_growth: Float[Array, " r"],
    opening: Float[Array, ""],
    feed: Feed,
    rows: Int[Array, " r"],
) -> Snapshot:
    """A pool in equilibrium at some rows of the feed, whose value is that at the opening times
    exp(``log_growth``).
    """
    prices = feed.prices[rows]
    value = opening * jnp.exp(log_growth).astype(prices.dtype)
    return Snapshot(prices, weights * value[:, None] / prices, value)
