"""A loop over minutes whose gradient needs little memory."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp


def checkpointed_scan(
    step: Callable[[Any, Any], tuple[Any, Any]], start: Any, rows: Any, block: int = 1440
) -> Any:
    """The outputs of ``lax.scan``, storing only every ``block``-th state for the gradient and
    recomputing the states between.

    Rows are padded with the last one to whole blocks; the outputs of the padding are dropped.
    """
    length = len(jax.tree.leaves(rows)[0])
    block = min(block, length)
    blocks = -(-length // block)

    def split(column: jax.Array) -> jax.Array:
        padding = jnp.broadcast_to(column[-1], (blocks * block - length, *column.shape[1:]))
        return jnp.concatenate([column, padding]).reshape(blocks, block, *column.shape[1:])

    @jax.checkpoint
    def run(state: Any, part: Any) -> tuple[Any, Any]:
        return jax.lax.scan(step, state, part)

    def merge(column: jax.Array) -> jax.Array:
        return column.reshape(blocks * block, *column.shape[2:])[:length]

    _, out = jax.lax.scan(run, start, jax.tree.map(split, rows))
    return jax.tree.map(merge, out)
