"""How a pool of two tokens answers one trade after another, so that it can compete."""

from abc import ABC, abstractmethod
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, Int

Pair = Float[Array, "2"]
Scalar = Float[Array, ""]
PAIR = ("X", "Y")
"""The names of the two tokens where pools compete; prices are in Y."""
State = Any
"""A pytree of at most 128 numbers."""


class Quotes(ABC):
    """The amounts that a pool pays out, as functions of its reserves and its state.

    All methods are differentiable JAX functions. A pool without a state defines ``out_given_in``
    alone. A step is a minute, and amounts are in units of the tokens.
    """

    @abstractmethod
    def out_given_in(
        self, state: State, reserves: Pair, pay: Int[Array, ""], amount: Scalar
    ) -> Scalar:
        """The amount of the other token for ``amount`` of token ``pay`` (0 or 1), fee included.

        It must be increasing, concave and smooth in ``amount``.
        """

    def price(self, state: State, reserves: Pair) -> Scalar:
        """The price of the first token in the second; by default that of an infinitesimal sale."""

        def sold(amount: Scalar) -> Scalar:
            return self.out_given_in(state, reserves, jnp.asarray(0), amount)

        price: Scalar = jax.grad(sold)(jnp.zeros(()))
        return price

    def opened(self) -> State:
        """The state before the first step, at which the pool first sees its reserves."""
        return ()

    def stepped(self, state: State, reserves: Pair, step: Int[Array, ""]) -> State:
        """The state at the start of a step (counted from 0), before any trade in it."""
        del reserves, step
        return state

    def grown(self, state: State, growth: Scalar) -> State:
        """The state after providers have multiplied both reserves by ``growth``."""
        del growth
        return state


def paid_first(pair: Pair, pay: Int[Array, ""]) -> tuple[Scalar, Scalar]:
    """The pair with its second entry first if ``pay`` is 1.

    By selection: indexing is slow for many pairs at a time.
    """
    return jnp.where(pay == 0, pair[0], pair[1]), jnp.where(pay == 0, pair[1], pair[0])
