"""What training windows are cut from: history, or a bank of other paths made from it.

What judges always is history.
"""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.errors import ConfigError
from quantamm_cli.market.base import Market
from quantamm_cli.settings.component import Component

Floats = NDArray[np.float64]
Load = Callable[[str], Market]
"""From a folder to the market of the training rows that its files hold,
with a burn-in as long as history's.
"""


class Paths(NamedTuple):
    """Paths of prices, each as long as what they stand for, one behind the other as one market."""

    market: Market
    first_rows: NDArray[np.int32]
    """Where each begins, counted from the first minute after the burn-in."""


class Practice(Component, group="practice"):
    """Where the windows of training come from."""

    @property
    def folders(self) -> tuple[str, ...]:
        """Folders of prices it reads."""
        return ()

    @abstractmethod
    def bank(self, history: Market, rows: int, load: Load) -> Paths | None:
        """Paths in place of the first ``rows`` minutes after history's burn-in, which alone are
        read; ``None``: those minutes.
        """


class Historic(Practice, kind="historic"):
    """The prices that were."""

    def bank(self, history: Market, rows: int, load: Load) -> None:
        return None


def refuse_more_than_prices(practice: Practice, market: Market) -> None:
    """Raise ConfigError for what only history has: series, given trades, fees that move."""
    there = {
        "data.series belongs": bool(market.series),
        "given trades belong": market.trades is not None,
        "fees that move belong": market.fees is not None,
    }
    for what, given in there.items():
        if given and practice.kind != "historic":
            raise ConfigError(
                "practice",
                f"{practice.kind} makes prices only, and {what} to history; use practice=historic",
            )


def as_market(history: Market, prices: Floats) -> Market:
    """Other prices ``(t, n)``, the burn-in among them, in the place of history's."""
    prices.flags.writeable = False
    return replace(history, prices=prices, series={}, trades=None, fees=None)
