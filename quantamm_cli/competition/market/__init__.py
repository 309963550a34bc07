"""Markets: the fair prices and the orders of simulations, made before any strategy is looked at,
and the same for all of them.

Importing this registers the ``kinds``; numba is imported when a market is made.
"""

from quantamm_cli.competition.market import kinds
from quantamm_cli.competition.market.kept import markets
from quantamm_cli.competition.market.seeds import BLOCKS, block
from quantamm_cli.competition.market.settings import MarketSettings, Regime

__all__ = ["BLOCKS", "MarketSettings", "Regime", "block", "kinds", "markets"]
