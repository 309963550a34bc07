"""What ``study`` in YAML says."""

from pydantic import Field

from quantamm_cli.settings.component import Settings
from quantamm_cli.settings.types import Count, Natural


class Study(Settings):
    """How a space is searched. ``trials`` does not name the study: more of them continue it."""

    trials: Count = Field(20, description="trainings")
    seed: Natural = Field(0, description="of the sampler")
    objective: str | None = Field(None, description="PERIOD.METRIC to maximise; null: the selecting metric on validation")
