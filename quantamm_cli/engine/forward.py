"""The forward pass of one pool, one set of parameters and one window."""

from itertools import accumulate

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int

from quantamm_cli.core.executor import executor
from quantamm_cli.core.minute import window
from quantamm_cli.core.types import DAY, Daily, Feed, Left, Params, Path, Snapshot, Trajectory
from quantamm_cli.pools.base import AbstractPool

Spans = tuple[tuple[str, int, int], ...]
"""Periods: name, first row, and the row after the last. Hashable, because programs depend on them.
"""


def simulate(
    pool: AbstractPool, params: Params, feed: Feed, start: Int[Array, ""] | int, rows: int
) -> Trajectory:
    """The trajectory of the pool over minutes [start, start + rows) of the feed. Pure; ``rows`` is
    static.

    A new pool opens at ``start``; its estimators have processed all minutes before.
    """
    start = jnp.asarray(start)
    with executor(feed.trading.executor):
        path = pool.path(params, feed, start, rows)
    return _trajectory(path, window(feed.prices, start, rows))


def _trajectory(path: Path, prices: Float[Array, "t n"]) -> Trajectory:
    value = (path.reserves * prices).sum(-1) if path.value is None else path.value
    return Trajectory(prices, path.weights, path.reserves, value, path.fees, path.refused)


def ended(
    pool: AbstractPool, params: Params, feed: Feed, start: Int[Array, ""] | int, rows: int
) -> tuple[Trajectory, Left, Int[Array, ""]]:
    """As ``simulate``, with the pool at the last row at which another run can take it up, and how
    many rows came after that one.
    """
    start = jnp.asarray(start)
    with executor(feed.trading.executor):
        path = pool.path(params, feed, start, rows)
        row = jnp.asarray(pool.anchor(feed, rows))
        left = pool.left(params, feed, start, path, row)
    return _trajectory(path, window(feed.prices, start, rows)), left, rows - 1 - row


def length(spans: Spans) -> int:
    """The number of rows of a run over the spans."""
    return max(last for _, _, last in spans)


def parts(path: Trajectory, spans: Spans) -> dict[str, Trajectory]:
    """The minutes of each span of a run."""
    return {name: path.rows(first, last) for name, first, last in spans}


def days(
    pool: AbstractPool, params: Params, feed: Feed, start: Int[Array, ""] | int, spans: Spans
) -> dict[str, Daily]:
    """Each span of one continuous run from ``start``, as metrics that read days need it.

    Some pools compute those rows alone, at a fraction of the cost of all minutes.
    """
    rows = [np.append(np.arange(first, last, DAY), last - 1) for _, first, last in spans]
    with executor(feed.trading.executor):
        spots = pool.sampled(params, feed, jnp.asarray(start), length(spans), np.concatenate(rows))
    ends = accumulate(map(len, rows))
    return {
        name: _daily(spots, end - len(part), end - 1, last - first)
        for (name, first, last), part, end in zip(spans, rows, ends, strict=True)
    }


def _daily(spots: Snapshot, first: int, last: int, minutes: int) -> Daily:
    """A window from spots [first, last]: the last is its end, the others are its days."""
    days = slice(first, last)
    return Daily(
        _spot(spots, first), _spot(spots, last), spots.value[days], spots.prices[days], minutes
    )


def _spot(spots: Snapshot, row: int) -> Snapshot:
    spot: Snapshot = jax.tree.map(lambda column: column[row], spots)
    return spot
