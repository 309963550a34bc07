"""What a fitter does."""

from abc import ABC, abstractmethod
from typing import Any

from jax.sharding import Mesh

from quantamm_cli.core.types import Params
from quantamm_cli.training.problem import Problem, Progress, StepResult
from quantamm_cli.training.settings import FitSettings


class Fit(FitSettings, ABC):
    """A way to better parameters, from several starting points side by side.

    ``begin`` and ``advance`` are all that differs from one to the next; the loop around them is
    ``training.fit``. What a fitter remembers is a pytree of arrays whose first axis is the
    parameter sets.
    """

    @abstractmethod
    def begin(self, problem: Problem, params: Params) -> Any:
        """What is remembered before the first step; for fresh sets later, too."""

    @abstractmethod
    def advance(self, problem: Problem, on: Mesh | None, progress: Progress) -> StepResult:
        """Scores of the parameters there are, and the next ones:
        a pure function of its arguments.
        """

    def finished(self, progress: Progress) -> bool:
        """Whether no set has anywhere to go."""
        return False

    def averages(self, step: int) -> bool:
        """Whether the parameters of a step go into the average."""
        return False

    def averaged(self, progress: Progress) -> bool:
        """Whether the averages were taken: their entry is the last, and nothing moves any more."""
        return self.averaging and progress.average is None
