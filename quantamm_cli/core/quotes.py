"""How a pool of two tokens deals with one trade after another: what lets it compete."""

from abc import ABC, abstractmethod
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, Int

Pair = Float[Array, "2"]
Scalar = Float[Array, ""]
PAIR = ("X", "Y")
"""What the two tokens are called where pools compete; Y is what prices are in."""
State = Any
"""A pytree of at most 128 numbers."""


class Quotes(ABC):
    """What a pool gives for what is paid in, by its reserves and what it remembers.

    JAX functions, differentiable. A pool that remembers nothing gives ``out_given_in`` alone.
    A step is a minute, and amounts are in units of the tokens.
    """

    @abstractmethod
    def out_given_in(
        self, state: State, reserves: Pair, pay: Int[Array, ""], amount: Scalar
    ) -> Scalar:
        """What of the other token comes out for ``amount`` of token ``pay`` (0 or 1), fee included.

        As ``amount`` rises it rises, ever more slowly, without kinks.
        """

    def price(self, state: State, reserves: Pair) -> Scalar:
        """Price of the first token in the second: of a small sale, unless a pool knows better."""

        def sold(amount: Scalar) -> Scalar:
            return self.out_given_in(state, reserves, jnp.asarray(0), amount)

        price: Scalar = jax.grad(sold)(jnp.zeros(()))
        return price

    def opened(self) -> State:
        """What it remembers before its first step, at which it first sees its reserves."""
        return ()

    def stepped(self, state: State, reserves: Pair, step: Int[Array, ""]) -> State:
        """What it remembers once a step has begun, from 0 on, before anybody trades in it."""
        del reserves, step
        return state

    def grown(self, state: State, growth: Scalar) -> State:
        """What it remembers when providers have multiplied both reserves by ``growth``."""
        del growth
        return state


def paid_first(pair: Pair, pay: Int[Array, ""]) -> tuple[Scalar, Scalar]:
    """A pair with its second in front if ``pay`` is 1.

    Chosen, not looked up, which is slow for many at a time.
    """
    return jnp.where(pay == 0, pair[0], pair[1]), jnp.where(pay == 0, pair[1], pair[0])
