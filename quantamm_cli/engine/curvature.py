"""Second derivatives of an objective."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array
from jax.flatten_util import ravel_pytree
from jaxtyping import Float

from quantamm_cli.core.types import Params


def trace(gain: Callable[[Params], Float[Array, ""]], params: Params) -> Float[Array, ""]:
    """The exact trace of the Hessian of ``gain``, one parameter after another, so that it needs the
    memory of one second derivative.

    Reverse mode over reverse mode: functions with ``jax.custom_vjp`` have no forward mode.
    """
    flat, shaped = ravel_pytree(params)
    slope = jax.grad(lambda values: gain(shaped(values)))

    def curved(index: Array) -> Array:
        row: Array = jax.grad(lambda values: slope(values)[index])(flat)
        return row[index]

    return jnp.sum(jax.lax.map(curved, jnp.arange(len(flat))))
