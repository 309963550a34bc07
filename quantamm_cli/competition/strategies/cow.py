"""A function-maximising pool of the simulator."""

from pydantic import Field

from quantamm_cli.competition.pooled import Pooled, shares
from quantamm_cli.core.quotes import Quotes
from quantamm_cli.pools.cow import Batches


class CoW(Pooled, kind="cow"):
    """An FM-AMM whose every order is a batch: its average price is the marginal one afterwards.
    [Canidio & Fritsch, arXiv:2307.02074]

    Entrants open with as much value in X as in Y: with other weights its first price is not the
    market's, which arbitrage takes.
    """

    weight: float = Field(0.5, gt=0, lt=1, description="weight of X; Y has the rest")
    fee_bps: float = Field(
        30.0, ge=0, le=10_000, description="share of what is paid in, in basis points"
    )

    def quotes(self) -> Quotes:
        return Batches(shares(self.weight), self.fee_bps / 1e4)
