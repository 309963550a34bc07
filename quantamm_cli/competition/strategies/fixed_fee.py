"""A fixed fee."""

from pydantic import Field

from quantamm_cli.competition.strategy import Scalar, State, Strategy


class FixedFee(Strategy, kind="fixed_fee"):
    """The same fee on both sides, always."""

    fee_bps: float = Field(30.0, ge=0, le=10_000, description="share of the payment, in bps")

    def fees(self, state: State) -> tuple[Scalar | float, Scalar | float]:
        return self.fee_bps / 1e4, self.fee_bps / 1e4
