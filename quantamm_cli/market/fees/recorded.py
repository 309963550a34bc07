"""Frictions that a file has."""

import numpy as np

from quantamm_cli.errors import ConfigError
from quantamm_cli.market.base import FeeSeries, Market
from quantamm_cli.market.fees.base import COLUMNS, Fees
from quantamm_cli.market.series import filled, observations

_BEFORE = {name: None if name == "lp_supply" else np.nan for name in COLUMNS}
"""Before its first observation the settings' number holds, which is not the market's to know; but
of the LP supply only the growth counts, and there is none before the first that is known."""


class RecordedFees(Fees, kind="recorded"):
    """Frictions and the LP supply read from a time-stamped file; the numbers here hold where it has
    no column or has not begun.
    """

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
