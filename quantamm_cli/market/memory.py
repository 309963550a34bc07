"""Prices from Python code."""

from pydantic import Field

from quantamm_cli.errors import ConfigError, DataError
from quantamm_cli.market.base import Closes, Source
from quantamm_cli.market.content import live_market
from quantamm_cli.market.grid import Grid, closes, cover
from quantamm_cli.settings.suggestions import did_you_mean


class Memory(Source, kind="memory"):
    """A market of ``quantamm_cli.market(...)``, passed to a function as ``market=``; it cannot be
    used from the command line.
    """

    sha256: str | None = Field(None, description="SHA-256 of the market's content")

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        if self.sha256 is None:
            raise ConfigError(
                where,
                "memory takes prices from Python code: pass market=qsim.market(...); for "
                "files use data=parquet",
            )

    def place(self, token: str) -> str:
        return f"market, {token}"

    def span(self, token: str) -> tuple[int, int]:
        return cover(self._grid(token), self)

    def read(self, token: str, first: int, last: int) -> Closes:
        self.refuse_outside(token, first, last)
        return closes(self._grid(token), self, token, first, last)

    def _grid(self, token: str) -> Grid:
        grids = live_market(self.sha256 or "").grids
        if token not in grids:
            raise DataError(
                self.place(token),
                f"has no prices of {token}{did_you_mean(token, grids)}; it has {', '.join(grids)}",
            )
        return grids[token]
