"""The forward pass of one pool, one set of parameters and one window."""

from itertools import accumulate

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Int

from quantamm_cli.core.executor import executor
from quantamm_cli.core.minute import window
from quantamm_cli.core.types import DAY, Basis, Daily, Feed, Params, Snapshot, Trajectory
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
    prices = window(feed.prices, start, rows)
    with executor(feed.trading.executor):
        path = pool.path(params, feed, start, rows)
    value = (path.reserves * prices).sum(-1) if path.value is None else path.value
    basis = jax.tree.map(lambda column: window(column, start, rows), feed.basis)
    return Trajectory(prices, path.weights, path.reserves, value, path.fees, path.refused, *basis)


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
    every = np.concatenate(rows)
    with executor(feed.trading.executor):
        spots = pool.sampled(params, feed, jnp.asarray(start), length(spans), every)
    basis = jax.tree.map(lambda column: column[start + every], feed.basis)
    ends = accumulate(map(len, rows))
    return {
        name: _daily(spots, basis, slice(end - len(part), end), last - first)
        for (name, first, last), part, end in zip(spans, rows, ends, strict=True)
    }


def _daily(spots: Snapshot, basis: Basis, rows: slice, minutes: int) -> Daily:
    """A window from some of the spots: the last is its end, the others are its days."""
    own, (supply, cash) = jax.tree.map(lambda column: column[rows], (spots, basis))
    if supply is not None:
        growth = supply / supply[0]
        own = Snapshot(own.prices, own.reserves / growth[:, None], own.value / growth)
    day_cash = None if cash is None else cash[:-1]
    return Daily(_spot(own, 0), _spot(own, -1), own.value[:-1], own.prices[:-1], minutes, day_cash)


def _spot(spots: Snapshot, row: int) -> Snapshot:
    spot: Snapshot = jax.tree.map(lambda column: column[row], spots)
    return spot
