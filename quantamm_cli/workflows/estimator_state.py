"""The state of a pool's estimators over a run, with which it can be taken up again."""

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from quantamm_cli.core.types import Feed, ParamValues
from quantamm_cli.pools.base import AbstractPool

if TYPE_CHECKING:
    from quantamm_cli.market import Market


class Readouts(NamedTuple):
    """States by estimator (c, n), from the chunk of the first row to that of the last;
    ``unix`` (c,) ms of their prices.
    """

    unix: NDArray[np.int64]
    columns: dict[str, NDArray[np.float64]]

    @property
    def last(self) -> dict[str, list[float]]:
        """At the last row."""
        return {name: column[-1].tolist() for name, column in self.columns.items()}


def readouts(
    pool: AbstractPool, raw: ParamValues, feed: Feed, market: "Market", rows: int
) -> Readouts:
    """The read-outs of a run of ``rows`` minutes; none if the pool has no estimators."""
    chunk = pool.chunk
    params = {name: jnp.asarray(value, feed.prices.dtype) for name, value in raw.items()}
    columns = {} if chunk is None else _columns(pool, params, feed)
    if chunk is None or not columns:
        return Readouts(np.empty(0, np.int64), {})
    first, last = market.burn_in // chunk, (market.burn_in + rows - 1) // chunk
    unix = (market.first_minute + np.arange(first, last + 1, dtype=np.int64) * chunk) * 60_000
    padding = int(feed.first_chunk)
    return Readouts(
        unix,
        {
            name: np.asarray(column, float)[padding + first : padding + last + 1]
            for name, column in columns.items()
        },
    )


@partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})
def _columns(pool: AbstractPool, params: dict[str, jax.Array], feed: Feed) -> dict[str, jax.Array]:
    """Run once a command: cheap to compile beats quick to run."""
    return pool.readouts(params, feed)
