"""One pool, one set of parameters, one window: the forward pass."""

from itertools import accumulate

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Int

from quantamm_cli.core.loop import checkpointed_scan
from quantamm_cli.core.types import DAY, Daily, Feed, Params, Path, Snapshot, Trajectory
from quantamm_cli.pools.base import AbstractPool, window

Spans = tuple[tuple[str, int, int], ...]
"""Periods by name: first row and the row after the last. Hashable: their lengths shape programs."""


def simulate(pool: AbstractPool, params: Params, feed: Feed, start: Int[Array, ""] | int, rows: int) -> Trajectory:
    """What the pool does over minutes [start, start + rows) of the feed. Pure; ``rows`` is static.

    A fresh pool opens at ``start``; its estimators have seen everything before.
    """
    start = jnp.asarray(start)
    prices = window(feed.prices, start, rows)
    path = _path(pool, params, feed, start, rows)
    return Trajectory(prices, path.weights, path.reserves, (path.reserves * prices).sum(-1), path.fees)


def days(pool: AbstractPool, params: Params, feed: Feed, start: Int[Array, ""] | int, spans: Spans) -> dict[str, Daily]:
    """What metrics that read days need of each span of one continuous run from ``start``.

    Frictionless pools answer for those rows alone, which costs a thousandth of their minutes.
    """
    start = jnp.asarray(start)
    wanted = [np.append(np.arange(first, last, DAY), last - 1) for _, first, last in spans]
    rows, length = np.concatenate(wanted), max(last for _, _, last in spans)
    if feed.frictions is None and feed.trading.happens:
        path = pool.sampled(params, feed, start, length, rows)
    else:
        path = Path(*(column[rows] for column in _path(pool, params, feed, start, length)))
    prices = feed.prices[start + rows]
    value = (path.reserves * prices).sum(-1)
    spots = Snapshot(prices, path.reserves, value)
    ends = accumulate(len(part) for part in wanted)
    return {
        name: Daily(_spot(spots, end - len(part)), _spot(spots, end - 1), value[end - len(part) : end - 1], last - first)
        for (name, first, last), part, end in zip(spans, wanted, ends, strict=True)
    }


def _spot(spots: Snapshot, row: int) -> Snapshot:
    return Snapshot(*(column[row] for column in spots))


def _path(pool: AbstractPool, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
    every = feed.trading.every
    if not feed.trading.happens:
        path = pool.frictionless(params, feed, start, rows)
        return path._replace(reserves=jnp.broadcast_to(path.reserves[0], path.reserves.shape))
    if feed.frictions is None or not pool.takes_frictions:
        return pool.frictionless(params, feed, start, rows)
    opening, minutes = pool.prepare(params, feed, start, rows)
    visits = jax.tree.map(lambda column: column[::every], minutes)
    reserves, fees = checkpointed_scan(lambda state, tick: pool.step(state, tick, feed.trading.solver), opening, visits)
    if every > 1:
        reserves = jnp.repeat(reserves, every, axis=0)[:rows]
        fees = jnp.zeros(rows, fees.dtype).at[::every].set(fees)
    return Path(minutes.weights, reserves, fees)
