"""Optuna's sampler over the parameters themselves."""

import logging
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import jax
import numpy as np
from jax import Array
from jax.sharding import Mesh
from numpy.typing import NDArray
from pydantic import Field

from quantamm_cli.core.bijectors import Simplex
from quantamm_cli.core.params import Parameter, readable, trainable
from quantamm_cli.core.types import Params
from quantamm_cli.engine.devices import SETS, place_on
from quantamm_cli.errors import ConfigError
from quantamm_cli.random import tags
from quantamm_cli.settings.types import Natural
from quantamm_cli.training.base import Fit
from quantamm_cli.training.problem import Column, Problem, Progress, StepResult
from quantamm_cli.training.scored import scored

if TYPE_CHECKING:
    from optuna.distributions import FloatDistribution


Ranges = Mapping[str, "FloatDistribution"]
"""Optuna's distribution of every number, by name."""


class Optuna(Fit, kind="optuna"):
    """Trials of parameters within their declared ranges, proposed by a tree-structured Parzen
    estimator. [Bergstra et al., 2011]

    Each step proposes one trial a parameter set and scores them together. The starting point is a
    trial, too, if it is in range.
    """

    startup_trials: Natural = Field(
        10, description="random trials before the sampler learns from them"
    )

    redraws: ClassVar[bool] = False

    def check_specs(self, pool: str, specs: Sequence[Parameter]) -> None:
        if not any(spec.name in trainable(specs) and spec.low < spec.high for spec in specs):
            raise ConfigError("fit", f"optuna: {pool} declares no range to search; use another fit")

    def begin(self, problem: Problem, params: Params) -> "Trials":
        searched = _searched(problem)
        start = readable(searched, jax.device_get(params))
        sets = len(next(iter(start.values())))
        columns = [start[spec.readable].reshape(sets, -1) for spec in searched]
        return Trials(np.concatenate(columns, axis=1)[:, None], np.empty((sets, 0)))

    def advance(self, problem: Problem, on: Mesh | None, progress: Progress) -> StepResult:
        gain, metrics = scored(problem, on, progress)
        values, scores = map(np.asarray, progress.optimiser)
        scores = np.concatenate([scores, gain.value[:, None]], axis=1)
        searched = _searched(problem)
        seed = np.random.SeedSequence([self.seed, progress.step, tags.OPTUNA]).generate_state(1)[0]
        next_values = self._next_trials(_ranges(problem, searched), values, scores, int(seed))
        params = place_on(on, SETS, jax.device_put(_raw(searched, next_values, progress.params)))
        trials = Trials(np.concatenate([values, next_values[:, None]], axis=1), scores)
        return StepResult(
            gain.value, metrics, dict(progress.params) | params, trials, windows=gain.windows
        )

    def _next_trials(self, ranges: Ranges, values: Column, scores: Column, seed: int) -> Column:
        """Readable values ``(sets, numbers)`` of the next trials, from a study of all trials
        before.

        The study is created anew, so that the sampler's random numbers depend on the seed alone.
        """
        import optuna

        optuna.logging.set_verbosity(logging.CRITICAL)
        sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=self.startup_trials)
        study = optuna.create_study(direction="maximize", sampler=sampler)
        low = np.array([each.low for each in ranges.values()])
        high = np.array([each.high for each in ranges.values()])
        points = values.swapaxes(0, 1).reshape(-1, len(ranges))
        for point, score in zip(points, scores.T.ravel(), strict=True):
            if ((low <= point) & (point <= high)).all():
                outcome: dict[str, Any] = {"state": optuna.trial.TrialState.FAIL}
                if np.isfinite(score):
                    outcome = {"value": float(score)}
                params = dict(zip(ranges, point.tolist(), strict=True))
                study.add_trial(
                    optuna.trial.create_trial(params=params, distributions=dict(ranges), **outcome)
                )
        trials = [study.ask(dict(ranges)) for _ in range(len(values))]
        pick = itemgetter(*ranges)
        return np.array([pick(trial.params) for trial in trials]).reshape(len(trials), -1)


class Trials(NamedTuple):
    """All trials of each set: readable values ``(sets, trials + 1, numbers)``, the next trial
    included, and scores ``(sets, trials)``.
    """

    values: NDArray[np.float64]
    scores: NDArray[np.float64]


def _searched(problem: Problem) -> list[Parameter]:
    """The parameters that train and declare a range."""
    specs = problem.pool.parameters(problem.feed.prices.shape[1])
    return [spec for spec in specs if spec.name in problem.aim.trains and spec.low < spec.high]


def _ranges(problem: Problem, searched: Sequence[Parameter]) -> Ranges:
    """The distribution of every number, by name."""
    from optuna.distributions import FloatDistribution

    assets, ranges = problem.feed.prices.shape[1], {}
    for spec in searched:
        for number in range(int(np.prod(spec.shape(assets)))):
            distribution = FloatDistribution(spec.low, spec.high, log=spec.log)
            ranges[f"{spec.readable} {number}"] = distribution
    return ranges


def _raw(
    searched: Sequence[Parameter], values: Column, like: Mapping[str, Array]
) -> dict[str, Column]:
    """Raw parameters from readable values ``(sets, numbers)``, shaped and typed as ``like``."""
    raw, first = {}, 0
    for spec in searched:
        shape = like[spec.name].shape
        last = first + int(np.prod(shape[1:]))
        part = values[:, first:last].reshape(shape)
        if isinstance(spec.bijector, Simplex):
            part = part / part.sum(-1, keepdims=True)
        raw[spec.name] = spec.bijector.raw(part).astype(like[spec.name].dtype)
        first = last
    return raw
