"""Scores of one parameter set over all periods, with its benchmarks: HODL, uniform HODL, constant
weights, and portfolios.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, Float, Int

from quantamm_cli.core.executor import executor
from quantamm_cli.core.types import Feed, Params, ParamValues, Trajectory
from quantamm_cli.engine.forward import Spans, simulate
from quantamm_cli.evaluation.portfolios import constant_weights, portfolios
from quantamm_cli.evaluation.sets import arrays, rows_of
from quantamm_cli.metrics import METRICS, existing, unmarked
from quantamm_cli.metrics.undefined import marked
from quantamm_cli.pools.balancer import Balancer
from quantamm_cli.pools.base import AbstractPool

POOL = "pool"
BENCHMARKS = ("hodl", "uniform_hodl", "constant_weight")
Scores = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Assessment:
    """Metrics by strategy, period and name, and the pool's trajectory over all periods as one run.

    The pool has all metrics; its benchmarks lack those that need percentiles of minutes, which are
    expensive. ``worth``: the portfolios' values (t,), minute by minute.
    """

    scores: Mapping[str, Scores]
    trajectory: Trajectory
    worth: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def final(self) -> dict[str, float | list[float]]:
        """Value, weights and reserves at the last row."""
        path = self.trajectory
        return {
            "value": np.asarray(path.value[-1]).tolist(),
            "weights": np.asarray(path.weights[-1]).tolist(),
            "reserves": np.asarray(path.reserves[-1]).tolist(),
        }


def assess(
    pool: AbstractPool, params: ParamValues, feed: Feed, spans: Spans, followed: bool = False
) -> Assessment:
    """Every metric of every period for the pool and its benchmarks.

    ``params`` is one set of raw parameters. Pools run once through all periods; each period's HODL
    buys at its first row. ``followed``: also score the portfolios that follow the pool's weights,
    if the pool has any.
    """
    rows, values = rows_of(spans), arrays(params, feed)
    path = trajectory(pool, values, feed, 0, rows)
    opening, free = constant_weights(path.reserves[0], path.prices[0], path.value[0], feed)
    constant = trajectory(Balancer(), opening, free, 0, rows)
    others: dict[str, Trajectory] = {}
    if followed:
        for name, portfolio in portfolios(pool, feed).items():
            others[name] = trajectory(portfolio, values, free, 0, rows)
    scores: dict[str, Scores] = {strategy: {} for strategy in (POOL, *BENCHMARKS, *others)}
    for period, first, last in spans:
        own, benchmarks = _scored(path.rows(first, last), constant.rows(first, last), feed)
        scores[POOL][period] = own
        for strategy, numbers in zip(BENCHMARKS, benchmarks, strict=True):
            scores[strategy][period] = numbers
        for strategy, other in others.items():
            # All but the last of the scores are known already; one program for all is cheaper.
            _, benchmarks = _scored(path.rows(first, last), other.rows(first, last), feed)
            scores[strategy][period] = benchmarks[-1]
    worth = {name: np.asarray(other.value) for name, other in others.items()}
    return Assessment(scores, jax.tree.map(np.asarray, path), worth)


def fresh(pool: AbstractPool, params: ParamValues, feed: Feed, spans: Spans) -> Scores:
    """Every metric of each period for a pool that opens at the period's first row; its estimators
    have all prices before it.
    """
    values, scores = arrays(params, feed), {}
    for period, first, last in spans:
        path = trajectory(pool, values, feed, first, last - first)
        scores[period], _ = _scored(path, path, feed)
    return scores


def continuous(pool: AbstractPool, params: ParamValues, feed: Feed, spans: Spans) -> Scores:
    """Every metric of every period for the pool, as in ``assess``, without benchmarks."""
    path, scores = trajectory(pool, arrays(params, feed), feed, 0, rows_of(spans)), {}
    for period, first, last in spans:
        rows = path.rows(first, last)
        scores[period], _ = _scored(rows, rows, feed)
    return scores


def trajectory(
    pool: AbstractPool, params: Params, feed: Feed, first: Int[Array, ""] | int, rows: int
) -> Trajectory:
    """The path over ``rows`` minutes of a pool that opens at the row ``first`` of the feed.

    It compiles one program for each number of rows, whatever the first one is.
    """
    path: Trajectory = _trajectory(pool, params, feed, first, rows)
    return path


@partial(jax.jit, static_argnames="rows")
def _trajectory(
    pool: AbstractPool, params: Params, feed: Feed, first: Int[Array, ""] | int, rows: int
) -> Trajectory:
    return simulate(pool, params, feed, first, rows)


def _scored(
    path: Trajectory, other: Trajectory, feed: Feed
) -> tuple[dict[str, float], list[dict[str, float]]]:
    """All metrics of a trajectory; and those that do not sort of its HODL, its uniform HODL and
    ``other``, which has the same prices.
    """
    paths = path._replace(refused=None), other._replace(refused=None)
    names = tuple(METRICS)
    with executor(feed.trading.executor):
        (sorting, columns), exists = jax.device_get((_scores(names, *paths), _exist(names, *paths)))
    own, *others = (_row(columns, exists, index) for index in range(1 + len(BENCHMARKS)))
    own |= marked({name: float(value) for name, value in sorting.items()}, {})
    return {name: own[name] for name in METRICS}, others


def _row(
    columns: Mapping[str, np.ndarray], exists: Mapping[str, np.ndarray], index: int
) -> dict[str, float]:
    """The metrics of one trajectory, in the order of ``METRICS``."""
    scores = {name: float(columns[name][index]) for name in METRICS if name in columns}
    return marked(scores, {name: bool(column[index]) for name, column in exists.items()})


@partial(jax.jit, static_argnames="names", compiler_options={"xla_backend_optimization_level": 0})
def _scores(
    names: tuple[str, ...], path: Trajectory, other: Trajectory
) -> tuple[dict[str, Float[Array, ""]], dict[str, Float[Array, " strategies"]]]:
    """The formulas of a period: those that sort for the pool only; the others, as columns, for the
    pool, its two HODLs and another trajectory.

    A program runs only a few times, so it is optimised for short compilation.
    """
    sorting = [name for name in names if METRICS[name].sorts]
    others = [name for name in names if name not in sorting]
    columns = jax.vmap(lambda each: unmarked(each, others))(_strategies(path, other))
    return unmarked(path, sorting), columns


@partial(jax.jit, static_argnames="names", compiler_options={"xla_backend_optimization_level": 0})
def _exist(
    names: tuple[str, ...], path: Trajectory, other: Trajectory
) -> dict[str, Bool[Array, " strategies"]]:
    """Whether the metrics exist that do not sort, as columns as in ``_scores``."""
    others = [name for name in names if not METRICS[name].sorts]
    return jax.vmap(lambda each: existing(each, others))(_strategies(path, other))


def _strategies(path: Trajectory, other: Trajectory) -> Trajectory:
    """The pool, its two HODLs and another trajectory, stacked."""
    uniform = path.value[0] / path.prices.shape[1] / path.prices[0]
    paths = [path, _hodl(path.prices, path.reserves[0]), _hodl(path.prices, uniform), other]
    stacked: Trajectory = jax.tree.map(lambda *fields: jnp.stack(fields), *paths)
    return stacked


def _hodl(prices: Float[Array, "t n"], reserves: Float[Array, " n"]) -> Trajectory:
    """The trajectory of constant reserves."""
    values = prices * reserves
    value = values.sum(-1)
    return Trajectory(
        prices,
        values / value[:, None],
        jnp.broadcast_to(reserves, prices.shape),
        value,
        jnp.zeros_like(value),
    )
