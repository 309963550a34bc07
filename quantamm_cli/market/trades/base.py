"""What all sources of trades have in common, and trades in order of time as arrays of minutes."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from quantamm_cli.errors import DataError
from quantamm_cli.market.base import GivenTrades, Market
from quantamm_cli.settings.component import Component
from quantamm_cli.settings.types import date_text

MOST = 100_000_000
"""Places, minutes times the most trades in one of them, that arrays are made of."""


class Trades(Component, group="trades"):
    """Which trades are given."""

    paths: ClassVar[frozenset[str]] = frozenset({"file"})

    file: str | None = Field(
        None,
        description=(
            "for trades=recorded: columns unix, token_in, token_out, and amount_in or amount_out"
        ),
    )

    def read(self, market: Market) -> GivenTrades | None:
        """The trades of the simulated minutes, as ``arranged`` gives them;
        a kind that has any overrides this.

        Called once, by :func:`quantamm_cli.market.load`, with the prices and series of the run.

        Raises:
            DataError: what is read is wrong or does not fit the run.
        """
        return None

    @property
    def gives(self) -> bool:
        """Whether it gives trades; known before any price is read."""
        return type(self).read is not Trades.read


def read_trades(trades: Trades, market: Market) -> GivenTrades | None:
    """The trades of a source, checked.

    Raises:
        DataError: arrays of another shape, tokens that are not the run's or alike, amounts that are
            negative or not finite.
    """
    found = trades.read(market)
    if found is None:
        return None
    where, (pay, take, amount) = f"trades={trades.kind}", (found.pay, found.take, found.amount)
    shape = (market.rows, np.size(pay) // market.rows)
    shapes = [np.shape(column) for column in (pay, take, amount, found.exact_out)]
    if any(each != shape for each in shapes):
        raise DataError(
            where,
            f"gives pay, take, amount and exact_out of shapes {', '.join(map(str, shapes))};"
            f" expected ({market.rows}, k), up to k trades a minute",
        )
    count = len(market.tokens)
    known = (np.minimum(pay, take) >= 0) & (np.maximum(pay, take) < count) & (pay != take)
    sound = known & np.isfinite(amount) & (amount >= 0)
    wrong = np.argwhere(((pay >= 0) | (take >= 0)) & ~sound)
    if wrong.size:
        at = tuple(wrong[0])
        raise DataError(
            where,
            f"gives a trade of {amount[at]:g} from token {pay[at]} to token {take[at]} at"
            f" {date_text(market.start + int(at[0]))}; expected 0 or more, and two of the tokens"
            f" 0 to {count - 1}",
        )
    return found


def arranged(
    start: int,
    rows: int,
    minutes: ArrayLike,
    pay: ArrayLike,
    take: ArrayLike,
    amount: ArrayLike,
    exact_out: ArrayLike = False,
    where: str = "trades",
) -> GivenTrades:
    """Trades, one an entry, as arrays of the minutes [start, start + rows); others are left out.

    Those of a minute keep their order.

    Args:
        minutes: (m,) since 1970 UTC.
        pay, take: (m,), or one for all: positions among the run's tokens.
        amount: of ``pay``, or of ``take`` where ``exact_out``.
        where: for the message.

    Raises:
        DataError: so many in one minute that the arrays are too large.
    """
    every = np.asarray(minutes, np.int64) - start
    order = np.argsort(every, kind="stable")
    order = order[(every[order] >= 0) & (every[order] < rows)]
    minute = every[order]
    place = np.arange(len(minute)) - np.searchsorted(minute, minute, side="left")
    most = int(place.max(initial=0)) + 1
    if rows * most > MOST:
        when = date_text(int(start + minute[place.argmax()]))
        raise DataError(
            where,
            f"has {most:,} trades in the minute {when}, which is too many for a run of"
            f" {rows:,} minutes; take fewer days",
        )

    def dense(values: ArrayLike, blank: float, dtype: type[Any]) -> NDArray[Any]:
        whole = np.full((rows, most), blank, dtype)
        whole[minute, place] = np.broadcast_to(values, every.shape)[order]
        return whole

    return GivenTrades(
        pay=dense(pay, -1, np.int32),
        take=dense(take, -1, np.int32),
        amount=dense(amount, 0, np.float64),
        exact_out=dense(exact_out, False, np.bool_),
    )
