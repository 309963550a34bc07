"""Scores of parameters nobody takes a gradient of."""

from functools import partial
from typing import Any

import jax
from jax import Array
from jax.sharding import Mesh
from jaxtyping import Float, Int

from quantamm_cli.core.types import Feed, Params
from quantamm_cli.engine.devices import SETS, SHARED, WINDOWS, mean_over_windows, spread
from quantamm_cli.engine.objective import Weights, gains, judge
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.training.problem import Problem, Progress, Shape, shape


def scored(problem: Problem, on: Mesh | None, progress: Progress) -> tuple[Any, Any]:
    """Objective and metrics of the parameter sets there are, on the host."""
    params, starts = dict(progress.params), problem.starts(progress.step)
    found = _scored(shape(problem, on), problem.pool, problem.weights, params, problem.feed, problem.other, starts)
    objective, metrics = jax.device_get(found)
    return objective, metrics


@partial(jax.jit, static_argnames="shape")
def _scored(
    shape: Shape, pool: AbstractPool, weights: Weights, params: Params, feed: Feed, other: Feed | None, starts: Int[Array, " w"]
) -> tuple[Float[Array, " s"], Any]:
    taken = (SHARED, SHARED, SETS, SHARED, SHARED, WINDOWS)
    return spread(shape.mesh, partial(_work, shape), taken, SETS)(pool, weights, params, feed, other, starts)  # type: ignore[no-any-return]


def _work(
    shape: Shape, pool: AbstractPool, weights: Any, params: Params, feed: Feed, other: Feed | None, starts: Array
) -> tuple[Array, Any]:
    gain = mean_over_windows(shape.mesh, gains(shape.aim, weights, pool, params, feed if other is None else other, starts))
    return gain, judge(pool, shape.spans, shape.tracked, params, feed)
