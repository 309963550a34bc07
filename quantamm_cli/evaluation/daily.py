"""Daily returns of a part of a run: of a pool, its benchmarks and many parameter sets.

A day's return is from midnight to midnight: between the last rows of two days. So a part of D days
that begins at midnight, but not with the run itself, has D returns, and consecutive parts have each
day once.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from quantamm_cli.core.executor import executor
from quantamm_cli.core.programs import program
from quantamm_cli.core.types import DAY, Feed, Params, ParamValues, Snapshot
from quantamm_cli.evaluation.portfolios import constant_weights
from quantamm_cli.evaluation.sets import arrays, batches
from quantamm_cli.pools.balancer import Balancer
from quantamm_cli.pools.base import AbstractPool

Numbers = NDArray[np.float64]


class Daily(NamedTuple):
    """Daily returns of D days, ``(D,)`` by strategy, and the tokens' prices at the days' beginnings
    and ends, ``(D + 1, n)``; and the daily returns of a riskless account, unless they are zero.
    """

    returns: Mapping[str, Numbers]
    prices: Numbers
    riskless: Numbers | None = None

    @property
    def excess(self) -> dict[str, Numbers]:
        """The returns above the riskless ones."""
        return above(self.returns, self.riskless)


def day_rows(first: int, last: int) -> NDArray[np.int64]:
    """Rows at which the days of [first, last) begin and end: the row before ``first`` and every
    1440th from there.

    A run has no row before its first, so its first day lacks a minute. An incomplete last day is
    dropped.
    """
    return np.arange(max(first - 1, 0), last, DAY)


def daily(pool: AbstractPool, params: ParamValues, feed: Feed, first: int, last: int) -> Daily:
    """Daily returns on rows [first, last) of the pool's run from row 0, and of HODL, uniform HODL
    and constant weights; of a share where scores are.

    ``params`` is one set of raw parameters. HODL holds the pool's reserves at the beginning of the
    first day; constant weights are those of the pool at row 0, from there on and with the same
    fees.
    """
    rows = (0, *day_rows(first, last).tolist())
    prices, reserves, value = _at(pool, rows, params, feed)
    reserve, price, opening = jax.tree.map(
        lambda column: jnp.asarray(column[0], feed.prices.dtype), (reserves, prices, value)
    )
    constant = _at(Balancer(), rows, *constant_weights(reserve, price, opening, feed))[2]
    supply, later = _supply(feed, rows), prices[1:]
    returns = {
        "pool": changes((value / supply)[1:]),
        "hodl": changes(later @ reserves[1]),
        "uniform_hodl": changes((later / later[0]).mean(-1)),
        "constant_weight": changes((constant / supply)[1:]),
    }
    return Daily(returns, later, _riskless(feed, rows[1:]))


def candidates(
    pool: AbstractPool, params: Mapping[str, Numbers], feed: Feed, first: int, last: int
) -> Numbers:
    """Daily returns above the riskless ones, ``(sets, days)``, of many sets of raw parameters
    ``(sets, …)`` on rows [first, last).
    """
    rows, sets = tuple(day_rows(first, last).tolist()), len(next(iter(params.values())))
    values = [_many(pool, rows, batch, feed) for batch in batches(params, feed)]
    returns = changes(np.concatenate(values, dtype=np.float64)[:sets] / _supply(feed, rows))
    riskless = _riskless(feed, rows)
    return returns if riskless is None else returns - riskless


def above(returns: Mapping[str, Numbers], riskless: Numbers | None) -> dict[str, Numbers]:
    """Returns by strategy above the riskless ones, which are zero if ``None``."""
    if riskless is None:
        return dict(returns)
    return {name: own - riskless for name, own in returns.items()}


def changes(values: Numbers) -> Numbers:
    """Relative changes from each value of the last axis to the next."""
    with np.errstate(all="ignore"):
        return np.asarray(values[..., 1:] / values[..., :-1] - 1, np.float64)


def spread(count: int, most: int, chosen: int) -> NDArray[np.int64]:
    """Indices of up to ``most`` of ``count`` candidates, evenly spaced from the first to the last,
    and of the ``chosen`` one.
    """
    even = np.linspace(0, count - 1, min(count, most)).round().astype(np.int64)
    return np.union1d(even, [chosen])


def _supply(feed: Feed, rows: Sequence[int]) -> Numbers:
    """The shares of the pool at some rows that its value is divided by."""
    if feed.basis.supply is None:
        return np.ones(len(rows))
    return np.asarray(feed.basis.supply, np.float64)[list(rows)]


def _riskless(feed: Feed, rows: Sequence[int]) -> Numbers | None:
    """The riskless returns between some rows."""
    if feed.basis.cash is None:
        return None
    return np.expm1(np.diff(np.asarray(feed.basis.cash, np.float64)[list(rows)]))


def _at(
    pool: AbstractPool, rows: tuple[int, ...], params: ParamValues, feed: Feed
) -> tuple[Numbers, Numbers, Numbers]:
    """Prices, reserves and value at some rows."""
    snapshot = jax.device_get(_one(pool, rows, arrays(params, feed), feed))
    prices, reserves, value = (np.asarray(column, np.float64) for column in snapshot)
    return prices, reserves, value


@program("rows")
def _one(pool: AbstractPool, rows: Sequence[int], params: Params, feed: Feed) -> Snapshot:
    with executor(feed.trading.executor):
        return pool.sampled(params, feed, jnp.asarray(0), rows[-1] + 1, np.asarray(rows))


@program("rows")
def _many(pool: AbstractPool, rows: Sequence[int], params: Params, feed: Feed) -> jax.Array:
    values: jax.Array = jax.vmap(lambda values: _one(pool, rows, values, feed).value)(params)
    return values
