r"""Geometric mean pools: $\prod R_i^{w_i}$ is kept by every trade,
whatever the weights do meanwhile.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int
from numpy.typing import NDArray

from quantamm_cli.core.arbitrage import leg
from quantamm_cli.core.executor import compiled
from quantamm_cli.core.minute import Minute, minutes, window
from quantamm_cli.core.prefix import cumulative
from quantamm_cli.core.quotes import Pair, Quotes, Scalar, paid_first
from quantamm_cli.core.quotes import State as Remembered
from quantamm_cli.core.swap import out_given_in, weighted_price
from quantamm_cli.core.trading import geometric_swap, traded
from quantamm_cli.core.types import Feed, Params, Path, Snapshot
from quantamm_cli.kernels.frictions.jax_ops import LoopResult, Plan, minute_loop
from quantamm_cli.kernels.operands import Blocks
from quantamm_cli.pools.base import AbstractPool, Row, held


class State(NamedTuple):
    """Reserves, and the weights the pool was last left with."""

    reserves: Float[Array, " n"]
    weights: Float[Array, " n"]


class Tick(NamedTuple):
    """A minute and the weights it has."""

    minute: Minute
    weights: Float[Array, " n"]


@dataclass(frozen=True)
class Weighted(Quotes):
    """Quotes at weights that stay; one whose weights move remembers them."""

    weights: Pair
    fee: Scalar | float

    def now(self, state: Remembered) -> Pair:
        """The weights at the moment."""
        del state
        return self.weights

    def out_given_in(
        self, state: Remembered, reserves: Pair, pay: Int[Array, ""], amount: Scalar
    ) -> Scalar:
        (into, out_of), (paid, taken) = (
            paid_first(pair, pay) for pair in (reserves, self.now(state))
        )
        return jnp.asarray(out_given_in(into, paid, out_of, taken, amount, self.fee))

    def price(self, state: Remembered, reserves: Pair) -> Scalar:
        return weighted_price(reserves, self.now(state))


class GeometricPool(AbstractPool, ABC):
    """A geometric mean pool whose weights are known before its reserves."""

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
        """What the weights do in the blocks of ``plan``: unless a pool knows longer
        ones, each minute is its own.
        """
        weights = self.weights(params, feed, start, rows)
        return Blocks(weights, jnp.zeros_like(weights))

    def plan(self, rows: int) -> Plan:
        """How the weights of a window move, as compiled code takes it."""
        return Plan(rows, chunk=1, period=1)

    @property
    def compiles(self) -> bool:
        """Whether compiled code may take the place of ``step``: unless a pool has its own."""
        kind = type(self)
        return (
            compiled() and kind.step is GeometricPool.step and kind.prepare is GeometricPool.prepare
        )

    def open_rows(self, rows: int) -> NDArray[np.bool_] | None:
        """On which rows of a window the pool trades; ``None``: on all."""
        del rows
        return None

    def visits(self, rows: int, every: int) -> NDArray[np.int64]:
        """The rows of a window on which an arbitrageur who comes every so many minutes trades."""
        visits, traded = np.arange(0, rows, every), self.open_rows(rows)
        return visits if traded is None else visits[traded[visits]]

    def frictionless(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        r"""Always in equilibrium, $R_i = w_i V / p_i$, so one cumulative sum gives the path:

        $$\Delta\ln V = \sum_j w_j\,\Delta\ln p_j - \sum_j w'_j \ln(w'_j / w_j)$$

        the gain of holding the old weights while prices move, less what the pool pays to
        have its weights changed.
        """
        weights, prices = self.weights(params, feed, start, rows), window(feed.prices, start, rows)
        visits = self.visits(rows, feed.trading.every)
        w, p = (column if len(visits) == rows else column[visits] for column in (weights, prices))
        gain = (w[:-1] * jnp.diff(jnp.log(p), axis=0)).sum(-1)
        if self.moves:
            gain = gain - (w[1:] * jnp.log(w[1:] / w[:-1])).sum(-1)
        growth = jnp.exp(jnp.concatenate([jnp.zeros(1, gain.dtype), cumulative(gain)]))
        reserves = w * (opening_value(feed, w[0], p[0]) * growth)[:, None] / p
        return Path(weights, held(reserves, visits, rows), jnp.zeros_like(prices[:, 0]))

    def untouched(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        return (
            super()
            .untouched(params, feed, start, rows)
            ._replace(weights=self.weights(params, feed, start, rows))
        )

    def with_frictions(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        if not self.compiles:
            return super().with_frictions(params, feed, start, rows)
        left = self._left(params, feed, start, rows)
        weights = self.weights(params, feed, start, rows)
        return Path(
            weights, left.reserves, left.fees, None if feed.trades is None else left.refused
        )

    def sampled(
        self,
        params: Params,
        feed: Feed,
        start: Int[Array, ""],
        length: int,
        rows: NDArray[np.int64],
    ) -> Snapshot:
        """By the compiled loop, if trading costs something: it leaves nothing but those rows."""
        if (
            feed.frictions is None
            or not (self.takes_frictions and self.compiles)
            or not (feed.trading.do_arb or feed.has_flows)
        ):
            return super().sampled(params, feed, start, length, rows)
        wanted, places = np.unique(rows, return_inverse=True)
        reserves, prices = (
            self._left(params, feed, start, length, tuple(wanted.tolist())).reserves[places],
            feed.prices[start + rows],
        )
        return Snapshot(prices, reserves, (reserves * prices).sum(-1))

    def _left(
        self,
        params: Params,
        feed: Feed,
        start: Int[Array, ""],
        length: int,
        rows: tuple[int, ...] | None = None,
    ) -> LoopResult:
        """What the compiled loop leaves at some rows, or at all."""
        assert feed.frictions is not None
        blocks, trading = self.blocks(params, feed, start, length), feed.trading
        opening = self._opening(feed, blocks.starts[0], feed.prices[start])
        plan = replace(self.plan(length), rows=rows, moves=self.moves, has_flows=feed.has_flows)
        plan = replace(plan, every=trading.every, do_arb=trading.do_arb, solver=trading.solver)
        return minute_loop(plan, feed.prices, start, blocks, opening, feed.frictions, feed.trades)

    def _opening(
        self, feed: Feed, weights: Float[Array, " n"], prices: Float[Array, " n"]
    ) -> Float[Array, " n"]:
        """Reserves before the first minute: those given, or such that
        the pool is in equilibrium.
        """
        return (
            weights * feed.initial_pool_value / prices
            if feed.initial_reserves is None
            else feed.initial_reserves
        )

    def prepare(
        self, params: Params, feed: Feed, start: Int[Array, ""], rows: int
    ) -> tuple[State, Tick]:
        weights = self.weights(params, feed, start, rows)
        minute, traded = minutes(feed, start, rows), self.open_rows(rows)
        if traded is not None:
            visited = jnp.asarray(traded)
            minute = minute._replace(
                visited=visited if minute.visited is None else minute.visited & visited
            )
        ticks = Tick(minute, weights)
        return State(self._opening(feed, weights[0], ticks.minute.prices[0]), weights[0]), ticks

    def step(self, state: State, tick: Tick, solver: str) -> tuple[State, Row]:
        """Arbitrage against the prices at the old weights, given trades and, if weights move,
        arbitrage at the new ones.
        """
        minute = tick.minute
        reserves, fees = leg(solver, minute.grown(state.reserves), state.weights, minute)
        reserves, more, refused = traded(reserves, minute, geometric_swap(tick.weights, minute.fee))
        fees = fees + more
        if self.moves:
            reserves, more = leg(solver, reserves, tick.weights, minute)
            fees = fees + more
        return State(reserves, tick.weights), Row(reserves, fees, refused)

    def reported(
        self, ticks: Tick, reserves: Float[Array, "rows n"], prices: Float[Array, "rows n"]
    ) -> Float[Array, "rows n"]:
        return ticks.weights


def opening_value(
    feed: Feed, weights: Float[Array, " n"], prices: Float[Array, " n"]
) -> Float[Array, ""]:
    """What a frictionless pool of these weights is worth at these prices when it opens: of given
    reserves, after the first arbitrage.
    """
    if feed.initial_reserves is None:
        return feed.initial_pool_value
    return jnp.exp((weights * jnp.log(feed.initial_reserves * prices / weights)).sum())


def equilibrium(
    weights: Float[Array, "r n"],
    log_growth: Float[Array, " r"],
    opening: Float[Array, ""],
    feed: Feed,
    rows: Int[Array, " r"],
) -> Snapshot:
    """A pool that is in equilibrium and has grown so much since it opened,
    at some rows of the feed.
    """
    prices = feed.prices[rows]
    value = opening * jnp.exp(log_growth).astype(prices.dtype)
    return Snapshot(prices, weights * value[:, None] / prices, value)
