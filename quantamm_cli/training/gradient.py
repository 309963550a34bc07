"""Gradient ascent: its settings and its steps."""

from abc import abstractmethod
from functools import lru_cache
from typing import Any, ClassVar, Literal

import jax
import numpy as np
import optax
from jax.sharding import Mesh
from numpy.typing import NDArray
from pydantic import Field

from quantamm_cli.core.types import Params
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.types import Count, Natural, NonNegative, Positive, Share
from quantamm_cli.training import gradient_step
from quantamm_cli.training.base import Fit
from quantamm_cli.training.noise import factors
from quantamm_cli.training.problem import Numbers, Problem, Progress, StepResult, moving, shape
from quantamm_cli.training.windows import Sampling


class GradientFit(Fit):
    """Gradient ascent from several starting points at once, on windows drawn anew at every step."""

    steps: Natural = Field(1000, description="updates of the parameters")
    learning_rate: Positive = Field(0.1, description="size of a step")
    batch_size: Count = Field(8, description="windows a step")
    seed: Natural = Field(0, description="of starting points, windows and noise")
    sampling: Sampling = Field(
        "uniform",
        description="windows: all as likely, the recent likelier, or one from each of equal parts",
    )
    price_noise: NonNegative = Field(
        0.0,
        description="standard deviation of log prices a chunk, in training only; their mean stays",
    )
    schedule: Literal["constant", "cosine", "warmup_cosine", "exponential"] = Field(
        "constant", description="learning rate over the steps"
    )
    decay_ratio: Positive = Field(
        1000.0, description="first over last learning rate of a schedule that decays"
    )
    warmup_steps: Natural = Field(
        100, description="steps of warmup_cosine in which the learning rate rises"
    )
    plateau_patience: Count | None = Field(
        None,
        description="steps without a better training period that lower a set's rate; null: never",
    )
    plateau_factor: float = Field(
        0.8, gt=0, lt=1, description="factor by which they lower the learning rate"
    )
    clip_norm: Positive | None = Field(
        10.0, description="largest norm of a set's gradient; null: no clipping"
    )
    swa_start: Share | None = Field(
        None,
        description="share of the steps after which parameters are averaged; null: no averaging",
    )
    swa_every: Count = Field(10, description="steps between parameters that are averaged")

    new_windows: ClassVar[bool] = True
    advice: ClassVar[str] = "a smaller fit.learning_rate"

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        if self.schedule == "warmup_cosine" and self.warmup_steps >= max(self.steps, 1):
            share = f"{self.warmup_steps} of {self.steps} steps"
            message = f"{share}; warmup_cosine needs fewer than fit.steps"
            raise ConfigError(f"{where}.warmup_steps", message)

    @staticmethod
    @abstractmethod
    def transform(numbers: Numbers) -> optax.GradientTransformation:
        """From gradients to steps of unit learning rate; ``numbers`` are traced, so that changing
        one does not recompile.
        """

    def numbers(self) -> dict[str, float]:
        """The numbers for ``transform`` and plateau decay."""
        numbers = {} if self.clip_norm is None else {"clip_norm": self.clip_norm}
        if self.plateau_patience is not None:
            numbers |= {
                "plateau_patience": float(self.plateau_patience),
                "plateau_factor": self.plateau_factor,
            }
        return numbers

    @property
    def averaging(self) -> bool:
        return self.swa_start is not None

    def averages(self, step: int) -> bool:
        if self.swa_start is None:
            return False
        # Rounded, so that 0.29 of 100 steps are 29 in spite of floating point.
        since = step - int(round(self.swa_start * self.steps, 6))
        return since >= 0 and since % self.swa_every == 0

    @property
    def depends_on_steps(self) -> str | None:
        if self.schedule != "constant":
            return f"fit.schedule={self.schedule}"
        return None if self.swa_start is None else "fit.swa_start"

    def learning_rates(self) -> NDArray[np.float64]:
        """The learning rate of each step, 0 to ``steps``."""
        return _learning_rates(self)

    def begin(self, problem: Problem, params: Params) -> gradient_step.Optimiser:
        trained = moving(params, problem.aim.trains)
        optimiser: gradient_step.Optimiser = gradient_step.prepare(
            type(self).transform, self.numbers(), trained
        )
        return optimiser

    def advance(self, problem: Problem, on: Mesh | None, progress: Progress) -> StepResult:
        rate = 0.0 if self.averaged(progress) else float(self.learning_rates()[progress.step])
        params = dict(progress.params)
        gain, metrics, moved, optimiser = gradient_step.step(
            shape(problem, on, type(self).transform),
            problem.inputs(progress.step),
            factors(self.seed, progress.step, self.price_noise, problem.pool, problem.practice),
            self.numbers() | {"learning_rate": rate},
            params,
            progress.optimiser,
        )
        extras: dict[str, Any] = {}
        if optimiser.plateau is not None:
            extras["rate_scale"] = optimiser.plateau.rate_scale
        gain, metrics, extras = jax.device_get((gain, metrics, extras))
        return StepResult(
            gain.value, metrics, params | moved, optimiser, extras, rate, windows=gain.windows
        )


@lru_cache(maxsize=16)
def _learning_rates(fit: GradientFit) -> NDArray[np.float64]:
    base, last, steps = fit.learning_rate, fit.learning_rate / fit.decay_ratio, max(fit.steps, 1)
    schedules = {
        "constant": lambda: optax.constant_schedule(base),
        "cosine": lambda: optax.cosine_decay_schedule(base, steps, alpha=1 / fit.decay_ratio),
        "exponential": lambda: optax.exponential_decay(base, steps, 1 / fit.decay_ratio),
        "warmup_cosine": lambda: optax.warmup_cosine_decay_schedule(
            last, base, fit.warmup_steps, steps, last
        ),
    }
    rate = schedules[fit.schedule]()
    return np.broadcast_to(np.asarray(rate(np.arange(fit.steps + 1)), float), fit.steps + 1)


def clipped(numbers: Numbers, *rest: optax.GradientTransformation) -> optax.GradientTransformation:
    """A chain of transformations that begins with clipping, if ``clip_norm`` is given."""
    if "clip_norm" not in numbers:
        return optax.chain(*rest)
    return optax.chain(optax.clip_by_global_norm(numbers["clip_norm"]), *rest)
