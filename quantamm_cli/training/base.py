"""What a fitter is."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
import optax
from jax import Array
from numpy.typing import NDArray
from pydantic import Field

from quantamm_cli.core.sampling import Init
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.component import Component
from quantamm_cli.settings.types import Count, Natural, NonNegative, Positive, Share
from quantamm_cli.training.windows import Sampling

Numbers = Mapping[str, Array]
Transform = Callable[[Numbers], optax.GradientTransformation]


class GradientFit(Component, ABC, group="fit"):
    """Gradient ascent from several starting points at once, on windows drawn anew at every step."""

    steps: Natural = Field(1000, description="updates of the parameters")
    learning_rate: Positive = Field(0.1, description="size of a step")
    batch_size: Count = Field(8, description="windows a step")
    parameter_sets: Count = Field(4, description="starting points, trained side by side")
    init: Init = Field("gaussian", description="how they differ: normal, at random or evenly, or on a grid over the declared ranges")
    noise_scale: NonNegative = Field(0.1, description="their standard deviation in raw units; the first has none, a grid needs none")
    seed: Natural = Field(0, description="of starting points, windows and noise")
    sampling: Sampling = Field("uniform", description="windows: all as likely, the recent likelier, or one from each of equal parts")
    price_noise: NonNegative = Field(0.0, description="standard deviation of log prices a chunk, in training only; their mean stays")
    schedule: Literal["constant", "cosine", "warmup_cosine", "exponential"] = Field("constant", description="learning rate over the steps")
    decay_ratio: Positive = Field(1000.0, description="first over last learning rate of a schedule that decays")
    warmup_steps: Natural = Field(100, description="steps of warmup_cosine that climb")
    plateau_patience: Count | None = Field(None, description="evaluations without improvement that lower a set's rate; null: never")
    plateau_factor: float = Field(0.8, gt=0, lt=1, description="what is then left of its learning rate")
    clip_norm: Positive | None = Field(10.0, description="largest norm of a set's gradient; null: no clipping")
    early_stopping: bool = Field(True, description="stop when validation no longer improves")
    patience: Count = Field(200, description="evaluations without improvement before stopping")
    swa_start: Share | None = Field(None, description="share of the steps after which parameters are averaged; null: no averaging")
    swa_every: Count = Field(10, description="steps between parameters that are averaged")

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        if self.schedule == "warmup_cosine" and self.warmup_steps >= max(self.steps, 1):
            told = f"{self.warmup_steps} of {self.steps} steps; warmup_cosine needs fewer than fit.steps"
            raise ConfigError(f"{where}.warmup_steps", told)

    @staticmethod
    @abstractmethod
    def transform(numbers: Numbers) -> optax.GradientTransformation:
        """From gradients to steps of unit learning rate; ``numbers`` are traced, so that changing one compiles nothing."""

    def numbers(self) -> dict[str, float]:
        """The numbers ``transform`` and plateau decay need."""
        found = {} if self.clip_norm is None else {"clip_norm": self.clip_norm}
        if self.plateau_patience is not None:
            found |= {"plateau_patience": float(self.plateau_patience), "plateau_factor": self.plateau_factor}
        return found

    def learning_rates(self) -> NDArray[np.float64]:
        """The learning rate of each step, 0 to ``steps``."""
        base, last, steps = self.learning_rate, self.learning_rate / self.decay_ratio, max(self.steps, 1)
        schedules = {
            "constant": lambda: optax.constant_schedule(base),
            "cosine": lambda: optax.cosine_decay_schedule(base, steps, alpha=1 / self.decay_ratio),
            "exponential": lambda: optax.exponential_decay(base, steps, 1 / self.decay_ratio),
            "warmup_cosine": lambda: optax.warmup_cosine_decay_schedule(last, base, self.warmup_steps, steps, last),
        }
        rate = schedules[self.schedule]()
        return np.broadcast_to(np.asarray(rate(np.arange(self.steps + 1)), float), self.steps + 1)


def clipped(numbers: Numbers, *rest: optax.GradientTransformation) -> optax.GradientTransformation:
    """A chain that begins with clipping, if there is a norm to clip to."""
    if "clip_norm" not in numbers:
        return optax.chain(*rest)
    return optax.chain(optax.clip_by_global_norm(numbers["clip_norm"]), *rest)
