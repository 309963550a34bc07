"""Different fees for buyers and sellers."""

from pydantic import Field

from quantamm_cli.competition.strategy import Scalar, State, Strategy


class Asymmetric(Strategy, kind="asymmetric"):
    """A fixed fee for sellers of X, and another for buyers of X."""

    bid_bps: float = Field(20.0, le=10_000, description="share of a seller's X, in bps")
    ask_bps: float = Field(40.0, le=10_000, description="share of a buyer's Y, in bps")

    def fees(self, state: State) -> tuple[Scalar | float, Scalar | float]:
        return self.bid_bps / 1e4, self.ask_bps / 1e4
