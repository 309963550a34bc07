"""The one training loop: a generator of reports. Whoever watches draws, saves, prunes or stops."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.sharding import Mesh
from jaxtyping import Float, Int
from numpy.typing import NDArray

from quantamm_cli.core.types import Feed, Params
from quantamm_cli.engine.devices import SETS, SHARED, WINDOWS, mean_over_windows, mesh, placed, spread
from quantamm_cli.engine.forward import Spans
from quantamm_cli.engine.objective import ascent, judge
from quantamm_cli.errors import DivergedError
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.training.base import GradientFit, Numbers, Transform
from quantamm_cli.training.windows import starts

Column = NDArray[np.float64]


@dataclass(frozen=True)
class Problem:
    """What is to be fitted, to what, on which rows."""

    pool: AbstractPool
    feed: Feed
    fit: GradientFit
    trains: frozenset[str]
    metric: str
    turnover_penalty: float
    window_rows: int
    bout_offset: int
    spans: Spans
    tracked: tuple[str, ...]
    watched: tuple[str, str]
    """Period and metric whose best value early stopping waits for."""


@dataclass(frozen=True)
class Progress:
    """Everything the next step depends on."""

    step: int
    params: Mapping[str, Any]
    optimiser: Any
    best: float = -np.inf
    since_improvement: int = 0


@dataclass(frozen=True)
class Report:
    """Step t: the parameters then, and their own scores."""

    step: int
    params: Mapping[str, Column]
    objective: Column
    metrics: Mapping[str, Mapping[str, Column]]
    learning_rate: float
    since_improvement: int


def begin(problem: Problem, params: Mapping[str, Column]) -> Progress:
    """Before the first step; ``params`` holds ``(sets, assets)`` arrays."""
    dtype = problem.feed.prices.dtype
    values = {name: jnp.asarray(value, dtype) for name, value in params.items()}
    return Progress(0, values, _prepare(type(problem.fit).transform, problem.fit.numbers(), _moving(values, problem.trains)))


def fit(problem: Problem, progress: Progress) -> Iterator[tuple[Report, Progress]]:
    """Entries ``progress.step`` to ``fit.steps``, each with what continues after it.

    Ends early when the watched metric has not improved for ``fit.patience`` entries.

    Raises:
        DivergedError: no parameter set is finite any more.
    """
    rates = problem.fit.learning_rates()
    patience = problem.fit.patience if problem.fit.early_stopping else np.inf
    on = mesh(len(next(iter(progress.params.values()))), problem.fit.batch_size)
    problem = replace(problem, feed=placed(on, SHARED, problem.feed))
    progress = replace(progress, params=placed(on, SETS, progress.params), optimiser=placed(on, SETS, progress.optimiser))
    while progress.step <= problem.fit.steps and progress.since_improvement < patience:
        report, progress = _entry(problem, on, progress, float(rates[progress.step]))
        yield report, progress


def _entry(problem: Problem, on: Mesh | None, progress: Progress, rate: float) -> tuple[Report, Progress]:
    first_rows = starts(problem.fit.seed, progress.step, problem.fit.batch_size, problem.bout_offset)
    penalty = jnp.asarray(problem.turnover_penalty) if problem.turnover_penalty else None
    params = dict(progress.params)
    shape = Shape(problem.metric, problem.window_rows, problem.spans, problem.tracked, problem.trains, type(problem.fit).transform, on)
    numbers = problem.fit.numbers() | {"learning_rate": rate}
    gain, metrics, moved, optimiser = _step(shape, problem.pool, penalty, numbers, params, problem.feed, first_rows, progress.optimiser)
    gain, scores, here = jax.device_get((gain, metrics, params))
    here = {name: np.asarray(value, float) for name, value in here.items()}
    if not np.logical_and.reduce([np.isfinite(value).reshape(len(value), -1).all(-1) for value in here.values()]).any():
        raise DivergedError("fit", f"no parameter set is finite at step {progress.step}; try a smaller fit.learning_rate, or other params")
    best, since = _improvement(scores[problem.watched[0]][problem.watched[1]], progress)
    report = Report(progress.step, here, gain, scores, rate, since)
    return report, Progress(progress.step + 1, params | moved, optimiser, best, since)


def _improvement(scores: Column, progress: Progress) -> tuple[float, int]:
    """The best watched score so far over all sets, and the entries since it last rose."""
    highest = float(np.max(scores, where=np.isfinite(scores), initial=-np.inf))
    if highest > progress.best or progress.step == 0:
        return highest, 0
    return progress.best, progress.since_improvement + 1


def _moving(params: Mapping[str, Any], trains: frozenset[str]) -> Params:
    """The parameters an optimiser sees: what does not train neither moves nor decays."""
    return {name: value for name, value in params.items() if name in trains}


@partial(jax.jit, static_argnames="transform")
def _prepare(transform: Transform, numbers: Numbers, params: Params) -> Any:
    return jax.vmap(transform(numbers).init)(params)


@dataclass(frozen=True)
class Shape:
    """What shapes the program of a step."""

    metric: str
    window_rows: int
    spans: Spans
    tracked: tuple[str, ...]
    trains: frozenset[str]
    transform: Transform
    mesh: Mesh | None


@partial(jax.jit, static_argnames="shape")
def _step(
    shape: Shape,
    pool: AbstractPool,
    penalty: Float[Array, ""] | None,
    numbers: Numbers,
    params: Params,
    feed: Feed,
    starts: Int[Array, " w"],
    optimiser: Any,
) -> tuple[Float[Array, " s"], Any, Params, Any]:
    """Objective, metrics of all periods, and the parameters and the optimiser's state after the step: one program, one call."""
    taken = (SHARED, SHARED, SHARED, SETS, SHARED, WINDOWS, SETS)
    work = spread(shape.mesh, partial(_work, shape), taken, SETS)
    return work(pool, penalty, numbers, params, feed, starts, optimiser)  # type: ignore[no-any-return]


def _work(
    shape: Shape, pool: AbstractPool, penalty: Any, numbers: Numbers, params: Params, feed: Feed, starts: Array, optimiser: Any
) -> tuple[Array, Any, Params, Any]:
    """``_step`` for the sets and windows of one device; each period is judged by all the devices that hold the set."""
    gain, slopes = ascent(pool, shape.metric, penalty, shape.window_rows, params, feed, starts)
    gain, slopes = mean_over_windows(shape.mesh, (gain, slopes))
    metrics = judge(pool, shape.spans, shape.tracked, params, feed)
    moved, optimiser = _update(shape.transform, numbers, _moving(params, shape.trains), _moving(slopes, shape.trains), optimiser)
    return gain, metrics, moved, optimiser


def _update(transform: Transform, numbers: Numbers, params: Params, slopes: Params, state: Any) -> tuple[Params, Any]:
    """One step uphill, each set on its own."""

    def one(values: Params, slope: Params, own: Any) -> tuple[Params, Any]:
        # Optimisers go down: climb by handing them the slope turned round. Decay then has their sign too.
        steps, own = transform(numbers).update(jax.tree.map(jnp.negative, slope), own, values)
        return jax.tree.map(lambda value, step: value - numbers["learning_rate"] * step, values, steps), own

    return jax.vmap(one)(params, slopes, state)
