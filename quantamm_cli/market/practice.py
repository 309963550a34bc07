"""The prices that training windows are cut from: history, or a bank of other paths.

Validation and test always use history.
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
"""Loads the market of the training period from the files of a folder, with a burn-in as long as
history's.
"""


class Paths(NamedTuple):
    """Paths of prices, each as long as the training period, one after the other in one market."""

    market: Market
    first_rows: NDArray[np.int32]
    """The row at which each begins, counted from the first minute after the burn-in."""


class Practice(Component, group="practice"):
    """The prices that training windows are cut from."""

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders of prices that it reads."""
        return ()

    @abstractmethod
    def bank(self, history: Market, rows: int, load: Load) -> Paths | None:
        """Paths in place of the first ``rows`` minutes after history's burn-in; ``None``: those
        minutes themselves. It may read no later minutes, which validate and test.
        """


class Historic(Practice, kind="historic"):
    """The prices of history."""

    def bank(self, history: Market, rows: int, load: Load) -> None:
        return None


def refuse_more_than_prices(practice: Practice, market: Market) -> None:
    """Raise ConfigError for other paths than history with series, trades or series of fees."""
    refuse_inputs(practice, bool(market.series), market.trades is not None, market.fees is not None)


def refuse_inputs(practice: Practice, series: bool, trades: bool, fees: bool) -> None:
    """``refuse_more_than_prices`` of what the settings say: whether there are such inputs."""
    present = {"data.series": series, "trades": trades, "fees that change in time": fees}
    for what, is_present in present.items():
        if is_present and practice.kind != "historic":
            raise ConfigError(
                "practice",
                f"{practice.kind} makes prices only, without {what}; use practice=historic",
            )


def as_market(history: Market, prices: Floats) -> Market:
    """A market of other prices ``(t, n)``, which include a burn-in as long as history's."""
    prices.flags.writeable = False
    return replace(history, prices=prices, series={}, trades=None, fees=None)
