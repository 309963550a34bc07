"""The state of a pool's estimators over a run, from which it can be continued."""

from typing import TYPE_CHECKING, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from quantamm_cli.core.programs import program
from quantamm_cli.core.types import Feed, ParamValues
from quantamm_cli.pools.base import AbstractPool

if TYPE_CHECKING:
    from quantamm_cli.market import Market


class Readouts(NamedTuple):
    """States ``(c, n)`` by estimator, from the chunk of the first row to that of the last.

    ``unix`` ``(c,)`` is the time of their prices, in ms.
    """

    unix: NDArray[np.int64]
    columns: dict[str, NDArray[np.float64]]

    @property
    def last(self) -> dict[str, list[float]]:
        """The states at the last row."""
        return {name: column[-1].tolist() for name, column in self.columns.items()}


def readouts(
    pool: AbstractPool, raw: ParamValues, feed: Feed, market: "Market", rows: int
) -> Readouts:
    """The states of a run of ``rows`` minutes; empty if the pool has no estimators."""
    chunk = pool.chunk
    params = {name: jnp.asarray(value, feed.prices.dtype) for name, value in raw.items()}
    empty = Readouts(np.empty(0, np.int64), {})
    if chunk is None:
        return empty
    columns = _columns(pool, params, feed)
    if not columns:
        return empty
    first, last = market.burn_in // chunk, (market.burn_in + rows - 1) // chunk
    unix = (market.first_minute + np.arange(first, last + 1, dtype=np.int64) * chunk) * 60_000
    padding = int(feed.first_chunk)
    within = slice(padding + first, padding + last + 1)
    states = {name: np.asarray(column, float)[within] for name, column in columns.items()}
    return Readouts(unix, states)


@program(quick=True)
def _columns(pool: AbstractPool, params: dict[str, jax.Array], feed: Feed) -> dict[str, jax.Array]:
    """Compiled with little optimisation: it runs once per command."""
    return pool.readouts(params, feed)
