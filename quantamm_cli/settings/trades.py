"""Trades that others made with the pool."""

from typing import ClassVar

from pydantic import Field

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.component import Component


class Trades(Component, group="trades"):
    """Which trades are given."""

    paths: ClassVar[frozenset[str]] = frozenset({"file"})

    file: str | None = Field(
        None,
        description="for trades=recorded: columns unix, token_in, token_out, and amount_in or amount_out",
    )


class NoTrades(Trades, kind="none"):
    """Nobody but the arbitrageur trades."""

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        if self.file is not None:
            raise ConfigError(f"{where}.file", "a file under trades=none; add trades=recorded")


class RecordedTrades(Trades, kind="recorded"):
    """Trades read from a time-stamped file, each at its minute and in the file's order."""

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        if self.file is None:
            raise ConfigError(
                f"{where}.file",
                "trades=recorded needs trades.file=FILE, with columns unix, token_in, token_out, amount_in or amount_out",
            )
