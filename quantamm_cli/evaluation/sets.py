"""Parameter sets as programs take them."""

from collections.abc import Iterator, Mapping

import jax.numpy as jnp
import numpy as np

from quantamm_cli.core.bijectors import Numbers
from quantamm_cli.core.types import Feed, Params, ParamValues

_TOGETHER = 8
"""Sets that are run side by side: more would fill the memory with their minutes."""


def arrays(params: ParamValues, feed: Feed) -> Params:
    """Raw parameters in the precision of the feed."""
    return {name: jnp.asarray(value, feed.prices.dtype) for name, value in params.items()}


def batches(params: Mapping[str, Numbers], feed: Feed) -> Iterator[Params]:
    """Raw parameters ``(sets, …)`` some at a time; the last batch is filled up with the last set,
    so that one program serves all.
    """
    sets = len(next(iter(params.values())))
    for begin in range(0, sets, _TOGETHER):
        some = np.minimum(np.arange(begin, begin + _TOGETHER), sets - 1)
        yield arrays({name: values[some] for name, values in params.items()}, feed)
