"""Sets that have nowhere to go: they stay where they are, and say why."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, Int


def marked(ended: Int[Array, ""], *reasons: Bool[Array, ""]) -> Int[Array, ""]:
    """The reason (one for the first, two for the second, …) that ends a set, unless it has ended
    before; zero: it goes on.
    """
    for number, holds in enumerate(reasons, 1):
        ended = jnp.where((ended == 0) & holds, number, ended).astype(ended.dtype)
    return ended


def unless(ended: Int[Array, ""], moved: Any, stayed: Any) -> Any:
    """What a set becomes: as before where it has ended."""
    return jax.tree.map(lambda new, old: jnp.where(ended > 0, old, new), moved, stayed)


def told(ended: Any, reasons: Sequence[str]) -> dict[str, list[str | None]]:
    """What the history says of sets that have ended; nothing while all go on."""
    numbers = np.asarray(ended)
    return (
        {"ended": [reasons[number - 1] if number else None for number in numbers]}
        if numbers.any()
        else {}
    )
