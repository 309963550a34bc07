"""Trades that a file has."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.errors import ConfigError, DataError
from quantamm_cli.market.base import GivenTrades, Market
from quantamm_cli.market.stamped import Stamped, stamped
from quantamm_cli.market.trades.base import Trades, arranged
from quantamm_cli.settings.suggestions import did_you_mean
from quantamm_cli.settings.types import date_text

if TYPE_CHECKING:
    import polars

EXPECTED = "unix, token_in, token_out, and amount_in (exact in) or amount_out (exact out)"
AMOUNTS = ("amount_in", "amount_out")


class RecordedTrades(Trades, kind="recorded"):
    """Trades read from a time-stamped file, each at its minute and in the file's order."""

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        if self.file is None:
            raise ConfigError(
                f"{where}.file",
                "trades=recorded needs trades.file=FILE, with columns unix, token_in, token_out, "
                "amount_in or amount_out",
            )

    def read(self, market: Market) -> GivenTrades:
        end = market.start + market.rows
        return given_trades(self.file or "", market.tokens, market.start, end, market.span)


def given_trades(
    path: str, tokens: tuple[str, ...], start: int, end: int, span: tuple[int, int]
) -> GivenTrades:
    """The trades of the minutes [start, end); a stamp's seconds are dropped.

    Args:
        tokens: the run's, whose positions name what is paid and taken.
        span: the minutes of which there are prices; a trade outside of them is refused,
            one outside of the run left out.

    Raises:
        DataError: a file that cannot be read or lacks a column, and, naming the row: stamps out of
            order or outside of ``span``, tokens that are not the run's or alike, amounts that are
            missing, doubled, negative or not finite.
    """
    file = stamped(path, _columns, EXPECTED)
    _in_time(file, span)
    pay, take = (_tokens(file, name, tokens) for name in ("token_in", "token_out"))
    alike = np.flatnonzero(pay == take)
    if alike.size:
        row = int(alike[0])
        raise DataError(
            file.where,
            f"{file.row(row)}: token_in and token_out are both "
            f"{tokens[pay[row]]}; expected two tokens",
        )
    amount, exact_out = _amounts(file)
    return arranged(
        start, end - start, file.minutes, pay, take, amount, exact_out, where=file.where
    )


def _columns(names: list[str], where: str) -> dict[str, "polars.DataType"]:
    import polars

    for name in ("token_in", "token_out"):
        if name not in names:
            raise DataError(
                where,
                f"has no column {name}{did_you_mean(name, names)}; expected {EXPECTED}, it "
                f"has {', '.join(names)}",
            )
    amounts = [name for name in AMOUNTS if name in names]
    if not amounts:
        raise DataError(
            where,
            f"has no column amount_in or amount_out{did_you_mean('amount_in', names)}; "
            f"expected {EXPECTED}",
        )
    tokens = {name: polars.String() for name in ("token_in", "token_out")}
    return tokens | {name: polars.Float64() for name in amounts}


def _in_time(file: Stamped, span: tuple[int, int]) -> None:
    late = np.flatnonzero(np.diff(file.unix) < 0)
    if late.size:
        row = int(late[0]) + 1
        now, before = (date_text(int(file.minutes[index])) for index in (row, row - 1))
        said = (
            f"{now} comes after {before}"
            if now != before
            else f"unix is {file.unix[row]}, after {file.unix[row - 1]}"
        )
        raise DataError(file.where, f"{file.row(row)}: {said}; expected trades in order of time")
    outside = np.flatnonzero((file.minutes < span[0]) | (file.minutes >= span[1]))
    if outside.size:
        row = int(outside[0])
        raise DataError(
            file.where,
            f"{file.row(row)}: a trade at {date_text(int(file.minutes[row]))}, but there are "
            f"prices from {date_text(span[0])} to {date_text(span[1])} only; take it "
            "out, or take other data",
        )


def _tokens(file: Stamped, name: str, tokens: tuple[str, ...]) -> NDArray[np.int32]:
    """Positions among the run's tokens."""
    import polars

    came = file.frame[name].cast(polars.String).str.strip_chars().to_list()
    position = {token: index for index, token in enumerate(tokens)}
    found = np.array([position.get(token, -1) for token in came], np.int32)
    unknown = np.flatnonzero(found < 0)
    if unknown.size:
        row = int(unknown[0])
        said = (
            f"'{came[row]}', no token of this run{did_you_mean(str(came[row]).upper(), tokens)}"
            if came[row]
            else "empty"
        )
        raise DataError(
            file.where, f"{file.row(row)}: {name} is {said}; expected one of {', '.join(tokens)}"
        )
    return found


def _amounts(file: Stamped) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The amount of each trade, and whether it is what goes out."""
    amount, given = np.zeros(len(file.minutes)), np.zeros((2, len(file.minutes)), bool)
    for side, name in enumerate(AMOUNTS):
        if name not in file.frame.columns:
            continue
        there, values = file.numbers(name)
        negative = np.flatnonzero(values < 0)
        if negative.size:
            raise DataError(
                file.where,
                f"{file.row(int(there[negative[0]]))}: {name} is "
                f"{values[negative[0]]:g}; expected 0 or more",
            )
        amount[there], given[side, there] = values, True
    wrong = np.flatnonzero(given.sum(0) != 1)
    if wrong.size:
        row = int(wrong[0])
        said = "amount_in and amount_out are both given" if given[:, row].all() else "has no amount"
        raise DataError(
            file.where,
            f"{file.row(row)}: {said}; expected a number in one of them, amount_in (exact in) or "
            "amount_out (exact out)",
        )
    return amount, given[1]


def trades_frame(trades: GivenTrades, tokens: tuple[str, ...], start: int) -> "polars.DataFrame":
    """Trades whose first row is the minute ``start`` as a file of them has them."""
    import polars

    rows, places = np.nonzero(trades.pay >= 0)
    names, out = np.array(tokens), trades.exact_out[rows, places]
    amount = trades.amount[rows, places]
    columns = {
        "token_in": names[trades.pay[rows, places]],
        "token_out": names[trades.take[rows, places]],
    }
    amounts = {
        "amount_in": np.where(out, np.nan, amount),
        "amount_out": np.where(out, amount, np.nan),
    }
    return polars.DataFrame({"unix": (start + rows) * 60_000} | columns | amounts, nan_to_null=True)
