"""Scores of parameters nobody takes a gradient of."""

from functools import partial
from typing import Any

import jax
from jax import Array
from jax.sharding import Mesh
from jaxtyping import Float

from quantamm_cli.core.types import Params
from quantamm_cli.engine.devices import SETS, mean_over_windows, shard
from quantamm_cli.engine.objective import gains, judge
from quantamm_cli.training.problem import SHARDING, Given, Problem, Progress, Shape, shape


def scored(problem: Problem, on: Mesh | None, progress: Progress) -> tuple[Any, Any]:
    """Objective and metrics of the parameter sets there are, on the host."""
    objective, metrics = jax.device_get(
        _scored(shape(problem, on), problem.given(progress.step), dict(progress.params))
    )
    return objective, metrics


@partial(jax.jit, static_argnames="shape")
def _scored(shape: Shape, given: Given, params: Params) -> tuple[Float[Array, " s"], Any]:
    return shard(shape.mesh, partial(_work, shape), (SHARDING, SETS), SETS)(given, params)


def _work(shape: Shape, given: Given, params: Params) -> tuple[Array, Any]:
    gain = mean_over_windows(
        shape.mesh,
        gains(shape.aim, given.weights, given.pool, params, given.practice, given.starts),
    )
    return gain, judge(given.pool, shape.spans, shape.tracked, params, given.feed)
