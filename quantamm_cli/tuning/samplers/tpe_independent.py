"""``study/sampler=tpe_independent``."""

from typing import TYPE_CHECKING

from pydantic import Field

from quantamm_cli.settings.types import Count, Natural
from quantamm_cli.tuning.samplers.base import Sampler

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


class IndependentTPE(Sampler, kind="tpe_independent"):
    """TPE that models each setting by itself: for settings that do not depend on each other."""

    startup: Natural = Field(10, description="random trials before the sampler learns from them")
    candidates: Count = Field(24, description="values of which the most promising is the trial's")

    def make(self, seed: int, study_seed: int, number: int) -> "BaseSampler":
        from quantamm_cli.tuning.optuna import optuna

        return optuna.samplers.TPESampler(
            seed=seed,
            n_startup_trials=self.startup,
            n_ei_candidates=self.candidates,
            multivariate=False,
        )
