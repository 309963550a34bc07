"""Sources of trades that others made with the pool, one a file. Importing this registers them."""

from quantamm_cli.market.trades.base import Trades, arranged
from quantamm_cli.settings.component import enrol

enrol(__name__, __path__)

__all__ = ["Trades", "arranged"]
