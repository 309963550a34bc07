"""A pool's inputs besides prices: the files of ``data.series``, with one value a minute, or one a
minute and token.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.errors import DataError
from quantamm_cli.market import clean
from quantamm_cli.market.series import checked, refuse_later
from quantamm_cli.market.stamped import Stamped, last_before, stamped
from quantamm_cli.settings.suggestions import did_you_mean
from quantamm_cli.settings.types import date_text

if TYPE_CHECKING:
    import polars

WEIGHTS = "weights"
"""The series of weights, which are positive and sum to 1 within ``TOLERANCE``."""
TOLERANCE = 1e-6

Column = tuple[NDArray[np.int64], NDArray[np.float64]]
"""The minutes and values of a column's observations, (k,) each."""


@dataclass(frozen=True, eq=False)
class Oracle:
    """The observations of a series, by column.

    ``first``: the minute from which every column has a value; ``None`` if minutes without an
    observation are 0.
    """

    name: str
    where: str
    columns: tuple[Column, ...]
    first: int | None

    def rows(self, first: int, last: int) -> NDArray[np.float64]:
        """The values of the minutes [first, last), (t, columns).

        Raises DataError if 0 fills the minutes and none of them has an observation.
        """
        minutes = np.arange(first, last)
        within = [((times >= first) & (times < last)).any() for times, _ in self.columns]
        if self.first is None and not any(within):
            raise DataError(
                self.where,
                f"has no observation from {date_text(first)} to {date_text(last)}, the run's time; "
                f"with data.series_fill=zero the series {self.name} would be 0 throughout",
            )
        columns = [self._at(minutes, observed, values) for observed, values in self.columns]
        return np.ascontiguousarray(np.stack(columns, axis=-1))

    def _at(
        self, minutes: NDArray[np.int64], observed: NDArray[np.int64], values: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """A column's value at each minute."""
        last = last_before(observed, minutes)
        if self.first is not None:
            return values[last]
        if not values.size:
            return np.zeros(minutes.size)
        is_observed = (last >= 0) & (observed[np.maximum(last, 0)] == minutes)
        return np.where(is_observed, values[np.maximum(last, 0)], 0.0)


def oracle(
    name: str,
    path: str,
    tokens: tuple[str, ...],
    start: int,
    end: int,
    fill: Literal["forward", "zero"],
) -> Oracle:
    """The series in a parquet or CSV file with a column ``unix`` and one for each token, or
    ``unix`` and ``value``.

    Args:
        tokens: the run's; columns of others are ignored.
        start, end: the run's minutes, for checks.
        fill: the value of a minute without an observation: that of the last one, or 0. For weights
            it is always the last one.

    Raises:
        DataError: the file cannot be read, a token has no column, stamps are out of order, an
            entry is outside the series' range, or there is no observation up to ``start``.
    """
    file = stamped(
        path, lambda names, where: _columns(name, names, tokens, where), _expected(name, tokens)
    )
    clean.increasing(file.minutes, file.where, file.row, strictly=False)
    refuse_later(file, end)
    names = [column for column in ("value", *tokens) if column in file.frame.columns]
    columns = tuple(checked(file, name, column) for column in names)
    if name == WEIGHTS:
        columns = _weights(file, names)
    if fill == "zero" and name != WEIGHTS:
        return Oracle(name, file.where, columns, None)
    for column, (observed, _) in zip(names, columns, strict=True):
        if not observed.size:
            raise DataError(
                file.where,
                f"column {column} has no numbers; expected {_expected(name, tokens)}",
            )
    first = max(int(observed[0]) for observed, _ in columns)
    if first > start:
        advice = f"use start={date_text(first)} or later, a file that begins earlier"
        if name != WEIGHTS:
            advice += ", or data.series_fill=zero"
        raise DataError(
            file.where,
            f"begins {date_text(first)}, after the run does ({date_text(start)}); {advice}",
        )
    return Oracle(name, file.where, columns, first)


def _expected(name: str, tokens: tuple[str, ...]) -> str:
    expected = f"unix and a column for each token ({', '.join(tokens)})"
    return expected if name == WEIGHTS else f"{expected}, or unix and value"


def _columns(
    name: str, names: list[str], tokens: tuple[str, ...], where: str
) -> dict[str, "polars.DataType"]:
    """The columns to read: those of all tokens, or ``value`` if the file has none of a token."""
    import polars

    missing = [token for token in tokens if token not in names]
    if missing and "value" in names and len(missing) == len(tokens) and name != WEIGHTS:
        return {"value": polars.Float64()}
    if missing:
        others = [column for column in names if column not in tokens]
        near = did_you_mean(missing[0], others) or did_you_mean(missing[0].lower(), others)
        has = ", ".join(column for column in names if column != "unix") or "none"
        raise DataError(
            where,
            f"has no column {missing[0]}{near}; expected {_expected(name, tokens)}, it has {has}",
        )
    return {token: polars.Float64() for token in tokens}


def _weights(file: Stamped, tokens: list[str]) -> tuple[Column, ...]:
    """Weights divided by their sum, which differs from 1 by rounding only.

    Raises DataError for the first row that lacks a weight, or whose weights are not positive or do
    not sum to 1.
    """
    table = np.full((len(file.minutes), len(tokens)), np.nan)
    for index, token in enumerate(tokens):
        numbered, values = file.numbers(token)
        table[numbered, index] = values
    filled = ~np.isnan(table)
    rows = np.flatnonzero(filled.any(-1))
    total = table.sum(-1)
    wrong = rows[~((table[rows] > 0).all(-1) & (np.abs(total[rows] - 1) <= TOLERANCE))]
    if wrong.size:
        row = int(wrong[0])
        place = f"{file.row(row)} ({date_text(int(file.minutes[row]))})"
        if not filled[row].all():
            token = tokens[int(filled[row].argmin())]
            raise DataError(
                file.where, f"{place}: {token} is empty; expected a weight of every token"
            )
        weights = ", ".join(f"{value:g}" for value in table[row])
        raise DataError(
            file.where,
            f"{place}: weights are {weights} and sum to {total[row]:.9g}; expected positive "
            "numbers that sum to 1",
        )
    return tuple((file.minutes[rows], column / total[rows]) for column in table[rows].T)
