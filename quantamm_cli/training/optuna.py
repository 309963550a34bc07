"""Optuna's sampler over the parameters themselves."""

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import jax
import numpy as np
from jax import Array
from jax.sharding import Mesh
from numpy.typing import NDArray
from pydantic import Field

from quantamm_cli.core.bijectors import Simplex
from quantamm_cli.core.params import Parameter, readable
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
"""What Optuna draws every number from, by name."""


class Optuna(Fit, kind="optuna"):
    """Trials of parameters within their declared ranges, proposed by a tree-structured Parzen
    estimator. [Bergstra et al., 2011]

    Each step asks for one trial a parameter set and scores them together. The start is a trial,
    too, where it is in range.
    """

    startup_trials: Natural = Field(
        10, description="trials at random before the sampler learns from them"
    )

    redraws: ClassVar[bool] = False

    def begin(self, problem: Problem, params: Params) -> "Trials":
        searched = _searched(problem)
        if not searched:
            raise ConfigError(
                "fit", f"optuna: {problem.pool.kind} declares no range to search; use another fit"
            )
        own = readable(searched, jax.device_get(params))
        sets = len(next(iter(own.values())))
        values = np.concatenate([own[spec.readable].reshape(sets, -1) for spec in searched], axis=1)
        return Trials(values[:, None], np.empty((sets, 0)))

    def advance(self, problem: Problem, on: Mesh | None, progress: Progress) -> StepResult:
        objective, metrics = scored(problem, on, progress)
        values, scores = (np.asarray(each) for each in progress.optimiser)
        scores = np.concatenate([scores, objective[:, None]], axis=1)
        searched = _searched(problem)
        seed = np.random.SeedSequence([self.seed, progress.step, tags.OPTUNA]).generate_state(1)[0]
        asked = self._asked(_ranges(problem, searched), values, scores, int(seed))
        params = place_on(on, SETS, jax.device_put(_raw(searched, asked, progress.params)))
        trials = Trials(np.concatenate([values, asked[:, None]], axis=1), scores)
        return StepResult(objective, metrics, dict(progress.params) | params, trials)

    def _asked(self, ranges: Ranges, values: Column, scores: Column, seed: int) -> Column:
        """Readable values ``(sets, numbers)`` of the next trials:
        those of a study that holds all before.

        The study is made anew: the sampler's stream of random numbers then
        depends on the seed alone.
        """
        import optuna

        optuna.logging.set_verbosity(logging.CRITICAL)
        sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=self.startup_trials)
        study = optuna.create_study(direction="maximize", sampler=sampler)
        low, high = (
            np.array([getattr(spread, end) for spread in ranges.values()])
            for end in ("low", "high")
        )
        for each, score in zip(
            values.swapaxes(0, 1).reshape(-1, len(ranges)), scores.T.ravel(), strict=True
        ):
            if ((low <= each) & (each <= high)).all():
                told = (
                    {"value": float(score)}
                    if np.isfinite(score)
                    else {"state": optuna.trial.TrialState.FAIL}
                )
                params = dict(zip(ranges, each.tolist(), strict=True))
                study.add_trial(
                    optuna.trial.create_trial(params=params, distributions=dict(ranges), **told)
                )
        trials = [study.ask(dict(ranges)) for _ in range(len(values))]
        return np.array([[trial.params[name] for name in ranges] for trial in trials])


class Trials(NamedTuple):
    """All trials of each set: readable values ``(sets, trials, numbers)`` with the next ones, and
    scores ``(sets, trials)``.
    """

    values: NDArray[np.float64]
    scores: NDArray[np.float64]


def _searched(problem: Problem) -> list[Parameter]:
    """What trains and declares a range."""
    specs = problem.pool.parameters(problem.feed.prices.shape[1])
    return [spec for spec in specs if spec.name in problem.aim.trains and spec.low < spec.high]


def _ranges(problem: Problem, searched: Sequence[Parameter]) -> Ranges:
    """The distribution of every number, by name."""
    from optuna.distributions import FloatDistribution

    assets = problem.feed.prices.shape[1]
    return {
        f"{spec.readable} {number}": FloatDistribution(spec.low, spec.high, log=spec.log)
        for spec in searched
        for number in range(int(np.prod(spec.shape(assets))))
    }


def _raw(
    searched: Sequence[Parameter], values: Column, like: Mapping[str, Array]
) -> dict[str, Column]:
    """Raw parameters of readable values ``(sets, numbers)``, in the shapes of those there are."""
    found, first = {}, 0
    for spec in searched:
        shape = like[spec.name].shape
        last = first + int(np.prod(shape[1:]))
        part = values[:, first:last].reshape(shape)
        shares = part / part.sum(-1, keepdims=True) if isinstance(spec.bijector, Simplex) else part
        found[spec.name] = spec.bijector.raw(shares).astype(like[spec.name].dtype)
        first = last
    return found
