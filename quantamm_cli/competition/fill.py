"""Fills of pools, as arrays over pools and lanes."""

from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float

Rows = Float[Array, "a l"]
Lanes = Float[Array, " l"]


T = TypeVar("T")


def compute_once(values: T) -> T:
    """The same values, computed once.

    Without this the compiler computes them again for each use, which is many times the work.
    """
    same: T = jax.lax.optimization_barrier(values)
    return same


class Fill(NamedTuple):
    """What each pool received and gave; zeros where nothing was traded."""

    buys: Bool[Array, "*#a l"]
    """The trader paid Y and got X."""
    paid: Rows
    got: Rows

    @property
    def change(self) -> tuple[Rows, Rows]:
        """Changes of the pool's X and Y."""
        dx = jnp.where(self.buys, -self.got, self.paid)
        dy = jnp.where(self.buys, self.paid, -self.got)
        return dx, dy


def sided(buys: Bool[Array, "*#a l"], x: Rows, y: Rows) -> tuple[Rows, Rows]:
    """The reserve that is paid into and the one that is taken from."""
    return jnp.where(buys, y, x), jnp.where(buys, x, y)
