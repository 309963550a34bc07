"""Scores of one parameter set over all periods, with its benchmarks: HODL, uniform HODL, constant
weights, and portfolios.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, Float, Int

from quantamm_cli.core.executor import executor
from quantamm_cli.core.programs import program
from quantamm_cli.core.types import Feed, Left, Params, ParamValues, Trajectory
from quantamm_cli.engine.forward import Spans, ended, simulate
from quantamm_cli.evaluation.portfolios import constant_weights, portfolios
from quantamm_cli.evaluation.sets import arrays, rows_of
from quantamm_cli.evaluation.volumes import with_volumes
from quantamm_cli.metrics import METRICS, existing, unmarked
from quantamm_cli.metrics.undefined import marked
from quantamm_cli.pools.balancer import Balancer
from quantamm_cli.pools.base import AbstractPool

POOL = "pool"
BENCHMARKS = ("hodl", "uniform_hodl", "constant_weight")
Scores = dict[str, dict[str, float]]
_LANES = 1 + len(BENCHMARKS)
_FRESH = "fresh"
_OWN = (POOL, _FRESH)
"""What is scored by all metrics."""
Parts = list[tuple[list[str], Mapping[str, Any], Mapping[str, Any]]]
"""Names of trajectories; by metric a column with a number of each of them, and one that says
whether it exists.
"""


@dataclass(frozen=True)
class Assessment:
    """Metrics by strategy, period and name, and the pool's trajectory over all periods as one run.

    The pool has all metrics; its benchmarks lack those that need percentiles of minutes, which are
    expensive. ``worth``: the portfolios' values (t,), minute by minute. ``fresh``: what the
    function of this name returns.
    """

    scores: Mapping[str, Scores]
    trajectory: Trajectory
    left: Left
    rows_since: int
    """The pool at the last row at which another run can take it up, and how many came after it."""
    worth: Mapping[str, np.ndarray] = field(default_factory=dict)
    fresh: Scores = field(default_factory=dict)

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

    ``params`` is one set of raw parameters. The trajectory begins with the first row of the spans;
    those before are of a pool that is taken up. Pools run once through all periods; each period's
    HODL holds what the pool (or a share of it) holds at its first row, uniform HODL buys equal
    values there. ``followed``: also score the portfolios that follow the pool's weights, if the
    pool has any, and the pool from a fresh start in each period.
    """
    values, begin = arrays(params, feed), min(first for _, first, _ in spans)
    path, left, rows_since = jax.device_get(_ended(pool, values, feed, 0, rows_of(spans)))
    rows = rows_of(spans) - begin
    path = with_volumes(path).rows(begin, begin + rows)
    opening, free = constant_weights(path.reserves[0], path.prices[0], path.value[0], feed)
    constant = trajectory(Balancer(), opening, free, begin, rows)
    others: dict[str, Trajectory] = {}
    if followed:
        # nobody deposits into these portfolios
        constant_supply = free._replace(basis=feed.basis._replace(supply=None))
        for name, portfolio in portfolios(pool, feed).items():
            others[name] = trajectory(portfolio, values, constant_supply, begin, rows)
    scores: dict[str, Scores] = {strategy: {} for strategy in (POOL, *BENCHMARKS, *others)}
    if followed:
        scores[_FRESH] = {}
    running: list[Parts] = []
    for _, first, last in spans:
        span = first - begin, last - begin
        own = path.rows(*span)
        held = _held(own._replace(refused=None).per_share())
        strategies = (own, *held, constant.rows(*span))
        paths = dict(zip((POOL, *BENCHMARKS), strategies, strict=True))
        paths |= {name: other.rows(*span) for name, other in others.items()}
        if followed:
            paths[_FRESH] = trajectory(pool, values, feed, first, last - first)
        running.append(_started(paths, feed))
    for (period, _, _), parts in zip(spans, jax.device_get(running), strict=True):
        for strategy, numbers in _joined(parts).items():
            scores[strategy][period] = numbers
    anew = scores.pop(_FRESH, {})
    worth = {name: np.asarray(other.value) for name, other in others.items()}
    return Assessment(scores, path, left, int(rows_since), worth, anew)


def fresh(pool: AbstractPool, params: ParamValues, feed: Feed, spans: Spans) -> Scores:
    """Every metric of each period for a pool that opens at the period's first row; its estimators
    have all prices before it.
    """
    values, scores = arrays(params, feed), {}
    for period, first, last in spans:
        path = trajectory(pool, values, feed, first, last - first)
        scores[period] = _scored(path, feed)
    return scores


def continuous(pool: AbstractPool, params: ParamValues, feed: Feed, spans: Spans) -> Scores:
    """Every metric of every period for the pool, as in ``assess``, without benchmarks."""
    path, scores = trajectory(pool, arrays(params, feed), feed, 0, rows_of(spans)), {}
    for period, first, last in spans:
        scores[period] = _scored(path.rows(first, last), feed)
    return scores


def trajectory(
    pool: AbstractPool, params: Params, feed: Feed, first: Int[Array, ""] | int, rows: int
) -> Trajectory:
    """The path over ``rows`` minutes of a pool that opens at the row ``first`` of the feed.

    It compiles one program for each number of rows, whatever the first one is. The path is on the
    host, where its periods are cut without a program for each.
    """
    path: Trajectory = jax.device_get(trajectory_on_device(pool, params, feed, first, rows))
    return path


@program("rows")
def trajectory_on_device(
    pool: AbstractPool, params: Params, feed: Feed, first: Int[Array, ""] | int, rows: int
) -> Trajectory:
    """The path of ``trajectory`` as arrays of JAX, which may be traced."""
    return simulate(pool, params, feed, first, rows)


@program("rows")
def _ended(
    pool: AbstractPool, params: Params, feed: Feed, first: Int[Array, ""] | int, rows: int
) -> tuple[Trajectory, Left, Int[Array, ""]]:
    return ended(pool, params, feed, first, rows)


def _scored(path: Trajectory, feed: Feed) -> dict[str, float]:
    """All metrics of one trajectory."""
    return _joined(jax.device_get(_started({POOL: path}, feed)))[POOL]


def _started(paths: Mapping[str, Trajectory], feed: Feed) -> Parts:
    """The metrics of some trajectories of equal length, which are computed meanwhile: those of the
    pool all, those of others without the ones that sort.

    Programs take as many trajectories at a time as an assessment has at least, so that one program
    serves all.
    """
    sorting = tuple(name for name in METRICS if METRICS[name].sorts)
    cheap = tuple(name for name in METRICS if not METRICS[name].sorts)
    every = {}
    for name, path in paths.items():  # no metric reads refused trades and volumes
        every[name] = path._replace(refused=None, volumes=None).per_share()
    names, parts = [*every], cast(Parts, [])
    with executor(feed.trading.executor):
        for first in range(0, len(names), _LANES):
            group = names[first : first + _LANES]
            lanes = [every[name] for name in (*group, *group[-1:] * _LANES)][:_LANES]
            parts.append((group, _lanes(cheap, tuple(lanes)), _existing_lanes(cheap, tuple(lanes))))
        parts += [([name], _one(sorting, every[name]), {}) for name in _OWN if name in every]
    return parts


def _joined(parts: Parts) -> dict[str, dict[str, float]]:
    """The metrics by trajectory, in the order of ``METRICS``, of parts on the host."""
    scores: dict[str, dict[str, float]] = {}
    for names, columns, checks in parts:
        for lane, name in enumerate(names):
            own = {metric: float(column[lane]) for metric, column in columns.items()}
            exists = {metric: bool(column[lane]) for metric, column in checks.items()}
            scores.setdefault(name, {}).update(marked(own, exists))
    return {
        name: {metric: own[metric] for metric in METRICS if metric in own}
        for name, own in scores.items()
    }


@program("names", quick=True)
def _lanes(
    names: tuple[str, ...], paths: tuple[Trajectory, ...]
) -> dict[str, Float[Array, " lanes"]]:
    """The formulas of some metrics of several trajectories. A program runs only a few times, so it
    is optimised for short compilation.
    """
    stacked = jax.tree.map(lambda *fields: jnp.stack(fields), *paths)
    return jax.vmap(lambda each: unmarked(each, names))(stacked)


@program("names", quick=True)
def _existing_lanes(
    names: tuple[str, ...], paths: tuple[Trajectory, ...]
) -> dict[str, Bool[Array, " lanes"]]:
    """Whether some metrics exist of several trajectories, apart from ``_lanes``: numbers stay the
    same to the bit.
    """
    stacked = jax.tree.map(lambda *fields: jnp.stack(fields), *paths)
    return jax.vmap(lambda each: existing(each, names))(stacked)


@program("names", quick=True)
def _one(names: tuple[str, ...], path: Trajectory) -> dict[str, Float[Array, " 1"]]:
    """The formulas of some metrics of one trajectory, which check for themselves whether they
    exist.
    """
    return {name: value[None] for name, value in unmarked(path, names).items()}


@program(quick=True)
def _held(path: Trajectory) -> tuple[Trajectory, Trajectory]:
    """The trajectories of the first row's reserves, and of as much value in each token, at the
    prices of ``path``.
    """
    uniform = path.value[0] / path.prices.shape[1] / path.prices[0]
    return _hodl(path, path.reserves[0]), _hodl(path, uniform)


def _hodl(path: Trajectory, reserves: Float[Array, " n"]) -> Trajectory:
    """The trajectory of constant reserves at the prices of a path."""
    values = path.prices * reserves
    value = values.sum(-1)
    return path._replace(
        weights=values / value[:, None],
        reserves=jnp.broadcast_to(reserves, path.prices.shape),
        value=value,
        fees=jnp.zeros_like(value),
    )
