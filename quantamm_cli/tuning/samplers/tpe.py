"""``study/sampler=tpe``."""

from typing import TYPE_CHECKING

from pydantic import Field

from quantamm_cli.settings.types import Count, Natural
from quantamm_cli.tuning.samplers.base import Sampler
from quantamm_cli.tuning.shape import StudyShape

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


class TPE(Sampler, kind="tpe"):
    """Tree-structured Parzen estimator: draws where good trials lie dense and bad ones do not.

    With one objective the settings are modelled together, with several each by itself, as is
    Optuna's default.
    """

    startup: Natural = Field(10, description="random trials before the sampler learns from them")
    candidates: Count = Field(24, description="points of which the most promising is the trial")
    by_branch: bool | None = Field(
        None,
        description=(
            "model settings that exist together by themselves; null: where the space has conditions"
        ),
    )

    def resolved(self, study: StudyShape) -> Sampler:
        """With ``by_branch`` decided."""
        if self.by_branch is not None:
            return self
        return self.replace(by_branch=study.conditional)

    def make(self, seed: int, study_seed: int, number: int) -> "BaseSampler":
        from quantamm_cli.tuning.optuna import optuna, quietly

        with quietly():
            return optuna.samplers.TPESampler(
                seed=seed,
                n_startup_trials=self.startup,
                n_ei_candidates=self.candidates,
                group=bool(self.by_branch),
                multivariate=True if self.by_branch else None,
            )
