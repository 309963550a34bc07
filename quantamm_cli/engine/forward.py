"""One pool, one set of parameters, one window: the forward pass."""

from itertools import accumulate

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Int

from quantamm_cli.core.executor import executor
from quantamm_cli.core.minute import window
from quantamm_cli.core.types import DAY, Daily, Feed, Params, Snapshot, Trajectory
from quantamm_cli.pools.base import AbstractPool

Spans = tuple[tuple[str, int, int], ...]
"""Periods by name: first row and the row after the last. Hashable: their lengths shape programs."""


def simulate(
    pool: AbstractPool, params: Params, feed: Feed, start: Int[Array, ""] | int, rows: int
) -> Trajectory:
    """What the pool does over minutes [start, start + rows) of the feed. Pure; ``rows`` is static.

    A fresh pool opens at ``start``; its estimators have seen everything before.
    """
    start = jnp.asarray(start)
    prices = window(feed.prices, start, rows)
    with executor(feed.trading.executor):
        path = pool.path(params, feed, start, rows)
    value = (path.reserves * prices).sum(-1) if path.value is None else path.value
    return Trajectory(prices, path.weights, path.reserves, value, path.fees, path.refused)


def days(
    pool: AbstractPool, params: Params, feed: Feed, start: Int[Array, ""] | int, spans: Spans
) -> dict[str, Daily]:
    """What metrics that read days need of each span of one continuous run from ``start``.

    Pools that can answer for those rows alone, which costs a fraction of their minutes.
    """
    wanted = [np.append(np.arange(first, last, DAY), last - 1) for _, first, last in spans]
    rows, length = np.concatenate(wanted), max(last for _, _, last in spans)
    with executor(feed.trading.executor):
        spots = pool.sampled(params, feed, jnp.asarray(start), length, rows)
    ends = accumulate(len(part) for part in wanted)
    return {
        name: _daily(spots, end - len(part), end - 1, last - first)
        for (name, first, last), part, end in zip(spans, wanted, ends, strict=True)
    }


def _daily(spots: Snapshot, first: int, last: int, minutes: int) -> Daily:
    """Of spots [first, last] the last is the window's end, the others its days."""
    days = slice(first, last)
    return Daily(
        _spot(spots, first), _spot(spots, last), spots.value[days], spots.prices[days], minutes
    )


def _spot(spots: Snapshot, row: int) -> Snapshot:
    return Snapshot(*(column[row] for column in spots))
