"""What was earned each day of a stretch of a run, by a pool, by what anyone could have had,
and by many parameter sets.

A day's return is from midnight to midnight: between the last rows of two days. So a stretch of D
days that begins at midnight, not with the run itself, has D returns, and stretches that follow each
other have each day once.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from quantamm_cli.core.executor import executor
from quantamm_cli.core.types import DAY, Feed, Params, ParamValues, Snapshot
from quantamm_cli.evaluation.portfolios import constant_weights
from quantamm_cli.evaluation.sets import arrays, batches
from quantamm_cli.pools.balancer import Balancer
from quantamm_cli.pools.base import AbstractPool

Numbers = NDArray[np.float64]


class Daily(NamedTuple):
    """Daily returns over a stretch of D days, ``(D,)`` by strategy, and the tokens' prices where
    its days begin and end, ``(D + 1, n)``.
    """

    returns: Mapping[str, Numbers]
    prices: Numbers


def day_rows(first: int, last: int) -> NDArray[np.int64]:
    """Rows at which the days of [first, last) begin and end: the one before ``first``
    and every 1440th from there.

    A run has no row before its first: its first day lacks a minute. A trailing part-day is dropped.
    """
    return np.arange(max(first - 1, 0), last, DAY)


def daily(pool: AbstractPool, params: ParamValues, feed: Feed, first: int, last: int) -> Daily:
    """The pool's returns on the days of rows [first, last) of its run from row 0, beside HODL,
    uniform HODL and constant weights.

    ``params`` is one set of raw parameters. HODL takes over what the pool holds when the first day
    begins; constant weights are those the pool opened with, from row 0 on and at the same fees.
    """
    rows = (0, *day_rows(first, last).tolist())
    prices, reserves, value = _at(pool, rows, params, feed)
    held, at, worth = (
        jnp.asarray(each[0], feed.prices.dtype) for each in (reserves, prices, value)
    )
    constant = _at(Balancer(), rows, *constant_weights(held, at, worth, feed))[2]
    later = prices[1:]
    values = {
        "pool": value[1:],
        "hodl": later @ reserves[1],
        "uniform_hodl": (later / later[0]).mean(-1),
        "constant_weight": constant[1:],
    }
    return Daily({name: changes(value) for name, value in values.items()}, later)


def candidates(
    pool: AbstractPool, params: Mapping[str, Numbers], feed: Feed, first: int, last: int
) -> Numbers:
    """Daily returns ``(sets, days)`` of many parameter sets, raw ``(sets, …)``,
    on the days of rows [first, last).
    """
    rows, sets = tuple(day_rows(first, last).tolist()), len(next(iter(params.values())))
    values = [
        np.asarray(_many(pool, rows, batch, feed), np.float64) for batch in batches(params, feed)
    ]
    return changes(np.concatenate(values)[:sets])


def changes(values: Numbers) -> Numbers:
    """Relative changes from each value of the last axis to the next."""
    with np.errstate(all="ignore"):
        return np.asarray(values[..., 1:] / values[..., :-1] - 1, np.float64)


def spread(count: int, most: int, chosen: int) -> NDArray[np.int64]:
    """Up to ``most`` of ``count`` candidates, evenly from the first to the last, with the
    ``chosen`` one among them.
    """
    even = np.linspace(0, count - 1, min(count, most)).round().astype(np.int64)
    return np.union1d(even, [chosen])


def _at(
    pool: AbstractPool, rows: tuple[int, ...], params: ParamValues, feed: Feed
) -> tuple[Numbers, Numbers, Numbers]:
    """Prices, reserves and value at some rows."""
    prices, reserves, value = jax.device_get(_one(pool, rows, arrays(params, feed), feed))
    return (
        np.asarray(prices, np.float64),
        np.asarray(reserves, np.float64),
        np.asarray(value, np.float64),
    )


@partial(jax.jit, static_argnames="rows")
def _one(pool: AbstractPool, rows: Sequence[int], params: Params, feed: Feed) -> Snapshot:
    with executor(feed.trading.executor):
        return pool.sampled(params, feed, jnp.asarray(0), rows[-1] + 1, np.asarray(rows))


@partial(jax.jit, static_argnames="rows")
def _many(pool: AbstractPool, rows: Sequence[int], params: Params, feed: Feed) -> jax.Array:
    values: jax.Array = jax.vmap(lambda values: _one(pool, rows, values, feed).value)(params)
    return values
