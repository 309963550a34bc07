"""Scores of parameters, without a gradient."""

from functools import partial
from typing import Any

import jax
from jax.sharding import Mesh

from quantamm_cli.core.programs import program
from quantamm_cli.core.types import Params
from quantamm_cli.engine.devices import SETS, mean_over_windows, shard
from quantamm_cli.engine.objective import Gain, gains, period_scores
from quantamm_cli.training.problem import SHARDING, Problem, Progress, Shape, StepInputs, shape


def scored(problem: Problem, on: Mesh | None, progress: Progress) -> tuple[Any, Any]:
    """Objective (a ``Gain``) and metrics of the current parameter sets, on the host."""
    gain, metrics = jax.device_get(
        _scored(shape(problem, on), problem.inputs(progress.step), dict(progress.params))
    )
    return gain, metrics


@program("shape")
def _scored(shape: Shape, inputs: StepInputs, params: Params) -> tuple[Gain, Any]:
    return shard(shape.mesh, partial(_work, shape), (SHARDING, SETS), SETS)(inputs, params)


def _work(shape: Shape, inputs: StepInputs, params: Params) -> tuple[Gain, Any]:
    gain = gains(shape.aim, inputs.weights, inputs.pool, params, inputs.practice, inputs.starts)
    metrics = period_scores(inputs.pool, shape.spans, shape.tracked, params, inputs.feed)
    return mean_over_windows(shape.mesh, gain, ())[0], metrics
