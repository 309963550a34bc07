"""No frictions."""

from quantamm_cli.errors import ConfigError
from quantamm_cli.market.fees.base import NUMBERS, Fees


class NoFees(Fees, kind="none"):
    """No frictions: the pool is in equilibrium with the market at every minute."""

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        for name in NUMBERS:
            if getattr(self, name):
                raise ConfigError(
                    f"{where}.{name}",
                    f"is {getattr(self, name)}, but fees=none has no frictions; add fees=flat",
                )
        if self.file is not None:
            raise ConfigError(
                f"{where}.file", "is set, but fees=none reads none; add fees=recorded"
            )
