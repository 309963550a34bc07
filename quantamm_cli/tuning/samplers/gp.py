"""``study/sampler=gp``."""

from typing import TYPE_CHECKING

from pydantic import Field

from quantamm_cli.settings.types import Count
from quantamm_cli.tuning.samplers.base import Sampler, need_package
from quantamm_cli.tuning.shape import StudyShape

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


class GaussianProcess(Sampler, kind="gp"):
    """A Gaussian process of the score and its expected improvement; for few and costly trials.

    Needs PyTorch. Settings that exist under some choices only are drawn at random.
    """

    startup: Count = Field(10, description="random trials before the sampler learns from them")

    def resolved(self, study: StudyShape) -> Sampler:
        need_package(self.kind, "torch")
        return self

    def make(self, seed: int, study_seed: int, number: int) -> "BaseSampler":
        from quantamm_cli.tuning.optuna import optuna

        return optuna.samplers.GPSampler(
            seed=seed, n_startup_trials=self.startup, warn_independent_sampling=False
        )
