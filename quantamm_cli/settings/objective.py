"""The objective of training, besides the metric itself."""

from typing import Literal, Self

from pydantic import Field, model_validator

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.component import Settings
from quantamm_cli.settings.types import NonNegative, Positive

_SHORTEST = 2
"""The fewest rows of a part that a metric can be computed from."""
_MOST = 100
"""Parts; each adds to the size of the compiled program."""


class Objective(Settings):
    """The metric over a window, or over parts of it joined to one number, minus a penalty on
    curvature.
    """

    periods: int = Field(
        1,
        ge=1,
        le=_MOST,
        description="parts of equal length of a training window; each has a metric",
    )
    overlap: float = Field(
        0.0, ge=0, lt=1, description="share of a part that overlaps with the next"
    )
    joined: Literal["mean", "min", "softmin"] = Field(
        "mean", description="how the metrics of the parts become one number"
    )
    temperature: Positive = Field(
        1.0,
        description="of softmin, in units of the metric: small is the least part, large the mean",
    )
    curvature_penalty: NonNegative = Field(
        0.0, description="objective lost per unit of the Hessian's trace, either way; slow"
    )

    @model_validator(mode="after")
    def _together(self) -> Self:
        if self.overlap and self.periods == 1:
            raise ConfigError(
                "objective.overlap",
                f"{self.overlap:g} needs objective.periods >= 2, got 1; take more periods, or "
                "objective.overlap=0",
            )
        return self

    def parts(self, rows: int) -> tuple[tuple[str, int, int], ...]:
        """The parts of a window of so many rows: name, first row, row after the last; empty if
        ``periods`` is 1.

        All have the same length, so the last may end some rows before the window does.

        Raises:
            ConfigError: the parts would be too short.
        """
        if self.periods == 1:
            return ()
        # n parts of length L, each L - overlap L after the one before:
        # L (n - (n - 1) overlap) rows in all.
        length = int(rows / (self.periods - (self.periods - 1) * self.overlap))
        if length < _SHORTEST:
            raise ConfigError(
                "objective.periods",
                f"{self.periods} parts of a window of {rows} minutes are shorter than "
                f"{_SHORTEST}; take fewer",
            )
        shift = length - int(length * self.overlap)
        shift = min(shift, (rows - length) // (self.periods - 1))
        return tuple(
            (f"part {part}", part * shift, part * shift + length) for part in range(self.periods)
        )
