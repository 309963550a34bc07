"""Sources of minute closes, and :func:`load`, the only function that makes a run's arrays of them.

Importing this registers the sources and the kinds of ``practice``, one a file, and reads no data.
"""

from quantamm_cli.market.base import Closes, Market, Source
from quantamm_cli.market.load import load
from quantamm_cli.market.practice import Practice
from quantamm_cli.settings.component import enrol

enrol(__name__, __path__)

__all__ = ["Closes", "Market", "Practice", "Source", "load"]
