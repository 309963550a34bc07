"""The market of the original challenge."""

from typing import TYPE_CHECKING

from pydantic import Field

from quantamm_cli.competition.market.settings import Integers, MarketSettings, Sigma

if TYPE_CHECKING:
    from quantamm_cli.competition.types import Market


class Challenge(MarketSettings, kind="challenge"):
    """The streams of the original challenge, to the bit; a seed shares some with the next two."""

    sigma: Sigma = Field((0.0001, 0.0070), description="volatility a step")

    def make(self, seeds: Integers, steps: int) -> "Market":
        from quantamm_cli.competition.market.challenge_streams import market

        return market(self, self.sigma, seeds, steps)
