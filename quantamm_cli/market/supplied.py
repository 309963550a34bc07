"""Training on paths that somebody else made."""

from typing import ClassVar

import numpy as np
from pydantic import Field

from quantamm_cli.errors import ConfigError
from quantamm_cli.market.base import Market
from quantamm_cli.market.practice import Floats, Load, Paths, Practice, as_market


class Supplied(Practice, kind="supplied"):
    """The prices in other folders, each with files of all tokens,
    of the dates that train and of history's burn-in.
    """

    paths: ClassVar[frozenset[str]] = frozenset({"dirs"})

    dirs: tuple[str, ...] = Field((), description="folders with files as in data.dir, a path each")

    @property
    def folders(self) -> tuple[str, ...]:
        return self.dirs

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        if not self.dirs:
            raise ConfigError(
                f"{where}.dirs",
                f"no folder is given; write '{where}.dirs=[PATH,PATH]', each with "
                "files as in data.dir",
            )

    def bank(self, history: Market, rows: int, load: Load) -> Paths:
        """Each path behind its own burn-in, and at its beginning where the one before ended:
        only changes of prices count.
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
