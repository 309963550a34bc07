"""A function-maximising pool of the simulator."""

from pydantic import Field

from quantamm_cli.competition.pooled import Pooled, shares
from quantamm_cli.core.quotes import Quotes
from quantamm_cli.pools.cow import Batches


class CoW(Pooled, kind="cow"):
    """An FM-AMM with every order as a batch, at the pool's marginal price after the order.
    [Canidio & Fritsch, arXiv:2307.02074]

    Entrants start with equal values of X and Y. With other weights the pool's first price is not
    the market's, and it loses the difference to arbitrage.
    """

    weight: float = Field(0.5, gt=0, lt=1, description="weight of X; Y has the rest")
    fee_bps: float = Field(30.0, ge=0, le=10_000, description="share of the payment, in bps")

    def quotes(self) -> Quotes:
        return Batches(shares(self.weight), self.fee_bps / 1e4)
