"""Sets that have ended: they keep their parameters, and the history has the reason."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, Int


def mark_ended(ended: Int[Array, ""], *reasons: Bool[Array, ""]) -> Int[Array, ""]:
    """The number of the first reason that holds (from 1), unless the set has ended before; zero:
    the set continues.
    """
    for number, holds in enumerate(reasons, 1):
        ended = jnp.where((ended == 0) & holds, number, ended).astype(ended.dtype)
    return ended


def hold_ended(ended: Int[Array, ""], moved: Any, stayed: Any) -> Any:
    """``moved``, or ``stayed`` if the set has ended."""
    return jax.tree.map(lambda new, old: jnp.where(ended > 0, old, new), moved, stayed)


def end_reasons(ended: Any, reasons: Sequence[str]) -> dict[str, list[str | None]]:
    """The entry of the history for sets that have ended; empty while all continue."""
    numbers = np.asarray(ended)
    if not numbers.any():
        return {}
    return {"ended": [reasons[number - 1] if number else None for number in numbers]}
