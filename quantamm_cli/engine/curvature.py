"""Second derivatives of an objective."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array
from jax.flatten_util import ravel_pytree
from jaxtyping import Float

from quantamm_cli.core.types import Params


def trace(gain: Callable[[Params], Float[Array, ""]], params: Params) -> Float[Array, ""]:
    """Trace of the Hessian of ``gain``: exact, one parameter after another, so that memory is that
    of a single gradient's gradient.

    Backwards twice: what gives its own derivatives (``jax.custom_vjp``) knows no other way.
    """
    flat, shaped = ravel_pytree(params)
    slope = jax.grad(lambda values: gain(shaped(values)))

    def curved(index: Array) -> Array:
        row: Array = jax.grad(lambda values: slope(values)[index])(flat)
        return row[index]

    return jnp.sum(jax.lax.map(curved, jnp.arange(len(flat))))
