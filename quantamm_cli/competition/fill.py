"""Fills of pools, as arrays over pools and lanes."""

from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float

Rows = Float[Array, "a l"]
Lanes = Float[Array, " l"]


T = TypeVar("T")


def settled(values: T) -> T:
    """The same, computed once: else the compiler computes them again for each who reads them,
    which is many times the work.
    """
    same: T = jax.lax.optimization_barrier(values)
    return same


class Fill(NamedTuple):
    """What came into each pool and what went out; zeros where nothing did."""

    buys: Bool[Array, "*#a l"]
    """The trader paid Y and got X."""
    paid: Rows
    got: Rows

    @property
    def change(self) -> tuple[Rows, Rows]:
        """Of the pool's X and Y."""
        return jnp.where(self.buys, -self.got, self.paid), jnp.where(
            self.buys, self.paid, -self.got
        )


def sided(buys: Bool[Array, "*#a l"], x: Rows, y: Rows) -> tuple[Rows, Rows]:
    """The reserve that is paid into and the one that is taken from."""
    return jnp.where(buys, y, x), jnp.where(buys, x, y)
