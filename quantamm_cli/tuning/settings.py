"""The settings under ``study``."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from quantamm_cli.settings.component import Settings
from quantamm_cli.settings.types import Count, Natural, NonNegative, Positive
from quantamm_cli.tuning import pruners, samplers
from quantamm_cli.tuning.objective import Mean, Objective
from quantamm_cli.tuning.pruners.auto import Auto
from quantamm_cli.tuning.pruners.base import Pruner
from quantamm_cli.tuning.samplers.base import Sampler
from quantamm_cli.tuning.samplers.tpe import TPE

__all__ = ["Objective", "Pruner", "Sampler", "Study", "pruners", "samplers"]


def _journal(storage: Any) -> Any:
    if storage is not None:
        raise ValueError(
            f"{storage} is no storage of this version; leave it null: the journal under runs/"
        )
    return storage


class Study(Settings):
    """How a space is searched.

    ``trials`` does not name the study, as more of them continue it; nor does ``workers``, nor what
    follows it.
    """

    meaning: ClassVar[int] = 2

    trials: Count = Field(20, description="number of trainings, or of walk-forwards")
    seed: Natural = Field(0, description="seed of the sampler")
    sampler: Sampler = Field(default_factory=TPE)
    pruner: Pruner = Field(default_factory=Auto)
    objective: Objective = Field(default_factory=Mean)
    gap_penalty: NonNegative = Field(
        0.0, description="score lost per unit by which training is better than what scores it"
    )
    constraints: dict[str, float | None] = Field(
        {}, description="limits by metric: study.constraints.max_drawdown=0.2"
    )
    first: tuple[dict[str, Any] | str, ...] = Field(
        (), description="trials to begin with: values by dotted setting, or names of stored runs"
    )
    workers: Count | Literal["auto"] = Field(1, description="processes; auto: one a core")
    patience: Count | None = Field(
        None, description="finished trials without a better one that end the study; null: none"
    )
    max_seconds: Positive | None = Field(
        None, description="seconds after which this call stops; null: no limit"
    )
    trial_seconds: Positive | None = Field(
        None, description="seconds after which a trial is given up; null: no limit"
    )
    storage: Annotated[None, BeforeValidator(_journal)] = Field(
        None, description="null: the journal under runs/"
    )
