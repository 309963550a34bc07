"""The training loop: a generator of reports. The caller shows, saves, prunes or stops."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh
from numpy.typing import NDArray

from quantamm_cli.engine.devices import SETS, place_on
from quantamm_cli.errors import DivergedError
from quantamm_cli.training.base import Fit
from quantamm_cli.training.problem import Column, Problem, Progress, Report, StepResult
from quantamm_cli.training.reinitialise import diverged, replace_sets
from quantamm_cli.training.weight_averaging import Average


def _fitter(problem: Problem) -> Fit:
    return Fit.typed(problem.fit)


def begin(problem: Problem, params: Mapping[str, Column]) -> Progress:
    """The progress before the first step; ``params`` are ``(sets, assets)`` arrays."""
    dtype = problem.feed.prices.dtype
    values = {name: jnp.asarray(value, dtype) for name, value in params.items()}
    sets = len(next(iter(values.values())))
    average = Average.empty(params) if problem.fit.averaging else None
    optimiser = _fitter(problem).begin(problem, values)
    redrawn = np.zeros(sets, np.int64)
    return Progress(0, values, optimiser, np.zeros(sets), redrawn, average=average)


def fit(problem: Problem, progress: Progress) -> Iterator[tuple[Report, Progress]]:
    """Entries ``progress.step`` to ``fit.steps``, each with the progress after it; with averaging
    one more entry, of the averages.

    It ends early when the watched metric has not improved for ``fit.patience`` entries, or all sets
    have ended. A set that diverges is drawn anew; fitters that only try candidates continue. A
    metric that does not exist on a set's windows is no divergence: the set stays as it is.

    Raises:
        DivergedError: all parameter sets diverged at one step, or no objective was ever finite.
    """
    on = problem.fit.device_mesh(len(next(iter(progress.params.values()))))
    problem, progress = problem.on(on), progress.on(on)
    while _continues(problem, progress):
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


def _continues(problem: Problem, progress: Progress) -> bool:
    fitter, patience = _fitter(problem), problem.fit.patience
    if fitter.averaged(progress) or fitter.finished(progress):
        return False
    if problem.fit.early_stopping and progress.since_improvement >= patience:
        return False
    return progress.step <= problem.fit.steps


def _entry(problem: Problem, on: Mesh | None, progress: Progress) -> tuple[Report, Progress]:
    progress, params = _redraw_diverged(problem, on, progress)
    result = _fitter(problem).advance(problem, on, progress)
    period, metric = problem.watched
    best, since = _improvement(result.metrics[period][metric], progress)
    report = Report(
        step=progress.step,
        params=params,
        objective=result.objective,
        metrics=result.metrics,
        learning_rate=result.learning_rate,
        since_improvement=since,
        redrawn=progress.redrawn if progress.redrawn.any() else None,
        undefined=_left_out(problem, result),
        extras=result.extras,
    )
    average, alive = progress.average, result.continues
    if average is not None and _fitter(problem).averages(progress.step):
        average = average.plus(params)
    return report, Progress(
        step=progress.step + 1,
        params=result.params,
        optimiser=result.optimiser,
        objective=alive,
        redrawn=progress.redrawn,
        best=best,
        since_improvement=since,
        average=average,
        finite=progress.finite or bool(np.isfinite([*alive, *result.objective]).any()),
    )


def _left_out(problem: Problem, result: StepResult) -> NDArray[np.int64] | None:
    """How many windows of each set do not count; ``None``: all do."""
    if result.windows is None or (result.windows == problem.fit.batch_size).all():
        return None
    return np.asarray(problem.fit.batch_size - result.windows.round(), np.int64)


def _redraw_diverged(
    problem: Problem, on: Mesh | None, progress: Progress
) -> tuple[Progress, dict[str, Column]]:
    """The progress with each diverged set, its optimiser and its average replaced; and the
    parameters on the host.
    """
    fitter = _fitter(problem)
    params, optimiser = jax.device_get((dict(progress.params), progress.optimiser))
    redraws = problem.fit.redraws and not fitter.averaged(progress)
    reasons = diverged(params, optimiser, progress.objective) if redraws else {}
    if reasons:
        sets, chosen = len(progress.objective), [*reasons]
        if len(chosen) == sets:
            listed = "; ".join(f"set {one}: {reason}" for one, reason in reasons.items())
            message = f"no parameter set is finite at step {progress.step} ({listed})"
            raise DivergedError("fit", f"{message}; try {problem.fit.advice}, or other params")
        params = {name: np.array(value) for name, value in params.items()}
        for one in chosen:
            for name, value in problem.draw(progress.step, one).items():
                params[name][one] = value
        values = jax.device_put(params)
        optimiser = replace_sets(chosen, optimiser, jax.device_get(fitter.begin(problem, values)))
        progress = replace(
            progress,
            params=place_on(on, SETS, values),
            optimiser=place_on(on, SETS, jax.device_put(optimiser)),
            redrawn=progress.redrawn + np.isin(np.arange(sets), chosen),
            average=None if progress.average is None else progress.average.without(chosen),
        )
    return progress, {name: np.asarray(value, float) for name, value in params.items()}


def _averaged(on: Mesh | None, progress: Progress, average: Average) -> Progress:
    """The progress with the averages as parameters, and nothing left to average."""
    last = jax.device_get(dict(progress.params))
    means = {
        name: np.asarray(value, last[name].dtype) for name, value in average.means(last).items()
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
