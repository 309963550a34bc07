"""How the scores of a trial's cycles become the one number that a study maximises."""

import math
from collections.abc import Sequence

from pydantic import Field

from quantamm_cli.settings.component import Component
from quantamm_cli.settings.types import NonNegative


class Objective(Component, group="study/objective"):
    """What is maximised, and how the cycles of a walk-forward are joined; a holdout is one cycle.

    ``tuning.goals.goal`` checks ``of`` against the settings that are tuned.
    """

    of: str | tuple[str, ...] | None = Field(
        None,
        description=(
            "PERIOD.METRIC to maximise, or a list of them; null: selecting metric on validation, "
            "walk_forward: test"
        ),
    )

    def joined(self, scores: Sequence[float]) -> float:
        """The scores of one cycle or more, all finite, as one number; higher is better."""
        raise NotImplementedError


class Mean(Objective, kind="mean"):
    """The mean of the cycles' scores."""

    def joined(self, scores: Sequence[float]) -> float:
        return mean(scores)


class Worst(Objective, kind="worst"):
    """The lowest of the cycles' scores."""

    def joined(self, scores: Sequence[float]) -> float:
        return min(scores)


class MeanMinusStd(Objective, kind="mean_minus_std"):
    """The mean of the cycles' scores less their standard deviation (ddof 0), which is zero of one
    cycle.
    """

    deviations: NonNegative = Field(
        1.0, description="standard deviations of the cycles' scores that are subtracted"
    )

    def joined(self, scores: Sequence[float]) -> float:
        centre = mean(scores)
        variance = mean([(score - centre) ** 2 for score in scores])
        return centre - self.deviations * math.sqrt(variance)


def mean(numbers: Sequence[float]) -> float:
    """The mean, rounded once: it does not depend on the order."""
    return math.fsum(numbers) / len(numbers)
