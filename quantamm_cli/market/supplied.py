"""Training on the user's own paths."""

from typing import ClassVar

import numpy as np
from pydantic import Field

from quantamm_cli.errors import ConfigError
from quantamm_cli.market.base import Market
from quantamm_cli.market.practice import Floats, Load, Paths, Practice, as_market


class Supplied(Practice, kind="supplied"):
    """The prices in other folders. Each folder is one path, with files of all tokens for the
    training period and for a burn-in as long as history's.
    """

    paths: ClassVar[frozenset[str]] = frozenset({"dirs"})

    dirs: tuple[str, ...] = Field((), description="folders with files as in data.dir, one a path")

    @property
    def folders(self) -> tuple[str, ...]:
        return self.dirs

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        if not self.dirs:
            raise ConfigError(
                f"{where}.dirs",
                f"is empty; write '{where}.dirs=[PATH,PATH]', folders with files as in data.dir",
            )

    def bank(self, history: Market, rows: int, load: Load) -> Paths:
        """The paths, each behind its own burn-in, one after the other. Prices of a path are scaled
        to begin at the last of the one before: only changes of prices have an effect.
        """
        pieces: list[Floats] = []
        for folder in self.dirs:
            prices = load(folder).prices
            level = pieces[-1][-1] / prices[0] if pieces else 1.0
            pieces.append(prices * level)
        return Paths(
            as_market(history, np.concatenate(pieces)),
            np.arange(len(pieces), dtype=np.int32) * len(pieces[0]),
        )
