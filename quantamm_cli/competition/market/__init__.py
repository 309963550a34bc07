"""Markets: the fair prices and the orders of simulations, made before any strategy is looked at, and the same for all of them.

Importing this registers the kinds (``lognormal``, ``challenge``, ``history``); numba is imported when a market is made.
"""

from quantamm_cli.competition.market.challenge import Challenge
from quantamm_cli.competition.market.history import History
from quantamm_cli.competition.market.kept import markets
from quantamm_cli.competition.market.lognormal import Lognormal
from quantamm_cli.competition.market.seeds import BLOCKS, block
from quantamm_cli.competition.market.settings import MarketSettings, Regime

__all__ = ["BLOCKS", "Challenge", "History", "Lognormal", "MarketSettings", "Regime", "block", "markets"]
