"""Fee models, one a file: the frictions of trading with a pool. Importing this registers them."""

from quantamm_cli.market.fees.base import NUMBERS, Fees
from quantamm_cli.settings.component import enrol

enrol(__name__, __path__)

__all__ = ["NUMBERS", "Fees"]
