"""Quotes of a strategy for many reserves, states, sizes and both sides, along sequences of random
fills ("lives").
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from quantamm_cli.competition.statistics import Numbers
from quantamm_cli.competition.strategy import Epoch, Strategy, Swap, Tick, constant_product

BASE = (100.0, 10_000.0)
SWAPS, LIVES, _SIZES, _EPOCH = 64, 16, 160, 16
_LEAST, _MOST = 1e-7, 10.0
"""Sizes as multiples of the reserve that is paid into."""


class Probes(NamedTuple):
    """Quotes (l, t, 2, k) by life, moment, side and size, with their inputs."""

    got: Numbers
    paid: Numbers
    reserves: Numbers
    """``(l, t, 2)``"""
    states: Any
    """Leaves ``(l, t, …)``."""
    fees: Numbers
    """``(l, t, 2)`` bid and ask; NaN of a curve."""


def quoting(strategy: Strategy) -> Callable[[Any, Array, Array, Array], Array]:
    """A strategy's quote as a function of state, side, amount and reserves, also if it has fees."""

    def quote(state: Any, buys: Array, amount: Array, reserves: Array) -> Array:
        if strategy.is_curve:
            return jnp.asarray(strategy.quote(state, buys, amount, reserves), float)
        bid, ask = strategy.fees(state)
        into, out_of = jnp.where(buys, reserves[::-1], reserves)
        fee = jnp.where(buys, jnp.asarray(ask, float), jnp.asarray(bid, float))
        return constant_product(amount, into, out_of, fee)

    return quote


def probe(strategy: Strategy) -> Probes:
    """Quotes of every size at every moment of lives that begin with different reserves."""
    random = np.random.Generator(np.random.PCG64(0))
    opening = np.array(BASE) * np.exp(random.normal(0, 0.7, (LIVES, 2)))
    opening[0] = BASE
    buys = random.random((LIVES, SWAPS)) < 0.5
    share = np.exp(random.normal(-6, 1.5, (LIVES, SWAPS)))
    sizes = np.geomspace(_LEAST, _MOST, _SIZES)
    quote = quoting(strategy)

    def moment(state: Any, reserves: Array) -> tuple[Array, Array, Array]:
        paid = jnp.stack([reserves[1], reserves[0]])[:, None] * sizes

        def of_side(side: Array, amounts: Array) -> Array:
            return jax.vmap(lambda amount: quote(state, side, amount, reserves))(amounts)

        got = jax.vmap(of_side)(jnp.array([True, False]), paid)
        if strategy.is_curve:
            return got, paid, jnp.full(2, jnp.nan)
        bid, ask = strategy.fees(state)
        return got, paid, jnp.stack([jnp.asarray(bid, float), jnp.asarray(ask, float)])

    def life(reserves: Array, buys: Array, share: Array) -> Any:
        def one(carry: Any, step: Any) -> Any:
            state, reserves = carry
            buy, part, number = step
            tick = Tick(reserves, number, number % _EPOCH, number // _EPOCH, 2, jnp.zeros((), int))
            state = _choose(jnp.array(True), strategy.on_step(state, tick), state)
            row = (*moment(state, reserves), reserves, state)
            state, reserves = _swap(strategy, quote, state, reserves, buy, part, number)
            return (state, reserves), row

        start = jax.tree.map(lambda leaf: jnp.asarray(leaf) * 1.0, strategy.init())
        return jax.lax.scan(one, (start, reserves), (buys, share, jnp.arange(SWAPS)))[1]

    got, paid, fees, reserves, states = jax.jit(jax.vmap(life))(opening, buys, share)
    return Probes(*jax.tree.map(np.asarray, (got, paid, reserves, states, fees)))


def _swap(
    strategy: Strategy,
    quote: Any,
    state: Any,
    reserves: Array,
    buys: Array,
    part: Array,
    step: Array,
) -> tuple[Any, Array]:
    """One fill with its hook, and every ``_EPOCH`` steps the hook of an epoch's end; a quote that
    breaks the rules fills nothing.
    """
    paid = part * jnp.where(buys, reserves[1], reserves[0])
    got = quote(state, buys, paid, reserves)
    out_of = jnp.where(buys, reserves[0], reserves[1])
    sound = jnp.isfinite(got) & (got > 0) & (got < out_of)
    change = jnp.where(buys, jnp.stack([-got, paid]), jnp.stack([paid, -got]))
    reserves = jnp.where(sound, reserves + change, reserves)
    other = reserves[1] / reserves[0] * (1 + 0.01 * jnp.sin(step + 1.0))
    number, within = step // _EPOCH, step % _EPOCH
    retail = (step % 3 > 0) * 0.4
    index, one = jnp.zeros((), int), jnp.ones(())
    time = step, within, number
    swap = Swap(buys, paid, got, reserves, *time, 2, index, retail, one, other[None])
    state = _choose(sound, strategy.after_swap(state, swap), state)
    edges = jnp.cos(step * 1.0), jnp.sin(step * 1.0)
    epoch = Epoch(reserves, number, *edges, one, one, 2, index)
    return _choose(within == _EPOCH - 1, strategy.on_epoch(state, epoch), state), reserves


def _choose(when: Array, new: Any, old: Any) -> Any:
    return jax.tree.map(
        lambda now, was: jnp.where(when, jnp.asarray(now, was.dtype), was), new, old
    )
