"""Trades from a file."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.errors import ConfigError, DataError
from quantamm_cli.market.base import ExternalTrades, Market
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
                "trades=recorded needs trades.file=FILE, with columns unix, token_in, token_out,"
                " amount_in or amount_out",
            )

    def read(self, market: Market) -> ExternalTrades:
        end = market.start + market.rows
        return recorded_trades(self.file or "", market.tokens, market.start, end, market.span)


def recorded_trades(
    path: str, tokens: tuple[str, ...], start: int, end: int, span: tuple[int, int]
) -> ExternalTrades:
    """The trades of the minutes [start, end) in a file; a stamp's seconds are dropped.

    Args:
        tokens: the run's; trades refer to them by index.
        span: the minutes that have prices. A trade outside of them is an error; one outside of the
            run is omitted.

    Raises:
        DataError: the file cannot be read or lacks a column; or, with the row: stamps are out of
            order or outside of ``span``, tokens are not the run's or are the same, amounts are
            missing, doubled, negative or not finite.
    """
    file = stamped(path, _columns, EXPECTED)
    _check_times(file, span)
    pay = _tokens(file, "token_in", tokens)
    take = _tokens(file, "token_out", tokens)
    same = np.flatnonzero(pay == take)
    if same.size:
        row = int(same[0])
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


def _check_times(file: Stamped, span: tuple[int, int]) -> None:
    late = np.flatnonzero(np.diff(file.unix) < 0)
    if late.size:
        row = int(late[0]) + 1
        now, before = date_text(int(file.minutes[row])), date_text(int(file.minutes[row - 1]))
        if now == before:
            problem = f"unix is {file.unix[row]}, after {file.unix[row - 1]}"
        else:
            problem = f"{now} comes after {before}"
        raise DataError(file.where, f"{file.row(row)}: {problem}; expected trades in order of time")
    outside = np.flatnonzero((file.minutes < span[0]) | (file.minutes >= span[1]))
    if outside.size:
        row = int(outside[0])
        raise DataError(
            file.where,
            f"{file.row(row)}: the trade is at {date_text(int(file.minutes[row]))}; prices are "
            f"from {date_text(span[0])} to {date_text(span[1])}; remove the trade, or use other "
            "prices",
        )


def _tokens(file: Stamped, name: str, tokens: tuple[str, ...]) -> NDArray[np.int32]:
    """The indices of a column's tokens among the run's."""
    import polars

    entries = file.frame[name].cast(polars.String).str.strip_chars().to_list()
    position = {token: index for index, token in enumerate(tokens)}
    indices = np.array([position.get(token, -1) for token in entries], np.int32)
    unknown = np.flatnonzero(indices < 0)
    if unknown.size:
        row, problem = int(unknown[0]), "empty"
        if entry := entries[int(unknown[0])]:
            problem = f"'{entry}', not a token of the run{did_you_mean(entry.upper(), tokens)}"
        raise DataError(
            file.where, f"{file.row(row)}: {name} is {problem}; expected one of {', '.join(tokens)}"
        )
    return indices


def _amounts(file: Stamped) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The amount of each trade, and whether it is ``amount_out``."""
    amount, present = np.zeros(len(file.minutes)), np.zeros((2, len(file.minutes)), bool)
    for side, name in enumerate(AMOUNTS):
        if name not in file.frame.columns:
            continue
        rows, values = file.numbers(name)
        negative = np.flatnonzero(values < 0)
        if negative.size:
            raise DataError(
                file.where,
                f"{file.row(int(rows[negative[0]]))}: {name} is "
                f"{values[negative[0]]:g}; expected 0 or more",
            )
        amount[rows], present[side, rows] = values, True
    wrong = np.flatnonzero(present.sum(0) != 1)
    if wrong.size:
        row = int(wrong[0])
        problem = "has both amount_in and amount_out" if present[0, row] else "has no amount"
        raise DataError(
            file.where,
            f"{file.row(row)} {problem}; expected a number in one of them, amount_in (exact in) or "
            "amount_out (exact out)",
        )
    return amount, present[1]


def trades_frame(trades: ExternalTrades, tokens: tuple[str, ...], start: int) -> "polars.DataFrame":
    """Trades as the table of a file; the first row of the arrays is the minute ``start``."""
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
