"""The interface of a source of prices, and the arrays that a run gets from it.

Time is in whole minutes since 1970-01-01 UTC; a price is one token's close in the numeraire (USD).
"""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from quantamm_cli.errors import DataError
from quantamm_cli.settings.component import Component
from quantamm_cli.settings.types import Natural, date_text

if TYPE_CHECKING:
    import polars


@dataclass(frozen=True, eq=False)
class Closes:
    """One token's closes, one for each minute.

    ``closes`` (t,): float64. ``carried``: how many of them repeat an earlier bar. ``longest_gap``:
    the greatest age in minutes of a repeated close; a gap that began before the first row counts
    from its beginning.
    """

    closes: NDArray[np.float64]
    carried: int
    longest_gap: int


@dataclass(frozen=True, eq=False)
class ExternalTrades:
    """Trades of the simulated minutes: arrays (t, k) of up to k trades a minute, in order.

    ``pay``, ``take``: token indices, both -1 where there is no trade. ``amount``: of ``pay``, or of
    ``take`` where ``exact_out``.
    """

    pay: NDArray[np.int32]
    take: NDArray[np.int32]
    amount: NDArray[np.float64]
    exact_out: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class FeeSeries:
    """Fees and LP supply of the simulated minutes by name, (t,) each; NaN: the settings' number.

    ``content``: the bytes that enter the digest of a run's data; ``None``: the numbers themselves.
    ``table``: the observations of a file, with a column ``unix``; ``None`` if no file was read.
    """

    columns: Mapping[str, NDArray[np.float64]]
    content: bytes | None = None
    table: "polars.DataFrame | None" = None

    @property
    def digest_bytes(self) -> bytes:
        """The bytes that enter the digest of a run's data."""
        if self.content is not None:
            return self.content
        numbers = (
            name.encode() + np.ascontiguousarray(values, "<f8").tobytes()
            for name, values in sorted(self.columns.items())
        )
        return b"".join(numbers)

    def frame(self, start: int) -> "polars.DataFrame":
        """The observations, or else the numbers, whose first row is the minute ``start``."""
        import polars

        if self.table is not None:
            return self.table
        rows = len(next(iter(self.columns.values())))
        unix = (start + np.arange(rows)) * 60_000
        return polars.DataFrame({"unix": unix, **self.columns}, nan_to_null=True)


@dataclass(frozen=True, eq=False)
class Market:
    """The prices of a run: the burn-in, then the simulated minutes."""

    tokens: tuple[str, ...]
    """In the user's order."""
    prices: NDArray[np.float64]
    """(t, n), C-contiguous, read-only."""
    first_minute: int
    """The minute of row 0."""
    burn_in: int
    """Rows before the first simulated minute."""
    carried: dict[str, int]
    """Minutes of each token without a bar, as in :class:`Closes`."""
    longest_gap: dict[str, int]
    """The greatest age in minutes of a repeated close of each token, as in :class:`Closes`."""
    sha256: str
    """Of the tokens, the first minute and the little-endian bytes of prices, series and trades."""
    series: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    """A pool's inputs besides prices by name, (t, n) or (t, 1) each."""
    trades: ExternalTrades | None = None
    """Trades in the simulated minutes; ``None`` if the settings supply none."""
    fees: FeeSeries | None = None
    """Fees of the simulated minutes; ``None`` if the settings supply none."""
    ahead: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    """For a pool that moves to them: series at the beginning of the first chunk after the last
    minute, (1, n) or (1, 1) each."""
    span: tuple[int, int] = (0, 0)
    """The first minute with a price of every token, and the minute after the last."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """The SHA-256 of each part: ``prices``, ``token.NAME`` (the prices of one), ``series.NAME``,
    ``trades`` and ``fees``."""

    @property
    def start(self) -> int:
        """The first simulated minute, since 1970 UTC."""
        return self.first_minute + self.burn_in

    @property
    def rows(self) -> int:
        """How many minutes are simulated."""
        return len(self.prices) - self.burn_in


class Source(Component, group="data"):
    """A source of minute prices and of a pool's other inputs."""

    paths: ClassVar[frozenset[str]] = frozenset({"series"})
    computed: ClassVar[bool] = False
    """Whether prices are computed, so that ``span`` reads no file."""

    gaps: Literal["carry", "error"] = Field(
        "carry", description="missing minutes: carry the last close forward, or raise an error"
    )
    max_gap_minutes: Natural = Field(1440, description="minutes; a longer gap is an error")
    burn_in_days: Natural | None = Field(
        None,
        description="days before start that warm up the estimators; null: all there are, up to 365",
    )
    series: dict[str, str] = Field(
        {}, description="files of a pool's inputs besides prices, by name of the series"
    )
    series_fill: Literal["forward", "zero"] = Field(
        "forward", description="minutes without an observation hold the last one, or 0"
    )

    @property
    def offers(self) -> tuple[str, ...]:
        """Names of the series that the source itself has; a file in ``series`` replaces one."""
        return ()

    def offered(self, name: str, token: str, first: int, last: int) -> NDArray[np.float64]:
        """One token's values of a series in ``offers``, for the minutes
        [first, last) in ``span``.
        """
        raise NotImplementedError(f"{self.kind} has no series {name}")

    def check_place(self) -> None:
        """Raise ConfigError if the settings do not say where prices are."""

    def files(self, tokens: tuple[str, ...]) -> tuple[Path, ...]:
        """The files of prices of these tokens; they may not exist."""
        return ()

    @abstractmethod
    def span(self, token: str) -> tuple[int, int]:
        """The first minute with a price, and the minute after the last.

        Raises:
            DataError: there are no prices of this token, or they are damaged.
        """

    @abstractmethod
    def read(self, token: str, first: int, last: int) -> Closes:
        """The closes of the minutes [first, last).

        Raises:
            DataError: there are no prices of this token, they are damaged, minutes are outside
                ``span``, or a gap is longer than the settings allow.
        """

    def place(self, token: str) -> str:
        """The place of this token's prices, for messages."""
        return f"data={self.kind}, {token}"

    def refuse_outside(self, token: str, first: int, last: int) -> None:
        """Raise DataError unless [first, last) lies within ``span(token)``."""
        begin, end = self.span(token)
        if first < begin or last > end:
            raise DataError(
                self.place(token),
                f"{token} has prices from {date_text(begin)} to {date_text(end)}, the run needs "
                f"{date_text(first)} to {date_text(last)}; move start, end or test_end into the "
                "data, or use other data",
            )
