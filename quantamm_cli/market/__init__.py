"""Where prices come in: sources of minute closes, and the one door (:func:`load`) through which they become arrays.

Importing this registers the sources (``synthetic``, ``parquet``, ``csv``, ``memory``) and what training windows are cut from,
and reads nothing.
"""

from quantamm_cli.market.base import Closes, Market, Source
from quantamm_cli.market.csv import Csv
from quantamm_cli.market.load import load
from quantamm_cli.market.memory import Memory
from quantamm_cli.market.monte_carlo import MonteCarlo
from quantamm_cli.market.parquet import Parquet
from quantamm_cli.market.practice import Historic, Practice
from quantamm_cli.market.series import series
from quantamm_cli.market.step import Step
from quantamm_cli.market.supplied import Supplied
from quantamm_cli.market.synthetic import Synthetic

__all__ = [
    "Closes", "Csv", "Historic", "Market", "Memory", "MonteCarlo", "Parquet", "Practice", "Source", "Step", "Supplied", "Synthetic", "load",
    "series",
]  # fmt: skip
