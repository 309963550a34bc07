"""A market capitalisation index as a fund."""

from pydantic import Field

from quantamm_cli.core.rebalancing import Broker
from quantamm_cli.rules.hodling_index_market_cap import HodlingIndexMarketCap
from quantamm_cli.settings.types import Fraction, NonNegative


class TradHodlingIndexMarketCap(HodlingIndexMarketCap, kind="trad_hodling_index_market_cap"):
    """A market capitalisation index as a fund, which trades at an exchange at a cost and pays its
    managers a streaming fee.

    It trades while the weights move and holds for the rest of each chunk. There is no arbitrage, so
    ``fees`` do not apply.
    """

    meaning = 2

    cost: Fraction = Field(0.001, description="exchange fee, a fraction of the value sold")
    spread: NonNegative | None = Field(
        0.0005,
        description="bid-ask spread, a fraction of the price; null: the series data.series.spread",
    )
    annual_streaming_fee: Fraction = Field(
        0.02, description="share of the value that leaves the fund in a year"
    )

    @property
    def looks_at(self) -> tuple[str, ...]:
        series = super().looks_at
        return (*series, "spread") if self.spread is None else series

    @property
    def broker(self) -> Broker | None:
        return Broker(self.cost, self.spread, self.annual_streaming_fee)
