"""Where prices come in: sources of minute closes, and the one door (:func:`load`) through
which they become arrays.

Importing this registers the sources and what training windows are cut from,
each by its file being here, and reads nothing.
"""

from quantamm_cli.market.base import Closes, Market, Source
from quantamm_cli.market.load import load
from quantamm_cli.market.practice import Practice
from quantamm_cli.settings.component import enrol

enrol(__name__, __path__)

__all__ = ["Closes", "Market", "Practice", "Source", "load"]
