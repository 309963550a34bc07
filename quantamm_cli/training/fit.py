"""The one training loop: a generator of reports. Whoever watches draws, saves, prunes or stops."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh

from quantamm_cli.engine.devices import SETS, place_on
from quantamm_cli.errors import DivergedError
from quantamm_cli.training.base import Fit
from quantamm_cli.training.problem import Column, Problem, Progress, Report
from quantamm_cli.training.reinitialise import lost, with_sets
from quantamm_cli.training.weight_averaging import Average


def _fitter(problem: Problem) -> Fit:
    return Fit.typed(problem.fit)


def begin(problem: Problem, params: Mapping[str, Column]) -> Progress:
    """Before the first step; ``params`` holds ``(sets, assets)`` arrays."""
    dtype = problem.feed.prices.dtype
    values = {name: jnp.asarray(value, dtype) for name, value in params.items()}
    sets = len(next(iter(values.values())))
    average = Average.of_none(params) if problem.fit.averaging else None
    return Progress(
        0,
        values,
        _fitter(problem).begin(problem, values),
        np.zeros(sets),
        np.zeros(sets, np.int64),
        average=average,
    )


def fit(problem: Problem, progress: Progress) -> Iterator[tuple[Report, Progress]]:
    """Entries ``progress.step`` to ``fit.steps``, each with what continues after it; with averaging
    one more, of the averages.

    Ends early when the watched metric has not improved for ``fit.patience`` entries,
    or no set has anywhere to go.

    Raises:
        DivergedError: all parameter sets diverged at one step; of the others, those that do are
            drawn anew. A fitter that only tries candidates goes on, and none ever had a finite
            objective.
    """
    on = problem.fit.cut(len(next(iter(progress.params.values()))))
    problem, progress = problem.on(on), progress.on(on)
    while _goes_on(problem, progress):
        report, progress = _entry(problem, on, progress)
        yield report, progress
    if progress.average is not None and progress.average.count.any():
        report, progress = _entry(problem, on, _averaged(on, progress, progress.average))
        yield report, progress
    if not progress.finite:
        raise DivergedError(
            "fit",
            f"no parameter set of {progress.step} steps has a finite objective; try other "
            "params, or other dates",
        )


def _goes_on(problem: Problem, progress: Progress) -> bool:
    patience = problem.fit.patience if problem.fit.early_stopping else np.inf
    ended = _fitter(problem).averaged(progress) or _fitter(problem).finished(progress)
    return (
        progress.step <= problem.fit.steps and progress.since_improvement < patience and not ended
    )


def _entry(problem: Problem, on: Mesh | None, progress: Progress) -> tuple[Report, Progress]:
    progress, here = _renewed(problem, on, progress)
    taken = _fitter(problem).advance(problem, on, progress)
    best, since = _improvement(taken.metrics[problem.watched[0]][problem.watched[1]], progress)
    redrawn = progress.redrawn if progress.redrawn.any() else None
    report = Report(
        progress.step,
        here,
        taken.objective,
        taken.metrics,
        taken.learning_rate,
        since,
        redrawn,
        taken.extras,
    )
    average = progress.average
    if average is not None and _fitter(problem).averages(progress.step):
        average = average.and_these(here)
    alive = taken.objective if taken.alive is None else taken.alive
    finite = progress.finite or bool(np.isfinite(taken.objective).any())
    return report, Progress(
        progress.step + 1,
        taken.params,
        taken.optimiser,
        alive,
        progress.redrawn,
        best,
        since,
        average,
        finite,
    )


def _renewed(
    problem: Problem, on: Mesh | None, progress: Progress
) -> tuple[Progress, dict[str, Column]]:
    """The same with each diverged set drawn anew, its optimiser and average too;
    and the parameters on the host.
    """
    params, optimiser = jax.device_get((dict(progress.params), progress.optimiser))
    redraws = problem.fit.redraws and not _fitter(problem).averaged(progress)
    gone = lost(params, optimiser, progress.objective) if redraws else {}
    if gone:
        sets = len(progress.objective)
        if len(gone) == sets:
            told = "; ".join(f"set {one}: {reason}" for one, reason in gone.items())
            where = f"no parameter set is finite at step {progress.step} ({told})"
            raise DivergedError("fit", f"{where}; try {problem.fit.remedy}, or other params")
        params = {name: np.array(value) for name, value in params.items()}
        for one in gone:
            for name, value in problem.draw(progress.step, one).items():
                params[name][one] = value
        values = jax.device_put(params)
        optimiser = with_sets(
            [*gone], optimiser, jax.device_get(_fitter(problem).begin(problem, values))
        )
        progress = replace(
            progress,
            params=place_on(on, SETS, values),
            optimiser=place_on(on, SETS, jax.device_put(optimiser)),
            redrawn=progress.redrawn + np.isin(np.arange(sets), [*gone]),
            average=None if progress.average is None else progress.average.without([*gone]),
        )
    return progress, {name: np.asarray(value, float) for name, value in params.items()}


def _averaged(on: Mesh | None, progress: Progress, average: Average) -> Progress:
    """At the averages, with nothing left to average."""
    here = jax.device_get(dict(progress.params))
    means = {
        name: np.asarray(value, here[name].dtype) for name, value in average.means(here).items()
    }
    params = place_on(on, SETS, jax.device_put(means))
    return replace(
        progress, params=params, objective=np.zeros_like(progress.objective), average=None
    )


def _improvement(scores: Column, progress: Progress) -> tuple[float, int]:
    """The best watched score so far over all sets, and the entries since it last rose."""
    highest = float(np.max(scores, where=np.isfinite(scores), initial=-np.inf))
    if highest > progress.best or progress.step == 0:
        return highest, 0
    return progress.best, progress.since_improvement + 1
