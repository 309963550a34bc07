"""A strategy tried on many reserves, states and sizes, both sides, in lives of random fills."""

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


class Trial(NamedTuple):
    """Quotes (l, t, 2, k) of lives, moments, sides and sizes, with what they were asked at."""

    got: Numbers
    paid: Numbers
    reserves: Numbers
    """``(l, t, 2)``"""
    states: Any
    """Leaves ``(l, t, …)``."""
    fees: Numbers
    """``(l, t, 2)`` bid and ask; NaN of a curve."""


def quoting(strategy: Strategy) -> Callable[[Any, Array, Array, Array], Array]:
    """Its quote as one function of state, side, amount and reserves,
    whichever way it is written.
    """

    def quote(state: Any, buys: Array, amount: Array, reserves: Array) -> Array:
        if strategy.is_curve:
            return jnp.asarray(strategy.quote(state, buys, amount, reserves), float)
        bid, ask = strategy.fees(state)
        into, out_of = jnp.where(buys, reserves[::-1], reserves)
        return constant_product(
            amount, into, out_of, jnp.where(buys, jnp.asarray(ask, float), jnp.asarray(bid, float))
        )

    return quote


def tried(strategy: Strategy) -> Trial:
    """Lives of random fills, from reserves of their own; quotes of every
    size at every moment of them.
    """
    random = np.random.Generator(np.random.PCG64(0))
    opening = np.array(BASE) * np.exp(random.normal(0, 0.7, (LIVES, 2)))
    opening[0] = BASE
    buys = random.random((LIVES, SWAPS)) < 0.5
    share = np.exp(random.normal(-6, 1.5, (LIVES, SWAPS)))
    sizes = np.geomspace(_LEAST, _MOST, _SIZES)
    quote = quoting(strategy)

    def moment(state: Any, reserves: Array) -> tuple[Array, Array, Array]:
        sides = jnp.array([True, False])
        paid = jnp.stack([reserves[1], reserves[0]])[:, None] * sizes
        got = jax.vmap(
            lambda side, row: jax.vmap(lambda amount: quote(state, side, amount, reserves))(row)
        )(sides, paid)
        fees = (
            jnp.full(2, jnp.nan)
            if strategy.is_curve
            else jnp.stack([jnp.asarray(fee, float) for fee in strategy.fees(state)])
        )
        return got, paid, fees

    def life(reserves: Array, buys: Array, share: Array) -> Any:
        def one(carry: Any, step: Any) -> Any:
            state, reserves = carry
            buy, part, number = step
            told = Tick(reserves, number, number % _EPOCH, number // _EPOCH, 2, jnp.zeros((), int))
            state = _chosen(jnp.array(True), strategy.on_step(state, told), state)
            seen = (*moment(state, reserves), reserves, state)
            state, reserves = _swapped(strategy, quote, state, reserves, buy, part, number)
            return (state, reserves), seen

        start = jax.tree.map(lambda leaf: jnp.asarray(leaf) * 1.0, strategy.init())
        return jax.lax.scan(one, (start, reserves), (buys, share, jnp.arange(SWAPS)))[1]

    got, paid, fees, reserves, states = jax.jit(jax.vmap(life))(opening, buys, share)
    return Trial(
        np.asarray(got),
        np.asarray(paid),
        np.asarray(reserves),
        jax.tree.map(np.asarray, states),
        np.asarray(fees),
    )


def _swapped(
    strategy: Strategy,
    quote: Any,
    state: Any,
    reserves: Array,
    buys: Array,
    part: Array,
    step: Array,
) -> tuple[Any, Array]:
    """One fill as the engine would tell of it, and now and then the end of an epoch; a quote that
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
    swap = Swap(
        buys,
        paid,
        got,
        reserves,
        step,
        within,
        number,
        2,
        jnp.zeros((), int),
        retail,
        jnp.ones(()),
        other[None],
    )
    state = _chosen(sound, strategy.after_swap(state, swap), state)
    told = Epoch(
        reserves,
        number,
        jnp.cos(step * 1.0),
        jnp.sin(step * 1.0),
        jnp.ones(()),
        jnp.ones(()),
        2,
        jnp.zeros((), int),
    )
    return _chosen(within == _EPOCH - 1, strategy.on_epoch(state, told), state), reserves


def _chosen(when: Array, new: Any, old: Any) -> Any:
    return jax.tree.map(
        lambda now, was: jnp.where(when, jnp.asarray(now, was.dtype), was), new, old
    )
