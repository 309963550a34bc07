"""``study/sampler=nsga2``."""

from typing import TYPE_CHECKING

from quantamm_cli.tuning.samplers.genetic import Genetic

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


class NSGA2(Genetic, kind="nsga2"):
    """NSGA-II: genetic search for several objectives; keeps the front and spreads over it.

    The first generation is random. Settings that exist under some choices only stay random.
    """

    def make(self, seed: int, study_seed: int, number: int) -> "BaseSampler":
        from quantamm_cli.tuning.optuna import optuna

        return optuna.samplers.NSGAIISampler(**self.arguments(seed))
