"""The base of sources of trades, and the conversion of lists of trades to arrays by minute."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from quantamm_cli.errors import DataError
from quantamm_cli.market.base import ExternalTrades, Market
from quantamm_cli.settings.component import Component
from quantamm_cli.settings.types import date_text

MAX_ENTRIES = 100_000_000
"""The largest array of trades: minutes times the most trades in one of them."""


class Trades(Component, group="trades"):
    """Trades with the pool, other than the arbitrageur's."""

    paths: ClassVar[frozenset[str]] = frozenset({"file"})

    file: str | None = Field(
        None,
        description="for trades=recorded: columns unix, token_in, token_out,"
        " and amount_in or amount_out",
    )

    def read(self, market: Market) -> ExternalTrades | None:
        """The trades of the simulated minutes, as ``arranged`` returns them; override it in a
        source of trades.

        :func:`quantamm_cli.market.load` calls it once, with the prices and series of the run.

        Raises:
            DataError: the data are wrong or do not fit the run.
        """
        return None

    @property
    def gives(self) -> bool:
        """Whether ``read`` returns trades; known before any price is read."""
        return type(self).read is not Trades.read


def read_trades(trades: Trades, market: Market) -> ExternalTrades | None:
    """The trades of a source, checked.

    Raises:
        DataError: arrays have another shape, tokens are not the run's or are the same, or amounts
            are negative or not finite.
    """
    events = trades.read(market)
    if events is None:
        return None
    where, (pay, take, amount) = f"trades={trades.kind}", (events.pay, events.take, events.amount)
    shape = (market.rows, np.size(pay) // market.rows)
    shapes = [np.shape(column) for column in (pay, take, amount, events.exact_out)]
    if set(shapes) != {shape}:
        raise DataError(
            where,
            f"returns pay, take, amount and exact_out of shapes {', '.join(map(str, shapes))};"
            f" expected ({market.rows}, k), up to k trades a minute",
        )
    count = len(market.tokens)
    known = (np.minimum(pay, take) >= 0) & (np.maximum(pay, take) < count) & (pay != take)
    valid = known & np.isfinite(amount) & (amount >= 0)
    wrong = np.argwhere(((pay >= 0) | (take >= 0)) & ~valid)
    if wrong.size:
        at = tuple(wrong[0])
        raise DataError(
            where,
            f"returns a trade of {amount[at]:g} from token {pay[at]} to token {take[at]} at"
            f" {date_text(market.start + int(at[0]))}; expected 0 or more, and two of the tokens"
            f" 0 to {count - 1}",
        )
    return events


def arranged(
    start: int,
    rows: int,
    minutes: ArrayLike,
    pay: ArrayLike,
    take: ArrayLike,
    amount: ArrayLike,
    exact_out: ArrayLike = False,
    where: str = "trades",
) -> ExternalTrades:
    """A list of trades as arrays of the minutes [start, start + rows); others are omitted.

    The trades of a minute stay in order.

    Args:
        minutes: (m,) since 1970 UTC.
        pay, take: token indices, (m,), or one for all trades.
        amount: of ``pay``, or of ``take`` where ``exact_out``.
        where: for the message.

    Raises:
        DataError: one minute has so many trades that the arrays would be too large.
    """
    offsets = np.asarray(minutes, np.int64) - start
    order = np.argsort(offsets, kind="stable")
    order = order[(offsets[order] >= 0) & (offsets[order] < rows)]
    minute = offsets[order]
    slot = np.arange(len(minute)) - np.searchsorted(minute, minute, side="left")
    slots = int(slot.max(initial=0)) + 1
    if rows * slots > MAX_ENTRIES:
        when = date_text(int(start + minute[slot.argmax()]))
        raise DataError(
            where,
            f"has {slots:,} trades in the minute {when}, too many for a run of {rows:,} minutes;"
            " use a shorter period",
        )

    def dense(values: ArrayLike, blank: float, dtype: type[Any]) -> NDArray[Any]:
        table = np.full((rows, slots), blank, dtype)
        table[minute, slot] = np.broadcast_to(values, offsets.shape)[order]
        return table

    return ExternalTrades(
        pay=dense(pay, -1, np.int32),
        take=dense(take, -1, np.int32),
        amount=dense(amount, 0, np.float64),
        exact_out=dense(exact_out, False, np.bool_),
    )
