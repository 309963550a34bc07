"""Historical minute prices: a step is a minute, a simulation is a window."""

from collections.abc import Mapping
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
    """The historical price of one token in another, scaled to 100 at the start of each window.

    Retail orders are drawn. Prices are those of ``data=``: ``market=history data=parquet
    data.dir=PATH market.start=2024-01-01 market.end=2025-01-01``.
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
    end: Date = Field("2024-01-01", description="UTC; the first minute after the windows")
    windows: Literal["drawn", "consecutive"] = Field(
        "drawn",
        description=(
            "drawn: begin at a random minute, may overlap; consecutive: seed 0 is the first, "
            "seed 1 the next"
        ),
    )

    @model_validator(mode="after")
    def _prices_only(self) -> Self:
        if minute(self.end) <= minute(self.start):
            raise ConfigError("market.end", f"{self.end} is not after start ({self.start})")
        if self.quote == self.base:
            raise ConfigError(
                "market.quote",
                f"{self.quote} is the base too; give another token, or null for the data's own "
                "numeraire",
            )
        if self.data.series:
            raise ConfigError(
                f"data.series.{next(iter(self.data.series))}",
                "a competition uses prices only; leave it out",
            )
        if self.data.burn_in_days is not None:
            raise ConfigError("data.burn_in_days", "a competition has no burn-in; leave it out")
        return self

    @cached_property
    def prices(self) -> Floats:
        """The price of every minute of [start, end). Raises DataError: the source lacks some."""
        base, *quote = (each.closes for each in self._closes.values())
        return base / quote[0] if quote else base

    def notes(self) -> list[str]:
        """The prices in use, and the minutes that were carried over gaps."""
        gaps = [
            f"{token} {each.carried:,} (longest {each.longest_gap:,})"
            for token, each in self._closes.items()
            if each.carried
        ]
        lines = [
            f"{self.prices.size:,} minutes of {'/'.join(self._closes)} from {self.data.kind} "
            f"prices, {self.start} to {self.end}"
        ]
        if gaps:
            lines.append(f"missing minutes carried forward: {', '.join(gaps)}")
        return lines

    @cached_property
    def _closes(self) -> dict[str, Closes]:
        first, last = minute(self.start), minute(self.end)
        spans = {self.base: self._span("base", self.base)}
        if self.quote is not None:
            spans[self.quote] = self._span("quote", self.quote)
        for token, (since, until) in spans.items():
            if first < since or last > until:
                raise DataError(
                    self.data.place(token),
                    f"{token} has prices from {date_text(since)} to {date_text(until)}, not from "
                    f"{self.start} to {self.end}; {self._hint(spans)}",
                )
        return {token: self.data.read(token, first, last) for token in spans}

    @staticmethod
    def _hint(spans: Mapping[str, tuple[int, int]]) -> str:
        """The dates of which all tokens have prices."""
        begin = max(since for since, _ in spans.values())
        end = min(until for _, until in spans.values())
        if begin >= end:
            return "base and quote have no minute in common"
        dates = f"market.start={date_text(begin)} market.end={date_text(end)}"
        return f"write {dates}, or dates between"

    def _span(self, name: str, token: str) -> tuple[int, int]:
        """The minutes of which there are prices; ``name`` is the token's setting.

        Raises:
            DataError: the token is missing.
        """
        try:
            return self.data.span(token)
        except DataError as failure:
            if failure.where == "data.dir":
                raise
            reason = f"market.{name}={token} needs it"
            if name == "quote":
                reason += "; null leaves prices in the data's numeraire"
            raise DataError(failure.where, f"{failure.message} ({reason})") from None

    def identity(self) -> dict[str, Json]:
        return {
            "settings": plain(self),
            "prices": sha256(np.ascontiguousarray(self.prices, dtype="<f8").data).hexdigest(),
        }

    def make(self, seeds: Integers, steps: int) -> "Market":
        """One window a seed.

        Raises:
            ConfigError: a window is longer than the period, or there are too few consecutive
                windows for the seeds.
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
                f"needs {steps + 1}; give a later end",
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
                f"seeds 0 to {count - 1}, not {int(seeds.min())} to {int(seeds.max())}; give fewer "
                f"seeds or steps, an end at {needed}, or windows=drawn",
            )
        return seeds * steps
