"""The one training loop: a generator of reports. Whoever watches draws, saves, prunes or stops."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

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
from quantamm_cli.engine.objective import Aim, Weights, ascent, judge
from quantamm_cli.errors import DivergedError
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.training.average import Average, counts
from quantamm_cli.training.base import GradientFit, Numbers, Transform
from quantamm_cli.training.noise import factors, noised
from quantamm_cli.training.plateau import Plateau, plateau, seen
from quantamm_cli.training.redraw import Draw, lost, with_sets
from quantamm_cli.training.windows import Bank, starts

Column = NDArray[np.float64]


@dataclass(frozen=True)
class Problem:
    """What is to be fitted, to what, on which rows."""

    pool: AbstractPool
    feed: Feed
    fit: GradientFit
    aim: Aim
    weights: Weights
    bout_offset: int
    spans: Spans
    tracked: tuple[str, ...]
    watched: tuple[str, str]
    """Period and metric whose best value early stopping and plateau decay wait for."""
    draw: Draw
    """What takes the place of a set that diverged."""
    bank: Bank | None = None
    """Other paths of prices for the training windows; ``None``: they are cut from the feed."""

    @property
    def practice(self) -> Feed:
        """The market of the training windows."""
        return self.feed if self.bank is None else self.bank.feed

    def starts(self, step: int) -> NDArray[np.int32]:
        """First rows of a step's windows in ``practice``."""
        rows = starts(self.fit.seed, step, self.fit.batch_size, self.bout_offset, self.fit.sampling)
        return rows if self.bank is None else rows + self.bank.paths(self.fit.seed, step, self.fit.batch_size)


class Optimiser(NamedTuple):
    """What the optimiser remembers, and what plateau decay does, if it is asked for: so it acts on every optimiser alike."""

    state: Any
    plateau: Plateau | None


@dataclass(frozen=True)
class Progress:
    """Everything the next step depends on."""

    step: int
    params: Mapping[str, Any]
    optimiser: Optimiser
    objective: Column
    """Of each set at the step before."""
    redrawn: NDArray[np.int64]
    """How often each set was."""
    best: float = -np.inf
    since_improvement: int = 0
    average: Average | None = None
    """With averaging only, until the entry of the averages, which is the last."""


@dataclass(frozen=True)
class Report:
    """Step t: the parameters then, and their own scores."""

    step: int
    params: Mapping[str, Column]
    objective: Column
    metrics: Mapping[str, Mapping[str, Column]]
    learning_rate: float
    since_improvement: int
    redrawn: NDArray[np.int64] | None = None
    """How often each set was drawn anew so far; ``None``: none ever was."""
    rate_scale: Column | None = None
    """What plateau decay has left of each set's learning rate; ``None`` without it."""


def begin(problem: Problem, params: Mapping[str, Column]) -> Progress:
    """Before the first step; ``params`` holds ``(sets, assets)`` arrays."""
    dtype = problem.feed.prices.dtype
    values = {name: jnp.asarray(value, dtype) for name, value in params.items()}
    sets = len(next(iter(values.values())))
    average = None if problem.fit.swa_start is None else Average.of_none(params)
    return Progress(0, values, _fresh_optimiser(problem, values), np.zeros(sets), np.zeros(sets, np.int64), average=average)


def fit(problem: Problem, progress: Progress) -> Iterator[tuple[Report, Progress]]:
    """Entries ``progress.step`` to ``fit.steps``, each with what continues after it; with averaging one more, of the averages.

    Ends early when the watched metric has not improved for ``fit.patience`` entries.

    Raises:
        DivergedError: all parameter sets diverged at one step; of the others, those that do are drawn anew.
    """
    rates = problem.fit.learning_rates()
    patience = problem.fit.patience if problem.fit.early_stopping else np.inf
    on = mesh(len(next(iter(progress.params.values()))), problem.fit.batch_size)
    bank = None if problem.bank is None else replace(problem.bank, feed=placed(on, SHARED, problem.bank.feed))
    weights = placed(on, SHARED, problem.weights)
    problem = replace(problem, feed=placed(on, SHARED, problem.feed), weights=weights, bank=bank)
    progress = replace(progress, params=placed(on, SETS, progress.params), optimiser=placed(on, SETS, progress.optimiser))
    averaging = problem.fit.swa_start is not None
    while not (averaging and progress.average is None):
        if progress.step > problem.fit.steps or progress.since_improvement >= patience:
            break
        report, progress = _entry(problem, on, progress, float(rates[progress.step]))
        yield report, progress
    if progress.average is not None and progress.average.count.any():
        report, progress = _entry(problem, on, _averaged(on, progress, progress.average), 0.0)
        yield report, progress


def _entry(problem: Problem, on: Mesh | None, progress: Progress, rate: float) -> tuple[Report, Progress]:
    progress, here = _renewed(problem, on, progress)
    noise = factors(problem.fit.seed, progress.step, problem.fit.price_noise, problem.pool, problem.practice)
    params = dict(progress.params)
    numbers = problem.fit.numbers() | {"learning_rate": rate}
    other = None if problem.bank is None else problem.bank.feed
    first_rows = problem.starts(progress.step)
    gain, metrics, moved, optimiser = _step(
        _shape(problem, on), problem.pool, problem.weights, noise, numbers, params, problem.feed, other, first_rows, progress.optimiser
    )
    scale = None if optimiser.plateau is None else optimiser.plateau.rate_scale
    gain, scores, scale = jax.device_get((gain, metrics, scale))
    best, since = _improvement(scores[problem.watched[0]][problem.watched[1]], progress)
    redrawn = progress.redrawn if progress.redrawn.any() else None
    report = Report(progress.step, here, gain, scores, rate, since, redrawn, scale)
    average = progress.average
    if average is not None and counts(problem.fit, progress.step):
        average = average.and_these(here)
    return report, Progress(progress.step + 1, params | moved, optimiser, gain, progress.redrawn, best, since, average)


def _renewed(problem: Problem, on: Mesh | None, progress: Progress) -> tuple[Progress, dict[str, Column]]:
    """The same with each diverged set drawn anew, its optimiser and average too; and the parameters on the host."""
    params, optimiser = jax.device_get((dict(progress.params), progress.optimiser))
    gone = lost(params, optimiser, progress.objective)
    if gone:
        sets = len(progress.objective)
        if len(gone) == sets:
            told = "; ".join(f"set {one}: {reason}" for one, reason in gone.items())
            where = f"no parameter set is finite at step {progress.step} ({told})"
            raise DivergedError("fit", f"{where}; try a smaller fit.learning_rate, or other params")
        params = {name: np.array(value) for name, value in params.items()}
        for one in gone:
            for name, value in problem.draw(progress.step, one).items():
                params[name][one] = value
        values = jax.device_put(params)
        optimiser = with_sets([*gone], optimiser, jax.device_get(_fresh_optimiser(problem, values)))
        progress = replace(
            progress,
            params=placed(on, SETS, values),
            optimiser=placed(on, SETS, jax.device_put(optimiser)),
            redrawn=progress.redrawn + np.isin(np.arange(sets), [*gone]),
            average=None if progress.average is None else progress.average.without([*gone]),
        )
    return progress, {name: np.asarray(value, float) for name, value in params.items()}


def _averaged(on: Mesh | None, progress: Progress, average: Average) -> Progress:
    """At the averages, with nothing left to average."""
    here = jax.device_get(dict(progress.params))
    means = {name: np.asarray(value, here[name].dtype) for name, value in average.means(here).items()}
    params = placed(on, SETS, jax.device_put(means))
    return replace(progress, params=params, objective=np.zeros_like(progress.objective), average=None)


def _improvement(scores: Column, progress: Progress) -> tuple[float, int]:
    """The best watched score so far over all sets, and the entries since it last rose."""
    highest = float(np.max(scores, where=np.isfinite(scores), initial=-np.inf))
    if highest > progress.best or progress.step == 0:
        return highest, 0
    return progress.best, progress.since_improvement + 1


def _moving(params: Mapping[str, Any], trains: frozenset[str]) -> Params:
    """The parameters an optimiser sees: what does not train neither moves nor decays."""
    return {name: value for name, value in params.items() if name in trains}


def _fresh_optimiser(problem: Problem, params: Mapping[str, Any]) -> Optimiser:
    begun: Optimiser = _prepare(type(problem.fit).transform, problem.fit.numbers(), _moving(params, problem.aim.trains))
    return begun


@partial(jax.jit, static_argnames="transform")
def _prepare(transform: Transform, numbers: Numbers, params: Params) -> Optimiser:
    def one(values: Params) -> Optimiser:
        return Optimiser(transform(numbers).init(values), plateau(numbers, values))

    return jax.vmap(one)(params)


@dataclass(frozen=True)
class Shape:
    """What shapes the program of a step."""

    aim: Aim
    spans: Spans
    tracked: tuple[str, ...]
    transform: Transform
    watched: tuple[str, str]
    mesh: Mesh | None


def _shape(problem: Problem, on: Mesh | None) -> Shape:
    transform = type(problem.fit).transform
    return Shape(problem.aim, problem.spans, problem.tracked, transform, problem.watched, on)


@partial(jax.jit, static_argnames="shape")
def _step(
    shape: Shape,
    pool: AbstractPool,
    weights: Weights,
    noise: Float[Array, "c n"] | None,
    numbers: Numbers,
    params: Params,
    feed: Feed,
    other: Feed | None,
    starts: Int[Array, " w"],
    optimiser: Optimiser,
) -> tuple[Float[Array, " s"], Any, Params, Optimiser]:
    """Objective, metrics of all periods, and the parameters and the optimiser's state after the step: one program, one call."""
    taken = (SHARED, SHARED, SHARED, SHARED, SETS, SHARED, SHARED, WINDOWS, SETS)
    work = spread(shape.mesh, partial(_work, shape), taken, SETS)
    return work(pool, weights, noise, numbers, params, feed, other, starts, optimiser)  # type: ignore[no-any-return]


def _work(
    shape: Shape,
    pool: AbstractPool,
    weights: Any,
    noise: Any,
    numbers: Numbers,
    params: Params,
    feed: Feed,
    other: Feed | None,
    starts: Array,
    optimiser: Optimiser,
) -> tuple[Array, Any, Params, Optimiser]:
    """``_step`` for the sets and windows of one device; each period is judged by all the devices that hold the set."""
    gain, slopes = ascent(shape.aim, weights, pool, params, noised(pool, feed if other is None else other, noise), starts)
    gain, slopes = mean_over_windows(shape.mesh, (gain, slopes))
    metrics = judge(pool, shape.spans, shape.tracked, params, feed)
    period, metric = shape.watched
    moving, slopes = (_moving(values, shape.aim.trains) for values in (params, slopes))
    moved, optimiser = _update(shape.transform, numbers, moving, slopes, metrics[period][metric], optimiser)
    return gain, metrics, moved, optimiser


def _update(
    transform: Transform, numbers: Numbers, params: Params, slopes: Params, scores: Array, optimiser: Optimiser
) -> tuple[Params, Optimiser]:
    """One step uphill, each set on its own."""

    def one(values: Params, slope: Params, score: Array, own: Optimiser) -> tuple[Params, Optimiser]:
        # Optimisers go down: climb by handing them the slope turned round. Decay then has their sign too.
        steps, state = transform(numbers).update(jax.tree.map(jnp.negative, slope), own.state, values)
        rate, flat = numbers["learning_rate"], own.plateau
        if flat is not None:
            flat = seen(numbers, flat, score)
            rate = rate * flat.rate_scale
        return jax.tree.map(lambda value, step: value - rate * step, values, steps), Optimiser(state, flat)

    return jax.vmap(one)(params, slopes, scores, optimiser)
