"""No trades but the arbitrageur's."""

from quantamm_cli.errors import ConfigError
from quantamm_cli.market.trades.base import Trades


class NoTrades(Trades, kind="none"):
    """No trades but the arbitrageur's."""

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        if self.file is not None:
            raise ConfigError(
                f"{where}.file", "is set, but trades=none reads none; add trades=recorded"
            )
