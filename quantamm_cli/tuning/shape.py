"""What a study searches and how it scores, as far as the choice of sampler and pruner depends on
it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from quantamm_cli.tuning.space import Choices, Range


@dataclass(frozen=True)
class StudyShape:
    """The counts and facts that samplers and pruners are checked against."""

    trials: int
    ranges: int
    """Searched settings that are numbers between two ends."""
    choices: int = 0
    """Searched settings that are one of several values, numbers too."""
    conditional: bool = False
    """Whether some settings exist under some choices only."""
    objectives: int = 1
    constrained: bool = False
    cycles: int | None = None
    """Cycles of a walk-forward; None with a holdout."""

    @classmethod
    def of(cls, space: Mapping[str, Range | Choices], trials: int, cycles: int | None) -> Self:
        """The shape of an unconditional study with one objective; ``replace`` says what else."""
        choices = sum(isinstance(spec, Choices) for spec in space.values())
        return cls(trials, len(space) - choices, choices, cycles=cycles)
