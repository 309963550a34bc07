"""A market capitalisation index that holds between updates."""

from quantamm_cli.rules.index_market_cap import IndexMarketCap


class HodlingIndexMarketCap(IndexMarketCap, kind="hodling_index_market_cap"):
    """A market capitalisation index in a pool that trades only while its weights move, and holds
    its tokens for the rest of each chunk.
    """

    @property
    def rests(self) -> bool:
        return True
