"""What a strategy asks, simulation by simulation, and what it makes of its fills."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from quantamm_cli.competition.challenge.outcome import Broken, none_broken
from quantamm_cli.competition.strategy import Strategy, Swap
from quantamm_cli.competition.types import Fault, Floats

_LOWEST = -1.0
"""A fee below it would pay out more than twice what comes in."""


class Fees:
    """The states of one strategy in s simulations. One whose fee is no fee quotes no more."""

    def __init__(self, strategy: Strategy, count: int) -> None:
        opening = jax.tree.map(lambda leaf: _numbers(jnp.asarray(leaf)), strategy.init())
        self._strategy = strategy
        self._state = jax.tree.map(
            lambda leaf: jnp.broadcast_to(leaf, (count, *leaf.shape)), opening
        )
        self._fees = _asked(strategy, self._state, count)
        self._step = np.zeros(count, np.int64)
        self.broken: Broken = none_broken(count)

    def kept(self, pools: Floats) -> Floats:
        """What is left of X and of Y after its fees, (s, 2); nothing of what breaks the rules."""
        bid, ask = (np.asarray(fee, np.float64) for fee in self._fees)
        sound = (bid <= 1.0) & (ask <= 1.0) & (bid >= _LOWEST) & (ask >= _LOWEST)
        new = ~sound & (self.broken.step < 0)
        if new.any():
            buys = ~((ask <= 1.0) & (ask >= _LOWEST))
            told = np.stack(
                [
                    buys,
                    np.full(buys.shape, np.nan),
                    pools[:, 0, 0],
                    pools[:, 0, 1],
                    np.where(buys, ask, bid),
                ],
                axis=1,
            )
            self.broken.step[new], self.broken.reason[new], self.broken.told[new] = (
                self._step[new],
                int(Fault.FEE),
                told[new],
            )
        alive = self.broken.step < 0
        return np.where(alive[:, None], 1.0 - np.stack([bid, ask], axis=1), 0.0)

    def tell(self, fill: Floats, pools: Floats) -> None:
        """Of fills, as :func:`quantamm_cli.competition.challenge.play.play` leaves them."""
        self._step = np.where(fill[:, 4] >= 0, fill[:, 4], self._step).astype(np.int64)
        self._state, self._fees = _after(
            self._strategy, self._state, fill, np.ascontiguousarray(pools[:, :, :2])
        )


@jax.jit
def _after(strategy: Any, state: Any, fill: Any, reserves: Any) -> Any:
    """The states after fills, and the fees that follow."""
    step = fill[:, 4].astype(jnp.int32)
    count, zeros, ones = len(fill), jnp.zeros_like(step), jnp.ones(len(fill))
    spots = reserves[:, 1:, 1] / reserves[:, 1:, 0]
    view = Swap(
        fill[:, 0] > 0,
        fill[:, 1],
        fill[:, 2],
        reserves[:, 0],
        step,
        step,
        zeros,
        2,
        zeros,
        fill[:, 3],
        ones,
        spots,
    )

    def one(state: Any, *view: Any) -> Any:
        return strategy.after_swap(state, Swap(*view))

    each = (None if name == "n_strategies" else 0 for name in Swap._fields)
    new = jax.vmap(one, in_axes=(0, *each))(state, *view)
    state = jax.tree.map(
        lambda old, now: _where(step >= 0, jnp.asarray(now, old.dtype), old), state, new
    )
    return state, _asked(strategy, state, count)


@partial(jax.jit, static_argnums=2)
def _asked(strategy: Any, state: Any, count: int) -> Any:
    """Bid and ask (s,)."""
    fees = jax.vmap(strategy.fees, axis_size=count)(state)
    return tuple(jnp.broadcast_to(jnp.asarray(fee, float), (count,)) for fee in fees)


def _where(which: Any, one: Any, other: Any) -> Any:
    return jnp.where(which.reshape(-1, *[1] * (one.ndim - 1)), one, other)


def _numbers(leaf: Any) -> Any:
    """Decimals in double precision."""
    return leaf.astype(float) if jnp.issubdtype(leaf.dtype, jnp.floating) else leaf
