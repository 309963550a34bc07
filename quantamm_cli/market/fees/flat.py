"""Constant frictions."""

from quantamm_cli.errors import ConfigError
from quantamm_cli.market.fees.base import Fees


class FlatFees(Fees, kind="flat"):
    """Frictions that do not change in time."""

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        if self.file is not None:
            raise ConfigError(
                f"{where}.file", "is set, but fees=flat reads none; add fees=recorded"
            )
