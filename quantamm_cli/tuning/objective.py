"""The components under ``study/objective``: how the scores of cycles become one."""

from pydantic import Field

from quantamm_cli.settings.component import Component


class Objective(Component, group="study/objective"):
    """What a trial is scored by."""

    of: str | tuple[str, ...] | None = Field(
        None,
        description=(
            "PERIOD.METRIC, or several; null: selecting metric on validation, walk_forward: test"
        ),
    )


class Mean(Objective, kind="mean"):
    """The mean of the cycles."""


class Worst(Objective, kind="worst"):
    """The worst of the cycles."""


class MeanMinusStd(Objective, kind="mean_minus_std"):
    """The mean of the cycles, less their standard deviation."""
