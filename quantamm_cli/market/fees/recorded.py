"""Frictions from a file."""

import numpy as np

from quantamm_cli.errors import ConfigError
from quantamm_cli.market.base import FeeSeries, Market
from quantamm_cli.market.fees.base import COLUMNS, Fees
from quantamm_cli.market.series import filled, observations

_BEFORE = {name: None if name == "lp_supply" else np.nan for name in COLUMNS}
"""The values before the first observation. NaN stands for the settings' number. The LP supply has
no such number: it holds its first observation, so that it does not grow before it."""


class RecordedFees(Fees, kind="recorded"):
    """Frictions and the LP supply read from a time-stamped file.

    The settings' numbers hold before a column's first observation and without a column.
    """

    meaning = 2

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        if self.file is None:
            raise ConfigError(
                f"{where}.file",
                "fees=recorded needs a file: fees.file=FILE, with columns unix and any of"
                f" {', '.join(COLUMNS)}",
            )

    def read(self, market: Market) -> FeeSeries:
        file = observations(self.file or "", COLUMNS, market.start + market.rows)
        columns = filled(file, market.start, market.rows, _BEFORE)
        return FeeSeries(columns, file.content, file.frame)
