"""Sources of trades with the pool by others than the arbitrageur, one a file.

Importing this registers them.
"""

from quantamm_cli.market.trades.base import Trades, arranged
from quantamm_cli.settings.component import enrol

enrol(__name__, __path__)

__all__ = ["Trades", "arranged"]
