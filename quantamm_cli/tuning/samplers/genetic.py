"""What both genetic samplers have in common."""

from typing import TypedDict

from pydantic import Field

from quantamm_cli.settings.types import Count, Share
from quantamm_cli.tuning.samplers.base import Sampler
from quantamm_cli.tuning.shape import StudyShape


class Arguments(TypedDict):
    """Those of Optuna's genetic samplers."""

    seed: int
    population_size: int
    crossover_prob: float
    swapping_prob: float
    mutation_prob: float | None


class Genetic(Sampler):
    """A generation of trials, and children of the best of them.

    The first generation is random. Settings that exist under some choices only stay random.
    """

    population: Count = Field(10, ge=2, description="trials a generation")
    crossover: Share = Field(0.9, description="share of the trials that have two parents")
    swapping: Share = Field(0.5, description="share of the settings that the second parent gives")
    mutation: Share | None = Field(
        None, description="share of the settings drawn anew; null: one over their number"
    )

    def advice(self, study: StudyShape) -> str:
        """Says that the trials end before the second generation begins."""
        if study.trials > self.population:
            return ""
        return (
            f"all {study.trials} trials are random: {self.kind} learns after its first "
            f"{self.population} (study.sampler.population)"
        )

    def arguments(self, seed: int) -> Arguments:
        """For the sampler of Optuna."""
        return {
            "seed": seed,
            "population_size": self.population,
            "crossover_prob": self.crossover,
            "swapping_prob": self.swapping,
            "mutation_prob": self.mutation,
        }
