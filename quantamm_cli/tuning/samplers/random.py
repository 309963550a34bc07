"""``study/sampler=random``."""

from typing import TYPE_CHECKING

from quantamm_cli.tuning.samplers.base import Sampler

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


class Random(Sampler, kind="random"):
    """Values drawn uniformly from their ranges, on a log scale where the range says so: a
    baseline.
    """

    def make(self, seed: int, study_seed: int, number: int) -> "BaseSampler":
        from quantamm_cli.tuning.optuna import optuna

        return optuna.samplers.RandomSampler(seed=seed)
