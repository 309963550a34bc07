"""The fees and states of a strategy in each simulation of the original challenge's engine."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from quantamm_cli.competition.challenge.outcome import Faults, no_faults
from quantamm_cli.competition.strategy import Strategy, Swap
from quantamm_cli.competition.types import Fault, Floats

_LOWEST = -1.0
"""With a lower fee the pool would pay for more than twice the payment."""


class Fees:
    """The states of one strategy in s simulations. After an invalid fee it quotes no more."""

    def __init__(self, strategy: Strategy, count: int) -> None:
        def repeated(leaf: Any) -> Any:
            number = _in_double_precision(jnp.asarray(leaf))
            return jnp.broadcast_to(number, (count, *number.shape))

        self._strategy = strategy
        self._state = jax.tree.map(repeated, strategy.init())
        self._fees = _fees(strategy, self._state, count)
        self._step = np.zeros(count, np.int64)
        self.faults: Faults = no_faults(count)

    def factors(self, pools: Floats) -> Floats:
        """One less the fee on payments of X and of Y, (s, 2); 0 after a fault."""
        bid, ask = (np.asarray(fee, np.float64) for fee in self._fees)
        sound = (bid <= 1.0) & (ask <= 1.0) & (bid >= _LOWEST) & (ask >= _LOWEST)
        new = ~sound & (self.faults.step < 0)
        if new.any():
            buys = ~((ask <= 1.0) & (ask >= _LOWEST))
            amount, fee = np.full(buys.shape, np.nan), np.where(buys, ask, bid)
            inputs = np.stack([buys, amount, pools[:, 0, 0], pools[:, 0, 1], fee], axis=1)
            self.faults.step[new] = self._step[new]
            self.faults.reason[new] = int(Fault.FEE)
            self.faults.inputs[new] = inputs[new]
        alive = self.faults.step < 0
        return np.where(alive[:, None], 1.0 - np.stack([bid, ask], axis=1), 0.0)

    def after_swap(self, fill: Floats, pools: Floats) -> None:
        """Call the hook for the fills of :func:`quantamm_cli.competition.challenge.play.play`."""
        self._step = np.where(fill[:, 4] >= 0, fill[:, 4], self._step).astype(np.int64)
        self._state, self._fees = _after(
            self._strategy, self._state, fill, np.ascontiguousarray(pools[:, :, :2])
        )


@jax.jit
def _after(strategy: Any, state: Any, fill: Any, reserves: Any) -> Any:
    """The states after fills, and their fees."""
    step = fill[:, 4].astype(jnp.int32)
    count, zeros, ones = len(fill), jnp.zeros_like(step), jnp.ones(len(fill))
    spots = reserves[:, 1:, 1] / reserves[:, 1:, 0]
    buys, paid, got, flow = fill[:, 0] > 0, fill[:, 1], fill[:, 2], fill[:, 3]
    time = step, step, zeros
    view = Swap(buys, paid, got, reserves[:, 0], *time, 2, zeros, flow, ones, spots)

    def one(state: Any, *view: Any) -> Any:
        return strategy.after_swap(state, Swap(*view))

    each = (None if name == "n_strategies" else 0 for name in Swap._fields)
    new = jax.vmap(one, in_axes=(0, *each))(state, *view)
    state = jax.tree.map(
        lambda old, now: _where(step >= 0, jnp.asarray(now, old.dtype), old), state, new
    )
    return state, _fees(strategy, state, count)


@partial(jax.jit, static_argnums=2)
def _fees(strategy: Any, state: Any, count: int) -> Any:
    """Bid and ask (s,)."""
    fees = jax.vmap(strategy.fees, axis_size=count)(state)
    return tuple(jnp.broadcast_to(jnp.asarray(fee, float), (count,)) for fee in fees)


def _where(which: Any, one: Any, other: Any) -> Any:
    return jnp.where(which.reshape(-1, *[1] * (one.ndim - 1)), one, other)


def _in_double_precision(leaf: Any) -> Any:
    """The same array; decimals in double precision."""
    return leaf.astype(float) if jnp.issubdtype(leaf.dtype, jnp.floating) else leaf
