"""The interface of fitters."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from jax.sharding import Mesh

from quantamm_cli.core.params import Parameter
from quantamm_cli.core.types import Params
from quantamm_cli.training.problem import Problem, Progress, StepResult
from quantamm_cli.training.settings import FitSettings


class Fit(FitSettings, ABC):
    """A method that improves parameters, from several starting points in parallel.

    Fitters differ in ``begin`` and ``advance``; the loop around them is ``training.fit``. The state
    of a fitter is a pytree of arrays whose first axis is the parameter sets.
    """

    def check_specs(self, pool: str, specs: Sequence[Parameter]) -> None:
        """Raise ConfigError if this fit cannot train such parameters of a pool."""

    @abstractmethod
    def begin(self, problem: Problem, params: Params) -> Any:
        """The state before the first step; also for sets that are drawn anew later."""

    @abstractmethod
    def advance(self, problem: Problem, on: Mesh | None, progress: Progress) -> StepResult:
        """Scores of the current parameters, and the next ones: a pure function of its arguments."""

    def finished(self, progress: Progress) -> bool:
        """Whether all sets have ended."""
        return False

    def averages(self, step: int) -> bool:
        """Whether the parameters of a step go into the average."""
        return False

    def averaged(self, progress: Progress) -> bool:
        """Whether the parameters are the averages: that entry is the last, and no set moves."""
        return self.averaging and progress.average is None
