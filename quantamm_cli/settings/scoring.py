"""What scores are measured in."""

from typing import Literal

from pydantic import Field, field_validator

from quantamm_cli.settings.component import Settings


class Scoring(Settings):
    """Of what metrics are, and the riskless rate in them."""

    per: Literal["share", "pool"] = Field(
        "share",
        description="share: where the LP supply changes, of one share, so that deposits are no "
        "return; pool: of all of the pool, with what providers bring and take",
    )
    riskless: float | str = Field(
        0.0,
        description="riskless rate of all ratios, a fraction a year, or the name of a series "
        "of data.series that has it",
    )

    @field_validator("riskless")
    @classmethod
    def _above_total_loss(cls, rate: float | str) -> float | str:
        if isinstance(rate, float) and rate <= -1:
            raise ValueError(f"{rate:g} is not above -1 (a fraction a year: 0.04 is 4 %)")
        return rate
