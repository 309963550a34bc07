"""The interface of a sampler.

Nothing here imports Optuna before a sampler is made: settings and help need it not.
"""

import hashlib
from abc import abstractmethod
from importlib.util import find_spec
from typing import TYPE_CHECKING

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.component import Component
from quantamm_cli.tuning.shape import StudyShape

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

WHERE = "study.sampler"


class Sampler(Component, group="study/sampler"):
    """Chooses the values of trials, given the trials before.

    A sampler of Optuna is made anew for each draw, so that nothing of it is stored: what it draws
    depends on its seeds and on the trials in the storage only.
    """

    def resolved(self, study: StudyShape) -> "Sampler":
        """The sampler that draws, with nothing left that depends on the study.

        Raises:
            ConfigError: it cannot search this study.
        """
        return self

    def advice(self, study: StudyShape) -> str:
        """What the user should know before the first trial; empty if there is nothing."""
        return ""

    @abstractmethod
    def make(self, seed: int, study_seed: int, number: int) -> "BaseSampler":
        """A fresh sampler of Optuna for one draw.

        Args:
            seed: of the study's seed, the trial and the setting that is drawn, below 2^32.
            study_seed: the same in all draws of the study.
            number: of the trial.
        """


def draw_seed(study_seed: int, number: int, key: str) -> int:
    """The seed of one draw, below 2^32: of a trial's setting, or with an empty key of what is drawn
    together.
    """
    digest = hashlib.sha256(f"{study_seed}/{number}/{key}".encode()).digest()
    return int.from_bytes(digest[:4], "big")


def need_package(kind: str, package: str) -> None:
    """Raise ConfigError if an optional package is not installed; its extra is called ``kind``."""
    if find_spec(package) is None:
        raise ConfigError(
            WHERE,
            f"{kind} needs the package {package}; install it (pip install "
            f"'quantamm-cli[{kind}]'), or choose another sampler: qsim show samplers",
        )


def need_one_objective(kind: str, study: StudyShape) -> None:
    """Raise ConfigError for what can neither trade objectives off nor avoid what is not allowed."""
    if study.objectives > 1:
        raise ConfigError(
            WHERE,
            f"{kind} has one objective, and this study has {study.objectives}; use tpe, nsga2 or "
            "nsga3",
        )
    if study.constrained:
        raise ConfigError(
            WHERE, f"{kind} knows no constraints; use tpe or nsga2, or leave out study.constraints"
        )
