"""One parameter set over all periods, beside what anyone could have had: HODL, uniform HODL, constant weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from quantamm_cli.core.executor import executor
from quantamm_cli.core.types import Feed, Params, Trajectory
from quantamm_cli.engine.forward import Spans, simulate
from quantamm_cli.metrics import METRICS, score
from quantamm_cli.pools.balancer import Balancer
from quantamm_cli.pools.base import AbstractPool

POOL = "pool"
BENCHMARKS = ("hodl", "uniform_hodl", "constant_weight")
Scores = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Assessment:
    """Metrics by strategy, period and name, and the pool's trajectory over all periods as one run.

    The pool has all metrics, its benchmarks those that need no percentiles of minutes, which cost more than all others.
    """

    scores: Mapping[str, Scores]
    trajectory: Trajectory

    @property
    def final(self) -> dict[str, Any]:
        """Value, weights and reserves at the last row."""
        last = {name: np.asarray(getattr(self.trajectory, name)[-1]) for name in ("value", "weights", "reserves")}
        return {name: value.tolist() for name, value in last.items()}


def assess(pool: AbstractPool, params: Mapping[str, Any], feed: Feed, spans: Spans) -> Assessment:
    """Every metric of every period for the pool and its benchmarks.

    ``params`` is one set of raw parameters. Pools run once through all periods; each period's HODL buys at its first row.
    """
    rows = max(last for _, _, last in spans)
    values = {name: jnp.asarray(value, feed.prices.dtype) for name, value in params.items()}
    path = _trajectory(pool, values, feed, rows)
    opened = jnp.log(jnp.maximum(path.reserves[0] * path.prices[0] / path.value[0], np.finfo(path.value.dtype).tiny))
    alone = feed._replace(trades=None, initial_reserves=None, initial_pool_value=path.value[0])
    constant = _trajectory(Balancer(), {"initial_weights_logits": opened}, alone, rows)
    scores: dict[str, Scores] = {strategy: {} for strategy in (POOL, *BENCHMARKS)}
    for period, first, last in spans:
        with executor(feed.trading.executor):
            own, all_told = jax.device_get(_scores(tuple(METRICS), path.rows(first, last), constant.rows(first, last)))
        scores[POOL][period] = {name: float(own[name] if name in own else all_told[name][0]) for name in METRICS}
        for index, strategy in enumerate(BENCHMARKS, 1):
            scores[strategy][period] = {name: float(all_told[name][index]) for name in METRICS if name in all_told}
    return Assessment(scores, jax.tree.map(np.asarray, path))


@partial(jax.jit, static_argnames="rows")
def _trajectory(pool: AbstractPool, params: Params, feed: Feed, rows: int) -> Trajectory:
    return simulate(pool, params, feed, jnp.asarray(0), rows)


@partial(jax.jit, static_argnames="names", compiler_options={"xla_backend_optimization_level": 0})
def _scores(
    names: tuple[str, ...], path: Trajectory, constant: Trajectory
) -> tuple[dict[str, Float[Array, ""]], dict[str, Float[Array, " strategies"]]]:
    """The metrics of a period: those that sort minutes for the pool alone, the others for it and its benchmarks.

    Run once a length: cheap to compile beats quick to run.
    """
    held = path.reserves[0]
    alike = path.value[0] / path.prices.shape[1] / path.prices[0]
    paths = [path._replace(refused=None), _holding(path.prices, held), _holding(path.prices, alike), constant]
    stacked = jax.tree.map(lambda *fields: jnp.stack(fields), *paths)
    heavy = [name for name in names if METRICS[name].sorts]
    return score(path, heavy), jax.vmap(lambda each: score(each, [name for name in names if name not in heavy]))(stacked)


def _holding(prices: Float[Array, "t n"], reserves: Float[Array, " n"]) -> Trajectory:
    """Reserves that stay."""
    worth = prices * reserves
    value = worth.sum(-1)
    return Trajectory(prices, worth / value[:, None], jnp.broadcast_to(reserves, prices.shape), value, jnp.zeros_like(value))
