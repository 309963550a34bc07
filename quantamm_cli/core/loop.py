"""A loop over minutes whose gradient needs little memory."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp


def checkpointed_scan(
    step: Callable[[Any, Any], tuple[Any, Any]], start: Any, rows: Any, block: int = 1440
) -> Any:
    """The outputs of ``lax.scan``, keeping only every ``block``-th state for the
    gradient and recomputing between.

    Rows are padded with the last one to whole blocks; what the padding does
    is cut off and never seen.
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

    _, out = jax.lax.scan(run, start, jax.tree.map(split, rows))
    return jax.tree.map(
        lambda column: column.reshape(blocks * block, *column.shape[2:])[:length], out
    )
