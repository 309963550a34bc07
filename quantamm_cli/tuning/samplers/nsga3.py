"""``study/sampler=nsga3``."""

from typing import TYPE_CHECKING

from quantamm_cli.tuning.samplers.genetic import Genetic

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


class NSGA3(Genetic, kind="nsga3"):
    """NSGA-III: genetic search for three and more objectives; keeps to reference directions.

    The first generation is random. Settings that exist under some choices only stay random.
    """

    def make(self, seed: int, study_seed: int, number: int) -> "BaseSampler":
        from quantamm_cli.tuning.optuna import optuna, quietly

        with quietly():
            return optuna.samplers.NSGAIIISampler(**self.arguments(seed))
