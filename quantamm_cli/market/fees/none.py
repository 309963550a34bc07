"""No frictions."""

from quantamm_cli.errors import ConfigError
from quantamm_cli.market.fees.base import NUMBERS, Fees


class NoFees(Fees, kind="none"):
    """A pool in equilibrium at every minute."""

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        for name in NUMBERS:
            if getattr(self, name):
                raise ConfigError(
                    f"{where}.{name}", f"{getattr(self, name)} under fees=none; add fees=flat"
                )
        if self.file is not None:
            raise ConfigError(f"{where}.file", "a file under fees=none; add fees=recorded")
