"""Plateau decay: the learning rate of a set falls when the set no longer improves."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int

from quantamm_cli.core.types import Params
from quantamm_cli.training.problem import Numbers


class Plateau(NamedTuple):
    """A set's best score so far, the evaluations since, and the factor on its learning rate."""

    best: Float[Array, ""]
    since: Int[Array, ""]
    rate_scale: Float[Array, ""]


def plateau(numbers: Numbers, params: Params) -> Plateau | None:
    """The state before the first evaluation of a set; ``None`` without plateau decay."""
    if "plateau_patience" not in numbers:
        return None
    kind = jnp.result_type(*jax.tree.leaves(params))
    return Plateau(
        jnp.asarray(np.finfo(kind).min, kind), jnp.zeros((), jnp.int32), jnp.ones((), kind)
    )


def after_score(numbers: Numbers, state: Plateau, score: Float[Array, ""]) -> Plateau:
    """The state after one more score: the rate falls by ``plateau_factor`` after every
    ``plateau_patience`` scores in a row that are no better than the best.

    optax.contrib.reduce_on_plateau has the factor in the program: another one would recompile it.
    """
    kind = np.finfo(state.best.dtype)
    # A difference within rounding is no improvement.
    rounding = np.sqrt(kind.eps) * jnp.abs(jnp.maximum(state.best, kind.min / 2))
    better = jnp.isfinite(score) & (score > state.best + rounding)
    since = jnp.where(better, 0, state.since + 1)
    flat = since >= numbers["plateau_patience"]
    scale = jnp.where(flat, state.rate_scale * numbers["plateau_factor"], state.rate_scale)
    best = jnp.where(better, score, state.best)
    return Plateau(
        best.astype(state.best.dtype),
        jnp.where(flat, 0, since),
        scale.astype(state.rate_scale.dtype),
    )
