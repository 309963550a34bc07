"""Minute prices that were, in place of drawn ones: a step is a minute, a simulation a window."""

from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from quantamm_cli.compete.market.settings import Integers, MarketSettings
from quantamm_cli.errors import ConfigError
from quantamm_cli.market.base import Source
from quantamm_cli.market.noise import Floats
from quantamm_cli.settings.digest import plain
from quantamm_cli.settings.types import Date, Token, date_text, minute

if TYPE_CHECKING:
    from quantamm_cli.compete.types import Market


class History(MarketSettings, kind="history"):
    """The price of one token in another, brought to 100 at the start of each window. Retail orders are drawn."""

    base: Token = Field("ETH", description="X, the token that is priced")
    quote: Token | None = Field(None, description="Y, the token it is priced in; null: the data's own numeraire")
    data: Source
    start: Date = "2023-01-01"
    end: Date = "2024-01-01"
    windows: Literal["drawn", "consecutive"] = Field(
        "drawn", description="drawn: begin at any minute, and may overlap; consecutive: seed 0 is the first, seed 1 the next"
    )

    @cached_property
    def prices(self) -> Floats:
        """Of every minute of [start, end).

        Raises:
            DataError: the source does not have them.
        """
        first, last = minute(self.start), minute(self.end)
        if last <= first:
            raise ConfigError("market.end", f"{self.end} is not after start ({self.start})")
        tokens = [self.base] if self.quote is None else [self.base, self.quote]
        for token in tokens:
            self.data.refuse_outside(token, first, last)
        base, *quote = (self.data.read(token, first, last).closes for token in tokens)
        return base / quote[0] if quote else base

    def identity(self) -> dict[str, Any]:
        return {"settings": plain(self), "prices": sha256(np.ascontiguousarray(self.prices, dtype="<f8").data).hexdigest()}

    def make(self, seeds: Integers, steps: int) -> "Market":
        """One window a seed.

        Raises:
            ConfigError: a window is longer than the period, or there are fewer consecutive ones than seeds.
        """
        from quantamm_cli.compete.market.lognormal import parameters, transitions, with_orders
        from quantamm_cli.compete.market.settings import Regime

        begins = self.begins(seeds, steps)
        prices = np.empty((len(seeds), steps))
        moves = np.empty(len(seeds))
        for row, first in enumerate(begins):
            window = self.prices[first : first + steps + 1]
            prices[row] = window[1:] * (100.0 / window[0])
            moves[row] = np.std(np.diff(np.log(window)))
        rates, (fee, liquidity) = parameters(self, 0.0, {}, seeds)
        return with_orders(seeds, moves, prices, rates, transitions([Regime(share=1.0)]), fee, liquidity)

    def begins(self, seeds: Integers, steps: int) -> Integers:
        """The minute (counted from ``start``) before the first step of each seed's window."""
        from quantamm_cli.compete.market.lognormal import fractions

        minutes = self.prices.size
        if minutes < steps + 1:
            raise ConfigError(
                "market.end",
                f"[{self.start}, {self.end}) has {minutes} minutes, a window of {steps} steps takes {steps + 1}; take a later end",
            )
        if self.windows == "drawn":
            places = fractions(seeds, 1, "window")[:, 0] * (minutes - steps)
            return places.astype(np.int64)
        count = (minutes - 1) // steps
        if seeds.size and (seeds.min() < 0 or seeds.max() >= count):
            needed = date_text(minute(self.start) + (int(seeds.max()) + 1) * steps + 1)
            raise ConfigError(
                "market.windows",
                f"[{self.start}, {self.end}) has {count} consecutive windows of {steps} steps, seeds 0 to {count - 1}; seeds"
                f" {int(seeds.min())} to {int(seeds.max())} were asked; take fewer seeds or steps, an end at {needed}, or windows=drawn",
            )
        return seeds * steps
