"""A market capitalisation index as a fund runs it."""

from pydantic import Field

from quantamm_cli.core.rebalancing import Broker
from quantamm_cli.rules.hodling_index_market_cap import HodlingIndexMarketCap
from quantamm_cli.settings.types import Fraction, NonNegative


class TradHodlingIndexMarketCap(HodlingIndexMarketCap, kind="trad_hodling_index_market_cap"):
    """A market capitalisation index that is no pool: a fund that trades at an exchange, pays for
    it, and streams a fee to its managers.

    It trades while the weights move and holds for the rest of each chunk. Nobody arbitrages it, so
    it takes no frictions but its own.
    """

    cost: Fraction = Field(0.001, description="exchange fee, a fraction of what is sold")
    spread: NonNegative | None = Field(
        0.0005,
        description="bid-ask spread, a fraction of the price; null: the series data.series.spread",
    )
    annual_streaming_fee: Fraction = Field(
        0.02, description="share of the value that leaves the fund in a year"
    )

    @property
    def looks_at(self) -> tuple[str, ...]:
        return (*super().looks_at, *(("spread",) if self.spread is None else ()))

    @property
    def broker(self) -> Broker | None:
        return Broker(self.cost, self.spread, self.annual_streaming_fee)
