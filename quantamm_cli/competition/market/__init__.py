"""Markets: the fair prices and the orders of simulations, the same for all strategies.

Importing this registers the ``kinds``; numba is imported when a market is made.
"""

from quantamm_cli.competition.market import kinds
from quantamm_cli.competition.market.market_cache import markets
from quantamm_cli.competition.market.seeds import BLOCKS, block
from quantamm_cli.competition.market.settings import MarketSettings, Regime

__all__ = ["BLOCKS", "MarketSettings", "Regime", "block", "kinds", "markets"]
