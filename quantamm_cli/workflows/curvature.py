"""The curvature of the training objective at a parameter set."""

from functools import partial

import jax
import jax.numpy as jnp

from quantamm_cli.core.types import ParamValues
from quantamm_cli.engine.objective import hessian_trace
from quantamm_cli.market import Market
from quantamm_cli.settings.run import Train
from quantamm_cli.workflows.training_run import training_problem


def curvature(settings: Train, market: Market, raw: ParamValues) -> float:
    """Trace of the Hessian of the training objective over the raw parameters that train.

    It uses the windows of step 0. A value far below zero is a narrow peak: the objective is much
    lower nearby. A positive value is not a peak.
    """
    problem, *_ = training_problem(settings, market)
    params = {name: jnp.asarray(value, problem.feed.prices.dtype) for name, value in raw.items()}
    traced = jax.jit(partial(hessian_trace, problem.aim))
    return float(traced(problem.weights, problem.pool, params, problem.practice, problem.starts(0)))
