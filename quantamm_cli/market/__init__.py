"""Where prices come in: sources of minute closes, and the one door (:func:`load`) through which they become arrays.

Importing this registers the sources (``synthetic``, ``parquet``, ``csv``) and reads nothing.
"""

from quantamm_cli.market.base import Closes, Market, Source
from quantamm_cli.market.csv import Csv
from quantamm_cli.market.load import load
from quantamm_cli.market.parquet import Parquet
from quantamm_cli.market.series import series
from quantamm_cli.market.synthetic import Synthetic

__all__ = ["Closes", "Csv", "Market", "Parquet", "Source", "Synthetic", "load", "series"]
