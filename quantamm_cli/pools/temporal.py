"""Temporal function pools (TFMM / QuantAMM): geometric mean pools whose weights a rule moves."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int
from numpy.typing import NDArray
from pydantic import Field, model_validator

from quantamm_cli.core import interpolate
from quantamm_cli.core.executor import compiled
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.quotes import Pair, Quotes, Scalar
from quantamm_cli.core.recurrence import Columns, Recur, RuleInputs, State, Stream, one_row
from quantamm_cli.core.types import Feed, Params, Path
from quantamm_cli.errors import ConfigError
from quantamm_cli.kernels.frictionless import jax_ops as kernels
from quantamm_cli.kernels.operands import Blocks
from quantamm_cli.pools.base import opening_weights
from quantamm_cli.pools.chunked_weights import ChunkedPool
from quantamm_cli.pools.fund import fund_path
from quantamm_cli.pools.geometric import Weighted
from quantamm_cli.pools.guard import Guard, StandardGuard
from quantamm_cli.rules.base import Clock, WeightRule
from quantamm_cli.settings.types import Count

Weights = Float[Array, " n"]
_CHUNK = ChunkedPool.model_fields["chunk_period"].default


class Temporal(ChunkedPool, kind="temporal"):
    """A geometric mean pool whose weights follow a rule that reads one price a chunk.
    [QuantAMM / TFMM litepaper]

    The weights are the initial ones during the first chunk. From the first minute of every later
    chunk they move by the rule's answer to that minute's price. If the estimators' state is set,
    the pool continues an earlier one: its weights move in the first chunk, too.
    """

    rule: WeightRule
    guard: Guard
    weight_calculation_method: Literal["auto", "vectorized", "scan", "hybrid"] = Field(
        "auto",
        description=(
            "how weights are computed, with equal results: whole columns, a loop, or a loop for "
            "the rule only"
        ),
    )
    max_memory_days: Count = Field(365, description="longest memory of an estimator, days")

    @model_validator(mode="before")
    @classmethod
    def _moving_all_the_time(cls, tree: Any) -> Any:
        """Without ``weight_interpolation_period`` weights move through the whole chunk. Its number
        is part of the identity, however it is written.
        """
        name = "weight_interpolation_period"
        if isinstance(tree, dict) and tree.get(name) is None:
            return {**tree, name: tree.get("chunk_period", _CHUNK)}
        return tree

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        super().check(tokens, where)
        self.rule.check(tokens, f"{where}.rule")
        self.guard.check(tokens, f"{where}.guard")
        if self.guard.stops and not super().is_linear:
            raise ConfigError(
                f"{where}.weight_interpolation_method",
                f"is {self.weight_interpolation_method}, but guard={self.guard.kind} moves weights "
                "linearly; use linear",
            )

    @property
    def looks_at(self) -> tuple[str, ...]:
        return self.rule.looks_at

    @property
    def clock(self) -> Clock:
        """The rule's time scales."""
        return Clock(self.chunk_period, self.max_memory_days)

    @property
    def cannot_compete(self) -> str | None:
        rule = self.rule
        if rule.looks_at:
            return f"rule={rule.kind} needs {', '.join(rule.looks_at)}; it cannot compete"
        if rule.rests or rule.broker is not None:
            return f"rule={rule.kind} does not trade with everybody at any time; it cannot compete"
        return None

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
        every, chunk = feed.trading.every, self.chunk_period
        visits: NDArray[np.int64] | Array = self.visits(rows, every)
        if feed.left is not None:
            visits = self._last_visits(feed, rows)
        weights = self.weights(params, feed, start, rows)
        spacing = every * (chunk / (self.open_for or chunk))
        return fund_path(self.rule.broker, weights, feed, start, visits, chunk, spacing)

    def has_closed_form(self, feed: Feed) -> bool:
        return super().has_closed_form(feed) and self.rule.broker is None

    @property
    def is_linear(self) -> bool:
        return super().is_linear and not self.guard.stops

    def weight_blocks(
        self, params: Params, feed: Feed, start: Int[Array, ""], blocks: int
    ) -> Blocks:
        chunk = self.chunk_of(feed, start)
        path = self._scan if self.weight_calculation_method == "scan" else self._guarded
        if feed.left is None and (self.rule.targets or feed.state is not None):
            starts, slopes = path(params, feed, chunk, blocks)
        else:
            first, slope = self._first_block(params, feed)
            starts, slopes = path(params, feed, chunk + 1, blocks - 1)
            starts = jnp.concatenate([first[None], starts])
            slopes = jnp.concatenate([slope[None], slopes])
        if not self.guard.stops:
            return Blocks(starts, slopes, None)

        def stop(weights: Weights, slope: Weights) -> Float[Array, ""]:
            return self.guard.stop(weights, slope, self.weight_interpolation_period)

        return Blocks(starts, slopes, jax.vmap(stop)(starts, slopes))

    def _first_block(self, params: Params, feed: Feed) -> tuple[Weights, Weights]:
        """Weights at the start of the first block and their change a minute: a new pool's weights
        rest, one that is taken up goes on.
        """
        if feed.left is None:
            opening = opening_weights(params)
            return opening, jnp.zeros_like(opening)
        assert feed.left.weights is not None
        assert feed.left.slope is not None
        return feed.left.weights, feed.left.slope

    def arrival(self, weights: Weights, slope: Weights) -> Weights:
        """The weights at the end of a block that starts at ``weights`` and moves by ``slope`` a
        minute.
        """
        return weights + slope * self._moving_minutes(weights, slope)

    def between(self, weights: Weights, slope: Weights, minute: Int[Array, ""]) -> Weights:
        """The weights after ``minute`` minutes of such a block."""
        period = self._moving_minutes(weights, slope)
        return interpolate.at(self.weight_interpolation_method, weights, slope, minute, period)

    def signals(self, params: Params, feed: Feed) -> Stream:
        """The rule's signal at every chunk. It is the same for every window, so it is computed
        once.
        """
        if self.weight_calculation_method == "hybrid":
            return self._looped(params, feed)[1]
        recur = Columns(self._first_chunk(feed), feed.estimators)
        return self._signal(recur, RuleInputs(feed.chunks, feed.series), params)

    def readouts(self, params: Params, feed: Feed) -> dict[str, Float[Array, "c n"]]:
        """The state of the rule's estimators at every chunk, by name; a run can continue from any
        of its rows.
        """
        recur = Columns(self._first_chunk(feed), feed.estimators)
        self._signal(recur, RuleInputs(feed.chunks, feed.series), params)
        return recur.columns

    def online(
        self,
        params: Params,
        state: Mapping[str, Array] | None,
        weights: Weights,
        observed: RuleInputs,
    ) -> tuple[State, Weights]:
        """One update for one price, as a keeper on chain makes it: the rule's new state, and the
        weights' change a minute.

        ``state`` is ``None`` at the very first price. At the next update the weights are
        ``arrival(weights, change)``, and ``between(weights, change, minute)`` until then.
        """
        state, signal = self._one_signal(params, state, observed)
        return state, self._slope(params, weights, signal)

    def opened(self, params: Params, observed: RuleInputs) -> tuple[State, Weights, Weights]:
        """The state of a pool that opens at the last of some prices, as its path does: the rule's
        state, the weights, and their change a minute.

        ``observed`` (c, …): the prices of chunks that warm up the estimators, and the opening
        price.
        """

        def warm(
            carry: tuple[State, Weights], row: RuleInputs
        ) -> tuple[tuple[State, Weights], None]:
            return self._one_signal(params, carry[0], row), None

        first = self._one_signal(params, None, jax.tree.map(lambda column: column[0], observed))
        later = jax.tree.map(lambda column: column[1:], observed)
        (state, signal), _ = jax.lax.scan(warm, first, later)
        if not self.rule.targets:
            weights = opening_weights(params)
            return state, weights, jnp.zeros_like(weights)
        weights = self.guard.inside(signal, params)
        return state, weights, self._slope(params, weights, signal)

    def _signal(self, recur: Recur, observed: RuleInputs, params: Params) -> Stream:
        return self.rule.signal(recur, observed, params, self.clock)

    def _one_signal(
        self,
        params: Params,
        state: Mapping[str, Array] | None,
        observed: RuleInputs,
        opening: Mapping[str, Array] | None = None,
    ) -> tuple[State, Weights]:
        """The rule's new state and signal after one price."""
        return one_row(
            lambda recur, row: self._signal(recur, row, params), state, observed, opening
        )

    def _first_chunk(self, feed: Feed) -> Int[Array, ""]:
        """The chunk at which estimators begin: the first, or the one whose state is set."""
        return feed.first_chunk if feed.estimators is None else self.chunk_of(feed, jnp.asarray(0))

    def _slope(self, params: Params, weights: Weights, signal: Weights) -> Weights:
        """The change a minute that a signal asks for, limited by the guard."""
        wish = self.rule.wish(weights, signal, params, self.clock)
        return self.guard.slope(weights, wish, self.weight_interpolation_period, params)

    def _moving_minutes(self, weights: Weights, slope: Weights) -> Float[Array, ""] | int:
        """The number of minutes of a block in which weights move."""
        if not self.guard.stops:
            return self.weight_interpolation_period
        return self.guard.stop(weights, slope, self.weight_interpolation_period)

    def opening(self, params: Params, feed: Feed, signal: Weights) -> Weights:
        """The weights a pool opens with: the initial ones or, if the rule has targets, the first
        target within the guard's limits; of one that is taken up, those of its next block.
        """
        if feed.left is not None:
            assert feed.left.next is not None
            return feed.left.next
        if self.rule.targets and feed.state is None:
            return self.guard.inside(signal, params)
        return opening_weights(params)

    def _guarded(
        self, params: Params, feed: Feed, first: Array, blocks: int
    ) -> tuple[Array, Array]:
        """Starts and slopes of the blocks from chunk ``first`` on."""
        signals = jax.lax.dynamic_slice_in_dim(self.signals(params, feed), first, blocks)
        opening = self.opening(params, feed, signals[0] if blocks else opening_weights(params))
        if (limits := self._compiled_limits(opening)) is not None:
            return kernels.guarded_weights(
                opening, signals, self.weight_interpolation_period, *limits
            )

        def move(weights: Weights, signal: Weights) -> tuple[Weights, tuple[Weights, Weights]]:
            slope = self._slope(params, weights, signal)
            return self.arrival(weights, slope), (weights, slope)

        _, path = jax.lax.scan(move, opening, signals)
        return path

    def _compiled_limits(
        self, weights: Weights
    ) -> tuple[Float[Array, ""] | float, Float[Array, ""] | float] | None:
        """The standard guard's smallest weight and largest change, if compiled code supports the
        rule and the guard.
        """
        if (
            type(self.rule).wish is not WeightRule.wish
            or not compiled()
            or type(self.guard) is not StandardGuard
            or self.guard.straight_through
        ):
            return None
        return self.guard.floor(weights), self.guard.maximum_change

    def _looped(
        self, params: Params, feed: Feed, first: Array | None = None
    ) -> tuple[tuple[Array, Array], Stream]:
        """Starts and slopes of all chunks, and all signals, by one loop over the keeper's update;
        weights move from chunk ``first`` on.
        """
        begin = self._first_chunk(feed)

        def signal_of(state: Mapping[str, Array] | None, row: RuleInputs) -> tuple[State, Weights]:
            return self._one_signal(params, state, row, feed.estimators)

        def tick(carry: tuple[State, Weights], row: tuple[Array, RuleInputs]) -> tuple[Any, Any]:
            index, observed = row
            starts = index <= begin
            state, signal = jax.tree.map(
                lambda new, old: jnp.where(starts, new, old),
                signal_of(None, observed),
                signal_of(carry[0], observed),
            )
            if first is None:
                return (state, carry[1]), ((carry[1], carry[1]), signal)
            weights = jnp.where(index == first, self.opening(params, feed, signal), carry[1])
            slope = jnp.where(index >= first, self._slope(params, weights, signal), 0)
            return (state, self.arrival(weights, slope)), ((weights, slope), signal)

        rows = RuleInputs(feed.chunks, feed.series)
        state, signal = signal_of(None, jax.tree.map(lambda column: column[0], rows))
        out: tuple[tuple[Array, Array], Stream]
        _, out = jax.lax.scan(
            tick, (state, self.opening(params, feed, signal)), (jnp.arange(len(feed.chunks)), rows)
        )
        return out

    def _scan(self, params: Params, feed: Feed, first: Array, blocks: int) -> tuple[Array, Array]:
        """As ``_guarded``, by one loop."""
        starts, slopes = self._looped(params, feed, first)[0]
        starts = jax.lax.dynamic_slice_in_dim(starts, first, blocks)
        return starts, jax.lax.dynamic_slice_in_dim(slopes, first, blocks)


class Block(NamedTuple):
    """The state of a pool whose weights move. Leaves are pairs.

    ``now``, ``start``: the weights at the moment and at the beginning of the block; ``slope``:
    their change a minute; ``params``: raw parameters, which are constant and stored here so that
    no step computes them again.
    """

    now: Pair
    start: Pair
    slope: Pair
    estimators: dict[str, Array]
    params: Params


@dataclass(frozen=True)
class Moving(Weighted):
    """Quotes at weights that a rule moves.

    A competition has no oracle: the rule reads the pool's own price.
    """

    pool: Temporal
    params: Params

    def now(self, state: Block) -> Pair:
        return state.now

    def opened(self) -> Block:
        start = self.weights
        estimators, _ = self.pool.online(self.params, None, start, RuleInputs(jnp.ones(2)))
        return Block(start, start, jnp.zeros(2), estimators, self.params)

    def stepped(self, state: Block, reserves: Pair, step: Int[Array, ""]) -> Block:
        """A block begins at the price after the last step; in the first
        one weights are constant.
        """
        minute = step % self.pool.chunk_period
        observed = RuleInputs(jnp.stack([self.price(state, reserves), jnp.ones(())]))
        initial, _ = self.pool.online(state.params, None, state.start, observed)
        arrived = self.pool.arrival(state.start, state.slope)
        updated, slope = self.pool.online(state.params, state.estimators, arrived, observed)
        first, later = (initial, state.start, jnp.zeros(2)), (updated, arrived, slope)
        begun = jax.tree.map(lambda one, other: jnp.where(step == 0, one, other), first, later)
        before = (state.estimators, state.start, state.slope)
        estimators, start, slope = jax.tree.map(
            lambda new, old: jnp.where(minute == 0, new, old), begun, before
        )
        now = self.pool.between(start, slope, minute + 1)
        return Block(now, start, slope, estimators, state.params)
