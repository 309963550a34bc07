"""Temporal function pools (TFMM / QuantAMM): a geometric mean pool whose weights a rule moves."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, Int
from pydantic import Field

from quantamm_cli.core import interpolate
from quantamm_cli.core.executor import compiled
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.quotes import Pair, Quotes, Scalar
from quantamm_cli.core.recurrence import Columns, Recur, Seen, State, Stream, one_row
from quantamm_cli.core.types import Feed, Params, Path
from quantamm_cli.errors import ConfigError
from quantamm_cli.kernels.frictionless import jax_ops as kernels
from quantamm_cli.kernels.operands import Blocks
from quantamm_cli.pools.base import opening_weights
from quantamm_cli.pools.chunked_weights import CoarsePool
from quantamm_cli.pools.fund import brokered
from quantamm_cli.pools.geometric import Weighted
from quantamm_cli.pools.guard import Guard, StandardGuard
from quantamm_cli.rules.base import Clock, WeightRule
from quantamm_cli.settings.types import Count

Weights = Float[Array, " n"]


class Temporal(CoarsePool, kind="temporal"):
    """Weights move by a rule that sees one price a chunk. [QuantAMM / TFMM litepaper]

    The first block holds the initial weights. Block b begins to move at its first minute, on that
    minute's price. A pool whose estimators' state is given is taken up, not opened: its first block
    moves, too, from the initial weights.
    """

    rule: WeightRule
    guard: Guard
    weight_calculation_method: Literal["auto", "vectorized", "scan", "hybrid"] = Field(
        "auto",
        description=(
            "how the weights are computed: columns, a loop, or a loop for the rule alone; all agree"
        ),
    )
    max_memory_days: Count = Field(365, description="longest memory of an estimator, days")

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        super().check(tokens, where)
        self.rule.check(tokens, f"{where}.rule")
        self.guard.check(tokens, f"{where}.guard")
        if self.guard.stops and not super().straight:
            raise ConfigError(
                f"{where}.weight_interpolation_method",
                f"{self.weight_interpolation_method} under guard={self.guard.kind}, which moves "
                "weights in straight lines; use linear",
            )

    @property
    def looks_at(self) -> tuple[str, ...]:
        return self.rule.looks_at

    @property
    def clock(self) -> Clock:
        """What the rule is told of time."""
        return Clock(self.chunk_period, self.max_memory_days)

    @property
    def cannot_compete(self) -> str | None:
        rule = self.rule
        if rule.looks_at:
            return f"rule={rule.kind} looks at {', '.join(rule.looks_at)}; it cannot compete"
        trades = not rule.rests and rule.broker is None
        return (
            None
            if trades
            else f"rule={rule.kind} does not trade with all who come; it cannot compete"
        )

    def quotes(self, params: Params, fee: Scalar | float) -> Quotes:
        return Moving(opening_weights(params), fee, self, params)

    def parameters(self, assets: int) -> tuple[Parameter, ...]:
        return (
            *super().parameters(assets),
            *self.rule.parameters(self.clock),
            *self.guard.parameters(assets),
        )

    @property
    def takes_frictions(self) -> bool:
        return self.rule.broker is None

    @property
    def open_for(self) -> int | None:
        return self.weight_interpolation_period if self.rule.rests else None

    def frictionless(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        if self.rule.broker is None:
            return super().frictionless(params, feed, start, rows)
        visits = self.visits(rows, feed.trading.every)
        return brokered(
            self.rule.broker,
            self.weights(params, feed, start, rows),
            feed,
            start,
            visits,
            self.chunk_period,
        )

    def short_cut(self, feed: Feed) -> bool:
        return super().short_cut(feed) and self.rule.broker is None

    @property
    def straight(self) -> bool:
        return super().straight and not self.guard.stops

    def coarse_weights(
        self, params: Params, feed: Feed, start: Int[Array, ""], blocks: int
    ) -> Blocks:
        here = self.chunk_of(feed, start)
        path = self._scan if self.weight_calculation_method == "scan" else self._guarded
        if self.rule.targets or feed.state is not None:
            starts, slopes = path(params, feed, here, blocks)
        else:
            opening = opening_weights(params)
            starts, slopes = path(params, feed, here + 1, blocks - 1)
            starts, slopes = (
                jnp.concatenate([opening[None], starts]),
                jnp.concatenate([jnp.zeros_like(opening)[None], slopes]),
            )
        return Blocks(
            starts, slopes, jax.vmap(self._stop)(starts, slopes) if self.guard.stops else None
        )

    def arrival(self, weights: Weights, slope: Weights) -> Weights:
        """Where weights that move by ``slope`` a minute are when their time is over."""
        return weights + slope * (
            self._stop(weights, slope) if self.guard.stops else self.weight_interpolation_period
        )

    def between(self, weights: Weights, slope: Weights, minute: Int[Array, ""]) -> Weights:
        """Where weights that move by ``slope`` a minute are after some minutes."""
        period = (
            self._stop(weights, slope) if self.guard.stops else self.weight_interpolation_period
        )
        return interpolate.at(self.weight_interpolation_method, weights, slope, minute, period)

    def signals(self, params: Params, feed: Feed) -> Stream:
        """What the rule asks for at every chunk: the same for every window,
        so computed once for all.
        """
        if self.weight_calculation_method == "hybrid":
            return self._looped(params, feed)[1]
        return self._said(
            Columns(self._first(feed), feed.state), Seen(feed.chunks, feed.series), params
        )

    def readouts(self, params: Params, feed: Feed) -> dict[str, Float[Array, "c n"]]:
        """The state of the rule's estimators at every chunk, by name:
        at any row of it a pool can be taken up again.
        """
        recur = Columns(self._first(feed), feed.state)
        self._said(recur, Seen(feed.chunks, feed.series), params)
        return recur.columns

    def online(
        self, params: Params, state: Mapping[str, Array] | None, weights: Weights, seen: Seen
    ) -> tuple[State, Weights]:
        """One price, one update, as a keeper on chain runs it: the rule's new state, and the
        weights' change a minute.

        ``state`` is ``None`` at the first price ever seen. At the next update the weights are
        ``arrival(weights, change)``, and ``between(weights, change, minute)`` until then.
        """
        state, signal = one_row(lambda recur, row: self._said(recur, row, params), state, seen)
        return state, self._slope(params, weights, signal)

    def opened(self, params: Params, seen: Seen) -> tuple[State, Weights, Weights]:
        """A pool that opens at the last of some prices, as its path does: the rule's state, its
        weights, their change a minute.

        ``seen`` (c, …): the prices of chunks that estimators warm up with,
        and the one at which it opens.
        """

        def warm(carry: tuple[State, Weights], row: Seen) -> tuple[tuple[State, Weights], None]:
            return one_row(lambda recur, one: self._said(recur, one, params), carry[0], row), None

        born = one_row(
            lambda recur, one: self._said(recur, one, params),
            None,
            jax.tree.map(lambda column: column[0], seen),
        )
        (state, signal), _ = jax.lax.scan(warm, born, jax.tree.map(lambda column: column[1:], seen))
        if not self.rule.targets:
            weights = opening_weights(params)
            return state, weights, jnp.zeros_like(weights)
        weights = self.guard.inside(signal, params)
        return state, weights, self._slope(params, weights, signal)

    def _said(self, recur: Recur, seen: Seen, params: Params) -> Stream:
        return self.rule.signal(recur, seen, params, self.clock)

    def _first(self, feed: Feed) -> Int[Array, ""]:
        """The chunk at which estimators begin: the first there is,
        or the one whose state is given.
        """
        return feed.first_chunk if feed.state is None else self.chunk_of(feed, jnp.asarray(0))

    def _slope(self, params: Params, weights: Weights, signal: Weights) -> Weights:
        """The guarded change a minute that a signal asks for."""
        wish = self.rule.wish(weights, signal, params, self.clock)
        return self.guard.slope(weights, wish, self.weight_interpolation_period, params)

    def _stop(self, weights: Weights, slope: Weights) -> Float[Array, ""]:
        return self.guard.stop(weights, slope, self.weight_interpolation_period)

    def opening(self, params: Params, feed: Feed, signal: Weights) -> Weights:
        """The weights a pool opens with: its own, or for a rule with targets the first
        of them, inside the guard.
        """
        return (
            self.guard.inside(signal, params)
            if self.rule.targets and feed.state is None
            else opening_weights(params)
        )

    def _guarded(
        self, params: Params, feed: Feed, first: Array, blocks: int
    ) -> tuple[Array, Array]:
        """Starts and slopes of the blocks that chunks ``first`` and after it move."""
        signals = jax.lax.dynamic_slice_in_dim(self.signals(params, feed), first, blocks)
        opening = self.opening(params, feed, signals[0] if blocks else opening_weights(params))
        if (limits := self._plain(opening)) is not None:
            return kernels.guarded_weights(
                opening, signals, self.weight_interpolation_period, *limits
            )

        def move(weights: Weights, signal: Weights) -> tuple[Weights, tuple[Weights, Weights]]:
            slope = self._slope(params, weights, signal)
            return self.arrival(weights, slope), (weights, slope)

        _, path = jax.lax.scan(move, opening, signals)
        return path

    def _plain(
        self, weights: Weights
    ) -> tuple[Float[Array, ""] | float, Float[Array, ""] | float] | None:
        """The floor and the speed of the standard guard, where rule and guard are all
        that compiled code knows.
        """
        if (
            type(self.rule).wish is not WeightRule.wish
            or not compiled()
            or type(self.guard) is not StandardGuard
        ):
            return None
        return (
            None
            if self.guard.straight_through
            else (self.guard.floor(weights), self.guard.maximum_change)
        )

    def _looped(
        self, params: Params, feed: Feed, first: Array | None = None
    ) -> tuple[tuple[Array, Array], Stream]:
        """One loop over the keeper's text: estimators warm up until chunk ``first``, from where on
        weights move; and all signals.
        """
        begin = self._first(feed)

        def said(state: Mapping[str, Array] | None, seen: Seen) -> tuple[State, Weights]:
            return one_row(
                lambda recur, row: self._said(recur, row, params), state, seen, feed.state
            )

        def tick(carry: tuple[State, Weights], row: tuple[Array, Seen]) -> tuple[Any, Any]:
            index, seen = row
            born = index <= begin
            state, signal = jax.tree.map(
                lambda new, old: jnp.where(born, new, old), said(None, seen), said(carry[0], seen)
            )
            if first is None:
                return (state, carry[1]), ((carry[1], carry[1]), signal)
            weights = jnp.where(index == first, self.opening(params, feed, signal), carry[1])
            slope = jnp.where(index >= first, self._slope(params, weights, signal), 0)
            return (state, self.arrival(weights, slope)), ((weights, slope), signal)

        rows = Seen(feed.chunks, feed.series)
        state, signal = said(None, jax.tree.map(lambda column: column[0], rows))
        out: tuple[tuple[Array, Array], Stream]
        _, out = jax.lax.scan(
            tick, (state, self.opening(params, feed, signal)), (jnp.arange(len(feed.chunks)), rows)
        )
        return out

    def _scan(self, params: Params, feed: Feed, first: Array, blocks: int) -> tuple[Array, Array]:
        """As ``_guarded``, as one loop."""
        starts, slopes = self._looped(params, feed, first)[0]
        return jax.lax.dynamic_slice_in_dim(starts, first, blocks), jax.lax.dynamic_slice_in_dim(
            slopes, first, blocks
        )


class Block(NamedTuple):
    """What a pool that moves its weights by itself remembers. Leaves of pairs."""

    now: Pair
    start: Pair
    """At the beginning of the block."""
    slope: Pair
    """A minute."""
    estimators: dict[str, Array]
    params: Params
    """Raw: they do not change, and are not computed again at every step."""


@dataclass(frozen=True)
class Moving(Weighted):
    """Quotes at weights that a rule moves.

    No oracle comes with a competition: the rule sees the pool's own price.
    """

    pool: Temporal
    params: Params

    def now(self, state: Block) -> Pair:
        return state.now

    def opened(self) -> Block:
        start = self.weights
        born, _ = self.pool.online(self.params, None, start, Seen(jnp.ones(2)))
        return Block(start, start, jnp.zeros(2), born, self.params)

    def stepped(self, state: Block, reserves: Pair, step: Int[Array, ""]) -> Block:
        """A new block begins with a look at the price that the last step left.

        The first holds the weights that the pool opens with.
        """
        minute = step % self.pool.chunk_period
        seen = Seen(jnp.stack([self.price(state, reserves), jnp.ones(())]))
        born, _ = self.pool.online(state.params, None, state.start, seen)
        arrived = self.pool.arrival(state.start, state.slope)
        after, slope = self.pool.online(state.params, state.estimators, arrived, seen)
        first, later = (born, state.start, jnp.zeros(2)), (after, arrived, slope)
        began = jax.tree.map(lambda one, other: jnp.where(step == 0, one, other), first, later)
        before = (state.estimators, state.start, state.slope)
        estimators, start, slope = jax.tree.map(
            lambda new, old: jnp.where(minute == 0, new, old), began, before
        )
        now = self.pool.between(start, slope, minute + 1)
        return Block(now, start, slope, estimators, state.params)
