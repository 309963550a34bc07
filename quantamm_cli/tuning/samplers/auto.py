"""``study/sampler=auto``."""

from importlib.util import find_spec
from typing import TYPE_CHECKING

from quantamm_cli.tuning.samplers.base import Sampler
from quantamm_cli.tuning.samplers.cmaes import CmaEs
from quantamm_cli.tuning.samplers.tpe import TPE
from quantamm_cli.tuning.shape import StudyShape

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

_TRIALS = 40
"""From here on CMA-ES has the generations that it needs."""


class Auto(Sampler, kind="auto"):
    """cmaes if it is installed and suits (numbers only, one objective, no constraints, 40 trials or
    more), else tpe. The study is named after the one that is chosen.
    """

    def resolved(self, study: StudyShape) -> Sampler:
        plain = study.objectives == 1 and not (study.constrained or study.conditional)
        numbers = study.ranges > 0 and study.choices == 0
        if plain and numbers and study.trials >= _TRIALS and find_spec("cmaes") is not None:
            return CmaEs().resolved(study)
        return TPE().resolved(study)

    def make(self, seed: int, study_seed: int, number: int) -> "BaseSampler":
        raise TypeError("study/sampler=auto draws nothing before it is resolved")
