"""Different fees for buyers and sellers."""

from pydantic import Field

from quantamm_cli.competition.strategy import Scalar, State, Strategy


class Asymmetric(Strategy, kind="asymmetric"):
    """A fixed fee for those who sell X to the pool, and another for those who buy X from it."""

    bid_bps: float = Field(
        20.0, le=10_000, description="share of the X that a seller brings, in basis points"
    )
    ask_bps: float = Field(
        40.0, le=10_000, description="share of the Y that a buyer brings, in basis points"
    )

    def fees(self, state: State) -> tuple[Scalar | float, Scalar | float]:
        return self.bid_bps / 1e4, self.ask_bps / 1e4
