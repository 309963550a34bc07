"""The settings under ``study``."""

from typing import Literal

from pydantic import Field

from quantamm_cli.settings.component import Settings
from quantamm_cli.settings.types import Count, Natural


class Study(Settings):
    """How a space is searched. ``trials`` does not name the study: more of them continue it.

    With ``split=walk_forward`` a trial's score is the mean over its cycles.
    """

    trials: Count = Field(20, description="number of trainings")
    seed: Natural = Field(0, description="seed of the sampler")
    objective: str | None = Field(
        None,
        description=(
            "PERIOD.METRIC to maximise; null: selecting metric on validation, walk_forward: test"
        ),
    )
    pruner: Literal["none", "median"] = Field(
        "none", description="median: end walk-forward trials below the median of the others"
    )
