"""No trades are given."""

from quantamm_cli.errors import ConfigError
from quantamm_cli.market.trades.base import Trades


class NoTrades(Trades, kind="none"):
    """Nobody but the arbitrageur trades."""

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        if self.file is not None:
            raise ConfigError(f"{where}.file", "a file under trades=none; add trades=recorded")
