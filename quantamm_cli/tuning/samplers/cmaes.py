"""``study/sampler=cmaes``."""

from typing import TYPE_CHECKING

from pydantic import Field

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.types import Count
from quantamm_cli.tuning.samplers.base import WHERE, Sampler, need_one_objective, need_package
from quantamm_cli.tuning.samplers.tpe_independent import IndependentTPE
from quantamm_cli.tuning.shape import StudyShape

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


class CmaEs(Sampler, kind="cmaes"):
    """CMA-ES: a normal distribution that moves and learns its shape from ranks; for few numbers.

    Choices, and settings that exist under some choices only, are drawn as by ``tpe_independent``.
    """

    startup: Count = Field(1, description="trials before the distribution is used")
    population: Count | None = Field(
        None,
        ge=4,
        description="trials a generation; null: 4 + floor(3 ln n) of n searched numbers",
    )

    def resolved(self, study: StudyShape) -> Sampler:
        need_package(self.kind, "cmaes")
        need_one_objective(self.kind, study)
        if not study.ranges:
            raise ConfigError(
                WHERE, "cmaes searches numbers, and this space has choices only; use tpe"
            )
        return self

    def make(self, seed: int, study_seed: int, number: int) -> "BaseSampler":
        from quantamm_cli.tuning.stateless import ReplayedCmaEs

        return ReplayedCmaEs(
            seed=seed,
            n_startup_trials=self.startup,
            popsize=self.population,
            independent_sampler=IndependentTPE().make(seed, study_seed, number),
            warn_independent_sampling=False,
        )
