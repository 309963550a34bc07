"""Temporal function pools (TFMM / QuantAMM): a geometric mean pool whose weights a rule moves."""

from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int
from numpy.typing import NDArray
from pydantic import Field

from quantamm_cli.core import interpolate
from quantamm_cli.core.closed_form import log_growth
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.recurrence import Columns, State, Stream, one_row
from quantamm_cli.core.types import Feed, Params, Path
from quantamm_cli.errors import ConfigError
from quantamm_cli.pools.base import opening_weights
from quantamm_cli.pools.geometric import GeometricPool, equilibrium
from quantamm_cli.pools.guard import Guard
from quantamm_cli.rules.base import Clock, WeightRule
from quantamm_cli.settings.types import Count

Weights = Float[Array, " n"]


class Temporal(GeometricPool, kind="temporal"):
    """Weights move by a rule that sees one price a chunk. [QuantAMM / TFMM litepaper]

    The first block holds the initial weights. Block b begins to move at its first minute, on that minute's price.
    """

    rule: WeightRule
    guard: Guard
    chunk_period: Count = Field(1440, description="minutes between looks at the price")
    weight_interpolation_period: Count = Field(1440, description="minutes a change of weights takes")
    weight_interpolation_method: Literal["linear", "approx_optimal"] = Field("linear", description="path between two weights")
    weight_calculation_method: Literal["auto", "vectorized", "scan"] = Field("auto", description="how the weights are computed; all agree")
    max_memory_days: Count = Field(365, description="longest memory of an estimator, days")

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        if self.weight_interpolation_period > self.chunk_period:
            place = f"{where}.weight_interpolation_period"
            raise ConfigError(place, f"{self.weight_interpolation_period} minutes are longer than chunk_period ({self.chunk_period})")
        self.rule.check(tokens, f"{where}.rule")
        self.guard.check(tokens, f"{where}.guard")

    @property
    def chunk(self) -> int | None:
        return self.chunk_period

    @property
    def moves(self) -> bool:
        return True

    @property
    def clock(self) -> Clock:
        """What the rule is told of time."""
        return Clock(self.chunk_period, self.max_memory_days)

    def parameters(self, assets: int) -> tuple[Parameter, ...]:
        return (*super().parameters(assets), *self.rule.parameters(self.clock))

    def sampled(self, params: Params, feed: Feed, start: Int[Array, ""], length: int, rows: NDArray[np.int64]) -> Path:
        """In closed form where weights move in straight lines."""
        if feed.prefix is None or feed.trading.every > 1 or self.weight_interpolation_method != "linear":
            return super().sampled(params, feed, start, length, rows)
        chunk, period = self.chunk_period, self.weight_interpolation_period
        starts, slopes = self.coarse_weights(params, feed, start, -(-length // chunk))
        growth = log_growth(feed.prefix, starts, slopes, chunk, period, start, rows)
        weights = starts[rows // chunk] + np.minimum(rows % chunk, period)[:, None] * slopes[rows // chunk]
        return equilibrium(weights, growth, feed, start + rows)

    def weights(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Float[Array, "rows n"]:
        blocks = -(-rows // self.chunk_period)
        starts, slopes = self.coarse_weights(params, feed, start, blocks)
        fill = interpolate.METHODS[self.weight_interpolation_method]
        minutes = fill(starts, slopes, self.chunk_period, self.weight_interpolation_period)
        return minutes.reshape(-1, minutes.shape[-1])[:rows]

    def coarse_weights(
        self, params: Params, feed: Feed, start: Int[Array, ""], blocks: int
    ) -> tuple[Float[Array, "b n"], Float[Array, "b n"]]:
        """Weights at the start of each block and their change a minute while they move."""
        here = feed.first_chunk + (feed.burn_in + start) // self.chunk_period
        path = self._scan if self.weight_calculation_method == "scan" else self._vectorized
        if self.rule.targets:
            return path(params, feed, here, blocks)
        opening = opening_weights(params)
        starts, slopes = path(params, feed, here + 1, blocks - 1)
        return jnp.concatenate([opening[None], starts]), jnp.concatenate([jnp.zeros_like(opening)[None], slopes])

    def signals(self, params: Params, feed: Feed) -> Stream:
        """What the rule asks for at every chunk: the same for every window, so computed once for all."""
        return self.rule.signal(Columns(feed.first_chunk), feed.chunks, params, self.clock)

    def online(self, params: Params, state: State | None, weights: Weights, price: Weights) -> tuple[State, Weights]:
        """One price, one update, as a keeper on chain runs it: the rule's new state, and the weights' change a minute.

        ``state`` is ``None`` at the first price ever seen. The weights at the next update are ``weights`` plus the change
        times ``weight_interpolation_period``.
        """
        state, signal = one_row(lambda recur, row: self.rule.signal(recur, row, params, self.clock), state, price)
        return state, self._slope(params, weights, signal)

    def _slope(self, params: Params, weights: Weights, signal: Weights) -> Weights:
        """The guarded change a minute that a signal asks for."""
        return self.guard.slope(weights, self.rule.wish(weights, signal, params, self.clock), self.weight_interpolation_period)

    def opening(self, params: Params, signal: Weights) -> Weights:
        """The weights a pool opens with: its own, or for a rule with targets the first of them, inside the guard."""
        return self.guard.inside(signal) if self.rule.targets else opening_weights(params)

    def _vectorized(self, params: Params, feed: Feed, first: Array, blocks: int) -> tuple[Array, Array]:
        """Starts and slopes of the blocks that chunks ``first`` and after it move."""
        signals = jax.lax.dynamic_slice_in_dim(self.signals(params, feed), first, blocks)

        def move(weights: Weights, signal: Weights) -> tuple[Weights, tuple[Weights, Weights]]:
            slope = self._slope(params, weights, signal)
            return weights + slope * self.weight_interpolation_period, (weights, slope)

        _, path = jax.lax.scan(move, self.opening(params, signals[0] if blocks else opening_weights(params)), signals)
        return path

    def _scan(self, params: Params, feed: Feed, first: Array, blocks: int) -> tuple[Array, Array]:
        """The same, as one loop over the keeper's text: estimators warm up until the window begins, then weights move."""

        def said(state: State | None, price: Weights) -> tuple[State, Weights]:
            return one_row(lambda recur, row: self.rule.signal(recur, row, params, self.clock), state, price)

        def tick(carry: tuple[State, Weights], row: tuple[Array, Weights]) -> tuple[Any, tuple[Weights, Weights]]:
            index, price = row
            born = index <= feed.first_chunk
            state, signal = jax.tree.map(lambda new, old: jnp.where(born, new, old), said(None, price), said(carry[0], price))
            weights = jnp.where(index == first, self.opening(params, signal), carry[1])
            slope = jnp.where(index >= first, self._slope(params, weights, signal), 0)
            return (state, weights + slope * self.weight_interpolation_period), (weights, slope)

        state, signal = said(None, feed.chunks[0])
        _, (starts, slopes) = jax.lax.scan(tick, (state, self.opening(params, signal)), (jnp.arange(len(feed.chunks)), feed.chunks))
        return jax.lax.dynamic_slice_in_dim(starts, first, blocks), jax.lax.dynamic_slice_in_dim(slopes, first, blocks)
