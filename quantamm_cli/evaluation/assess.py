"""One parameter set over all periods, beside what anyone could have had: HODL, uniform HODL,
constant weights, and portfolios.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int

from quantamm_cli.core.executor import executor
from quantamm_cli.core.types import Feed, Params, ParamValues, Trajectory
from quantamm_cli.engine.forward import Spans, simulate
from quantamm_cli.evaluation.portfolios import constant_weights, portfolios
from quantamm_cli.evaluation.sets import arrays
from quantamm_cli.metrics import METRICS, score
from quantamm_cli.pools.balancer import Balancer
from quantamm_cli.pools.base import AbstractPool

POOL = "pool"
BENCHMARKS = ("hodl", "uniform_hodl", "constant_weight")
Scores = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Assessment:
    """Metrics by strategy, period and name, and the pool's trajectory over all periods as one run.

    The pool has all metrics, its benchmarks those that need no percentiles of minutes, which cost
    more than all others. ``worth``: what the portfolios among them were worth (t,), minute by
    minute.
    """

    scores: Mapping[str, Scores]
    trajectory: Trajectory
    worth: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def final(self) -> dict[str, float | list[float]]:
        """Value, weights and reserves at the last row."""
        last = {
            name: np.asarray(getattr(self.trajectory, name)[-1])
            for name in ("value", "weights", "reserves")
        }
        return {name: value.tolist() for name, value in last.items()}


def assess(
    pool: AbstractPool, params: ParamValues, feed: Feed, spans: Spans, followed: bool = False
) -> Assessment:
    """Every metric of every period for the pool and its benchmarks.

    ``params`` is one set of raw parameters. Pools run once through all periods; each period's HODL
    buys at its first row. ``followed``: beside the portfolios that follow the pool's weights, too,
    where there are any.
    """
    rows = max(last for _, _, last in spans)
    values = arrays(params, feed)
    path = trajectory(pool, values, feed, 0, rows)
    opened, alone = constant_weights(path.reserves[0], path.prices[0], path.value[0], feed)
    constant = trajectory(Balancer(), opened, alone, 0, rows)
    others = {
        name: trajectory(other, values, alone, 0, rows)
        for name, other in (portfolios(pool, feed) if followed else {}).items()
    }
    scores: dict[str, Scores] = {strategy: {} for strategy in (POOL, *BENCHMARKS, *others)}
    for period, first, last in spans:
        own, told = _judged(path.rows(first, last), constant.rows(first, last), feed)
        scores[POOL][period] = own
        for strategy, numbers in zip(BENCHMARKS, told, strict=True):
            scores[strategy][period] = numbers
        for strategy, other in others.items():
            # Of their own HODL nobody asks; but this is the program that is there already.
            _, (*_, scores[strategy][period]) = _judged(
                path.rows(first, last), other.rows(first, last), feed
            )
    return Assessment(
        scores,
        jax.tree.map(np.asarray, path),
        {name: np.asarray(other.value) for name, other in others.items()},
    )


def fresh(pool: AbstractPool, params: ParamValues, feed: Feed, spans: Spans) -> Scores:
    """Every metric of each period for a pool that opens at its first row;
    its estimators have seen everything before.
    """
    values = arrays(params, feed)
    paths = {
        period: trajectory(pool, values, feed, first, last - first) for period, first, last in spans
    }
    return {period: _judged(path, path, feed)[0] for period, path in paths.items()}


def continuous(pool: AbstractPool, params: ParamValues, feed: Feed, spans: Spans) -> Scores:
    """Every metric of every period for the pool alone, as ``assess`` has them."""
    path = trajectory(pool, arrays(params, feed), feed, 0, max(last for _, _, last in spans))
    return {
        period: _judged(rows, rows, feed)[0]
        for period, rows in ((period, path.rows(*ends)) for period, *ends in spans)
    }


def trajectory(
    pool: AbstractPool, params: Params, feed: Feed, first: Int[Array, ""] | int, rows: int
) -> Trajectory:
    """The pool that opens at a row of the feed, over ``rows`` minutes.

    One program a length, wherever it begins.
    """
    path: Trajectory = _trajectory(pool, params, feed, first, rows)
    return path


@partial(jax.jit, static_argnames="rows")
def _trajectory(
    pool: AbstractPool, params: Params, feed: Feed, first: Int[Array, ""] | int, rows: int
) -> Trajectory:
    return simulate(pool, params, feed, first, rows)


def _judged(
    path: Trajectory, other: Trajectory, feed: Feed
) -> tuple[dict[str, float], list[dict[str, float]]]:
    """All metrics of one trajectory; and most of its HODL's, its uniform HODL's and those of the
    other, which has the same prices.
    """
    with executor(feed.trading.executor):
        own, told = jax.device_get(
            _scores(tuple(METRICS), path._replace(refused=None), other._replace(refused=None))
        )
    beside = [
        {name: float(told[name][index]) for name in METRICS if name in told}
        for index in range(1, len(BENCHMARKS) + 1)
    ]
    return {name: float(own[name] if name in own else told[name][0]) for name in METRICS}, beside


@partial(jax.jit, static_argnames="names", compiler_options={"xla_backend_optimization_level": 0})
def _scores(
    names: tuple[str, ...], path: Trajectory, other: Trajectory
) -> tuple[dict[str, Float[Array, ""]], dict[str, Float[Array, " strategies"]]]:
    """The metrics of a period: those that sort minutes for the pool alone, the others for it, its
    two HODLs and another trajectory.

    Run a few times a length: cheap to compile beats quick to run.
    """
    held = path.reserves[0]
    alike = path.value[0] / path.prices.shape[1] / path.prices[0]
    paths = [path, _holding(path.prices, held), _holding(path.prices, alike), other]
    stacked = jax.tree.map(lambda *fields: jnp.stack(fields), *paths)
    heavy = [name for name in names if METRICS[name].sorts]
    return score(path, heavy), jax.vmap(
        lambda each: score(each, [name for name in names if name not in heavy])
    )(stacked)


def _holding(prices: Float[Array, "t n"], reserves: Float[Array, " n"]) -> Trajectory:
    """Reserves that stay."""
    worth = prices * reserves
    value = worth.sum(-1)
    return Trajectory(
        prices,
        worth / value[:, None],
        jnp.broadcast_to(reserves, prices.shape),
        value,
        jnp.zeros_like(value),
    )
