r"""Geometric mean pools: $\prod R_i^{w_i}$ is kept by every trade, whatever the weights do meanwhile."""

from abc import ABC, abstractmethod
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, Int

from quantamm_cli.core.arbitrage import Tick, leg
from quantamm_cli.core.prefix import cumulative
from quantamm_cli.core.types import Feed, Frictions, Params, Path
from quantamm_cli.pools.base import AbstractPool, window

Reserves = Float[Array, " n"]


class State(NamedTuple):
    """Reserves, and the weights the pool was last left with."""

    reserves: Float[Array, " n"]
    weights: Float[Array, " n"]


class Minute(NamedTuple):
    """What one minute brings."""

    prices: Float[Array, " n"]
    weights: Float[Array, " n"]
    frictions: Tick


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
    def weights(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Float[Array, "rows n"]:
        """Weights at every minute of the window."""

    def frictionless(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        r"""Always in equilibrium, $R_i = w_i V / p_i$, so one cumulative sum gives the path:

        $$\Delta\ln V = \sum_j w_j\,\Delta\ln p_j - \sum_j w'_j \ln(w'_j / w_j)$$

        the gain of holding the old weights while prices move, less what the pool pays to have its weights changed.
        """
        weights = self.weights(params, feed, start, rows)
        prices = window(feed.prices, start, rows)
        every = feed.trading.every
        w, p = weights[::every], jnp.log(prices[::every])
        gain = (w[:-1] * jnp.diff(p, axis=0)).sum(-1)
        if self.moves:
            gain = gain - (w[1:] * jnp.log(w[1:] / w[:-1])).sum(-1)
        growth = jnp.exp(jnp.concatenate([jnp.zeros(1, gain.dtype), cumulative(gain)]))
        reserves = w * (feed.initial_pool_value * growth)[:, None] / prices[::every]
        return Path(weights, _held(reserves, every, rows), jnp.zeros_like(prices[:, 0]))

    def prepare(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> tuple[State, Minute]:
        assert feed.frictions is not None
        weights = self.weights(params, feed, start, rows)
        prices = window(feed.prices, start, rows)
        opening = State(weights[0] * feed.initial_pool_value / prices[0], weights[0])
        return opening, Minute(prices, weights, _ticks(feed.frictions, start, rows, prices.dtype))

    def step(self, state: State, tick: Minute, solver: str) -> tuple[State, tuple[Reserves, Float[Array, ""]]]:
        """Arbitrage against the prices at the old weights, then, if weights move, at the new ones."""
        reserves, fees = leg(solver, state.reserves, state.weights, tick.prices, tick.frictions)
        if self.moves:
            reserves, more = leg(solver, reserves, tick.weights, tick.prices, tick.frictions)
            fees = fees + more
        return State(reserves, tick.weights), (reserves, fees)


def equilibrium(weights: Float[Array, "r n"], log_growth: Float[Array, " r"], feed: Feed, rows: Int[Array, " r"]) -> Path:
    """The path, at some rows of the feed, of a pool that is in equilibrium and has grown so much."""
    prices = feed.prices[rows]
    value = feed.initial_pool_value * jnp.exp(log_growth).astype(prices.dtype)
    return Path(weights, weights * value[:, None] / prices, jnp.zeros_like(value))


def _held(column: Float[Array, "k *n"], every: int, rows: int) -> Float[Array, "rows *n"]:
    """Each row for ``every`` minutes."""
    return column if every == 1 else jnp.repeat(column, every, axis=0)[:rows]


def _ticks(frictions: Frictions, start: Int[Array, ""], rows: int, dtype: jnp.dtype) -> Tick:
    """The window's frictions, one a minute; scalars are repeated."""

    def column(value: Array) -> Array:
        value = jnp.asarray(value, dtype)
        return jnp.broadcast_to(value, (rows,)) if value.ndim == 0 else window(value, start, rows)

    return Tick(*jax.tree.map(column, frictions))
