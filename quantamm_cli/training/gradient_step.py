"""A step of gradient ascent for all sets, as one program."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import optax
from jax import Array
from jaxtyping import Float

from quantamm_cli.core.programs import program
from quantamm_cli.core.types import Params
from quantamm_cli.engine.devices import SETS, SHARED, mean_over_windows, shard
from quantamm_cli.engine.objective import Gain, ascent, period_scores
from quantamm_cli.training.noise import noised
from quantamm_cli.training.plateau import Plateau, after_score, plateau
from quantamm_cli.training.problem import SHARDING, Numbers, Shape, StepInputs, moving

T = TypeVar("T")
Transform = Callable[[Numbers], optax.GradientTransformation]


class Optimiser(NamedTuple):
    """The state of the optimiser and, if it is used, that of plateau decay, which works with every
    optimiser.
    """

    state: Any
    plateau: Plateau | None


@program("transform")
def prepare(transform: Transform, numbers: Numbers, params: Params) -> Optimiser:
    """The state of every set before the first step; ``params`` are those that train."""

    def one(values: Params) -> Optimiser:
        return Optimiser(transform(numbers).init(values), plateau(numbers, values))

    return jax.vmap(one)(params)


@program("shape")
def step(
    shape: Shape,
    inputs: StepInputs,
    noise: Float[Array, "c n"] | None,
    numbers: Numbers,
    params: Params,
    optimiser: Optimiser,
) -> tuple[Gain, Any, Params, Optimiser]:
    """Objective, metrics of all periods, and the parameters and the optimiser's state after the
    step, as one program. A set without a window on which the metric exists stays as it is.
    """
    work = shard(shape.mesh, partial(_work, shape), (SHARDING, SHARED, SHARED, SETS, SETS), SETS)
    return work(inputs, noise, numbers, params, optimiser)


def _work(
    shape: Shape,
    inputs: StepInputs,
    noise: Any,
    numbers: Numbers,
    params: Params,
    optimiser: Optimiser,
) -> tuple[Gain, Any, Params, Optimiser]:
    """``step`` for the sets and windows of one device; every device that has a set computes the
    metrics of all periods.
    """
    market = noised(inputs.pool, inputs.practice, noise)
    gain, slopes = ascent(shape.aim, inputs.weights, inputs.pool, params, market, inputs.starts)
    gain, slopes = mean_over_windows(shape.mesh, gain, slopes)
    metrics = period_scores(inputs.pool, shape.spans, shape.tracked, params, inputs.feed)
    values, slopes = moving(params, shape.aim.trains), moving(slopes, shape.aim.trains)
    # Plateau decay reads the training period: it has less noise than the windows of one step, and
    # validation must not influence training.
    score = metrics["train"][shape.aim.metric]
    after = _update(shape.method, numbers, values, slopes, score, optimiser)
    moved, optimiser = jax.vmap(_moved)(gain.windows, after, (values, optimiser))
    return gain, metrics, moved, optimiser


def _moved(windows: Float[Array, ""], after: T, before: T) -> T:
    """What a set is after a step, or before it if no window counted."""
    chosen: T = jax.tree.map(lambda new, old: jnp.where(windows > 0, new, old), after, before)
    return chosen


def _update(
    transform: Any,
    numbers: Numbers,
    params: Params,
    slopes: Params,
    scores: Array,
    optimiser: Optimiser,
) -> tuple[Params, Optimiser]:
    """One step of ascent, each set on its own."""

    def one(
        values: Params, slope: Params, score: Array, before: Optimiser
    ) -> tuple[Params, Optimiser]:
        # optax minimises: with the negative gradient it ascends, and weight decay keeps its sign.
        descent = jax.tree.map(jnp.negative, slope)
        steps, state = transform(numbers).update(descent, before.state, values)
        rate, flat = numbers["learning_rate"], before.plateau
        if flat is not None:
            flat = after_score(numbers, flat, score)
            rate = rate * flat.rate_scale
        moved = jax.tree.map(lambda value, step: value - rate * step, values, steps)
        return moved, Optimiser(state, flat)

    return jax.vmap(one)(params, slopes, scores, optimiser)
