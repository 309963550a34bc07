"""``study/sampler=qmc``."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from quantamm_cli.tuning.samplers.base import Sampler

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


class QuasiMonteCarlo(Sampler, kind="qmc"):
    """Quasi-random points, which cover the space more evenly than random ones; learns nothing.

    Trial n takes point n of the sequence. Settings that the first trial does not have are drawn at
    random.
    """

    sequence: Literal["sobol", "halton"] = Field("sobol", description="of points")
    scramble: bool = Field(
        True, description="shuffle the points by the study's seed; false: the same for every seed"
    )

    def make(self, seed: int, study_seed: int, number: int) -> "BaseSampler":
        from quantamm_cli.tuning.optuna import optuna, quietly
        from quantamm_cli.tuning.stateless import NumberedQMC

        with quietly():
            return NumberedQMC(
                number,
                qmc_type=self.sequence,
                scramble=self.scramble,
                seed=study_seed,
                independent_sampler=optuna.samplers.RandomSampler(seed=seed),
                warn_independent_sampling=False,
            )
