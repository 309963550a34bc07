"""A step of gradient ascent for all sets: one program."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import Array
from jaxtyping import Float

from quantamm_cli.core.types import Params
from quantamm_cli.engine.devices import SETS, SHARED, mean_over_windows, shard
from quantamm_cli.engine.objective import ascent, judge
from quantamm_cli.training.noise import noised
from quantamm_cli.training.plateau import Plateau, plateau, seen
from quantamm_cli.training.problem import SHARDING, Given, Numbers, Shape, moving

Transform = Callable[[Numbers], optax.GradientTransformation]


class Optimiser(NamedTuple):
    """What the optimiser remembers, and what plateau decay does, if it is asked for:
    so it acts on every optimiser alike.
    """

    state: Any
    plateau: Plateau | None


@partial(jax.jit, static_argnames="transform")
def prepare(transform: Transform, numbers: Numbers, params: Params) -> Optimiser:
    """Before the first step, of every set; ``params`` are those that train."""

    def one(values: Params) -> Optimiser:
        return Optimiser(transform(numbers).init(values), plateau(numbers, values))

    return jax.vmap(one)(params)


@partial(jax.jit, static_argnames="shape")
def step(
    shape: Shape,
    given: Given,
    noise: Float[Array, "c n"] | None,
    numbers: Numbers,
    params: Params,
    optimiser: Optimiser,
) -> tuple[Float[Array, " s"], Any, Params, Optimiser]:
    """Objective, metrics of all periods, and the parameters and the optimiser's state after the
    step: one program, one call.
    """
    work = shard(shape.mesh, partial(_work, shape), (SHARDING, SHARED, SHARED, SETS, SETS), SETS)
    return work(given, noise, numbers, params, optimiser)


def _work(
    shape: Shape, given: Given, noise: Any, numbers: Numbers, params: Params, optimiser: Optimiser
) -> tuple[Array, Any, Params, Optimiser]:
    """``step`` for the sets and windows of one device; each period is judged by all the
    devices that hold the set.
    """
    gain, slopes = ascent(
        shape.aim,
        given.weights,
        given.pool,
        params,
        noised(given.pool, given.practice, noise),
        given.starts,
    )
    gain, slopes = mean_over_windows(shape.mesh, (gain, slopes))
    metrics = judge(given.pool, shape.spans, shape.tracked, params, given.feed)
    values, slopes = (moving(each, shape.aim.trains) for each in (params, slopes))
    # The training period speaks for all windows, without the noise of few;
    # validation must not be heard by what trains.
    moved, optimiser = _update(
        shape.method, numbers, values, slopes, metrics["train"][shape.aim.metric], optimiser
    )
    return gain, metrics, moved, optimiser


def _update(
    transform: Any,
    numbers: Numbers,
    params: Params,
    slopes: Params,
    scores: Array,
    optimiser: Optimiser,
) -> tuple[Params, Optimiser]:
    """One step uphill, each set on its own."""

    def one(
        values: Params, slope: Params, score: Array, own: Optimiser
    ) -> tuple[Params, Optimiser]:
        # Optimisers go down: climb by handing them the slope turned round.
        # Decay then has their sign too.
        steps, state = transform(numbers).update(
            jax.tree.map(jnp.negative, slope), own.state, values
        )
        rate, flat = numbers["learning_rate"], own.plateau
        if flat is not None:
            flat = seen(numbers, flat, score)
            rate = rate * flat.rate_scale
        return jax.tree.map(lambda value, step: value - rate * step, values, steps), Optimiser(
            state, flat
        )

    return jax.vmap(one)(params, slopes, scores, optimiser)
