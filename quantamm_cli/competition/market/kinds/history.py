"""Minute prices that were, in place of drawn ones: a step is a minute, a simulation a window."""

from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from quantamm_cli.competition.market.settings import Integers, MarketSettings
from quantamm_cli.errors import ConfigError, DataError
from quantamm_cli.market.base import Closes, Source
from quantamm_cli.random.noise import Floats
from quantamm_cli.settings.digest import plain
from quantamm_cli.settings.json_tree import Json
from quantamm_cli.settings.types import Date, Token, date_text, minute

if TYPE_CHECKING:
    from quantamm_cli.competition.types import Market


class History(MarketSettings, kind="history"):
    """The price of one token in another, brought to 100 at the start of each
    window. Retail orders are drawn.

    Prices are those of ``data=``: ``market=history data=parquet data.dir=PATH
    market.start=2024-01-01 market.end=2025-01-01``.
    """

    independent: ClassVar[bool] = False

    base: Token = Field("ETH", description="X, the token that is priced")
    quote: Token | None = Field(
        None, description="Y, the token it is priced in; null: the data's own numeraire"
    )
    data: Source = Field(
        description="where prices come from: data=parquet data.dir=PATH, as in qsim train"
    )
    start: Date = Field("2023-01-01", description="UTC; windows lie within [start, end)")
    end: Date = Field("2024-01-01", description="UTC; the first minute after them")
    windows: Literal["drawn", "consecutive"] = Field(
        "drawn",
        description=(
            "drawn: begin at any minute, and may overlap; consecutive: seed 0 is the "
            "first, seed 1 the next"
        ),
    )

    @model_validator(mode="after")
    def _prices_only(self) -> Self:
        if minute(self.end) <= minute(self.start):
            raise ConfigError("market.end", f"{self.end} is not after start ({self.start})")
        if self.quote == self.base:
            raise ConfigError(
                "market.quote", f"{self.quote} is the base itself; null prices it as the data do"
            )
        if self.data.series:
            raise ConfigError(
                f"data.series.{next(iter(self.data.series))}",
                "a competition looks at prices alone; leave it out",
            )
        if self.data.burn_in_days is not None:
            raise ConfigError("data.burn_in_days", "a competition has no burn-in; leave it out")
        return self

    @cached_property
    def prices(self) -> Floats:
        """Of every minute of [start, end). Raises DataError: the source does not have them."""
        base, *quote = (each.closes for each in self._closes.values())
        return base / quote[0] if quote else base

    def told(self) -> list[str]:
        """Which prices, and what had to be carried over gaps."""
        gaps = [
            f"{token} {each.carried:,} (longest {each.longest_gap:,})"
            for token, each in self._closes.items()
            if each.carried
        ]
        lines = [
            (
                f"{self.prices.size:,} minutes of {'/'.join(self._closes)} from {self.data.kind} "
                f"prices, {self.start} to {self.end}"
            )
        ]
        return [*lines, f"missing minutes carried forward: {', '.join(gaps)}"] if gaps else lines

    @cached_property
    def _closes(self) -> dict[str, Closes]:
        first, last = minute(self.start), minute(self.end)
        tokens = {"base": self.base} | ({} if self.quote is None else {"quote": self.quote})
        spans = {token: self._span(name, token) for name, token in tokens.items()}
        begin, end = (
            pick(each)
            for pick, each in zip((max, min), zip(*spans.values(), strict=True), strict=True)
        )
        for token, (since, until) in spans.items():
            if first < since or last > until:
                told = (
                    f"{token} has prices from {date_text(since)} to {date_text(until)}, asked were "
                    f"{self.start} to {self.end}"
                )
                cure = (
                    (
                        f"write market.start={date_text(begin)} "
                        f"market.end={date_text(end)}, or dates between"
                    )
                    if begin < end
                    else ""
                )
                raise DataError(
                    self.data.place(token),
                    f"{told}; {cure or 'base and quote have no minute in common'}",
                )
        return {token: self.data.read(token, first, last) for token in spans}

    def _span(self, name: str, token: str) -> tuple[int, int]:
        """The minutes of which there are prices.

        Raises DataError that says whose token is missing.
        """
        try:
            return self.data.span(token)
        except DataError as failure:
            if failure.where == "data.dir":
                raise
            cure = "; null takes prices as they are" if name == "quote" else ""
            raise DataError(
                failure.where, f"{failure.message} (market.{name}={token} asks for it{cure})"
            ) from None

    def identity(self) -> dict[str, Json]:
        return {
            "settings": plain(self),
            "prices": sha256(np.ascontiguousarray(self.prices, dtype="<f8").data).hexdigest(),
        }

    def make(self, seeds: Integers, steps: int) -> "Market":
        """One window a seed.

        Raises:
            ConfigError: a window is longer than the period, or there are fewer
                consecutive ones than seeds.
        """
        from quantamm_cli.competition.market.draws import parameters, transitions, with_orders
        from quantamm_cli.competition.market.settings import Regime

        begins = self.begins(seeds, steps)
        prices = np.empty((len(seeds), steps))
        moves = np.empty(len(seeds))
        for row, first in enumerate(begins):
            window = self.prices[first : first + steps + 1]
            prices[row] = window[1:] * (100.0 / window[0])
            moves[row] = np.std(np.diff(np.log(window)))
        rates, (fee, liquidity) = parameters(self, 0.0, {}, seeds)
        return with_orders(
            seeds, moves, prices, rates, transitions([Regime(share=1.0)]), fee, liquidity
        )

    def begins(self, seeds: Integers, steps: int) -> Integers:
        """The minute (counted from ``start``) before the first step of each seed's window."""
        from quantamm_cli.competition.market.draws import fractions

        minutes = self.prices.size
        if minutes < steps + 1:
            raise ConfigError(
                "market.end",
                f"[{self.start}, {self.end}) has {minutes} minutes, a window of {steps} steps "
                f"takes {steps + 1}; take a later end",
            )
        if self.windows == "drawn":
            places = fractions(seeds, 1, "window")[:, 0] * (minutes - steps)
            return places.astype(np.int64)
        count = (minutes - 1) // steps
        if seeds.size and (seeds.min() < 0 or seeds.max() >= count):
            needed = date_text(minute(self.start) + (int(seeds.max()) + 1) * steps + 1)
            raise ConfigError(
                "market.windows",
                f"[{self.start}, {self.end}) has {count} consecutive windows of {steps} steps, "
                f"seeds 0 to {count - 1}; seeds {int(seeds.min())} to {int(seeds.max())} were "
                f"asked; take fewer seeds or steps, an end at {needed}, or windows=drawn",
            )
        return seeds * steps
