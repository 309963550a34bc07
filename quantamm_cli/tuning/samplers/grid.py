"""``study/sampler=grid``."""

from typing import TYPE_CHECKING

from pydantic import Field

from quantamm_cli.settings.types import Count
from quantamm_cli.tuning.samplers.base import Sampler

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


class Grid(Sampler, kind="grid"):
    """Every combination of the values of all settings; a range with a step has its steps.

    The study lays the points down as trials with given values, so there is nothing left to draw.
    """

    points: Count = Field(5, ge=2, description="values of a range without a step, both ends too")

    def make(self, seed: int, study_seed: int, number: int) -> "BaseSampler":
        """For what a point leaves open: at random."""
        from quantamm_cli.tuning.optuna import optuna

        return optuna.samplers.RandomSampler(seed=seed)
