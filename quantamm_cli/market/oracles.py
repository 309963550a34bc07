"""What a pool looks at besides prices: series of ``data.series``, one value a minute,
or one a minute and token.
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
"""The series that is weights: positive, and one in sum to ``TOLERANCE``."""
TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class Oracle:
    """Observations, by column: their minutes and values, both (k,).

    ``first``: since when every column has a value; ``None`` if minutes without
    an observation hold zero.
    """

    name: str
    where: str
    columns: tuple[tuple[NDArray[np.int64], NDArray[np.float64]], ...]
    first: int | None

    def rows(self, first: int, last: int) -> NDArray[np.float64]:
        """The values of the minutes [first, last), (t, columns).
        Raises DataError if there are none of all that time.
        """
        minutes = np.arange(first, last)
        if self.first is None and not any(
            ((observed >= first) & (observed < last)).any() for observed, _ in self.columns
        ):
            raise DataError(
                self.where,
                f"has no observation of {date_text(first)} to {date_text(last)}, the time of the "
                f"run; with data.series_fill=zero the series {self.name} would be 0 throughout",
            )
        held = [self._held(observed, values, minutes) for observed, values in self.columns]
        return np.ascontiguousarray(np.stack(held, axis=-1))

    def _held(
        self, observed: NDArray[np.int64], values: NDArray[np.float64], minutes: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        last = last_before(observed, minutes)
        if self.first is not None:
            return values[last]
        if not values.size:
            return np.zeros(minutes.size)
        there = (last >= 0) & (observed[np.maximum(last, 0)] == minutes)
        return np.where(there, values[np.maximum(last, 0)], 0.0)


def oracle(
    name: str,
    path: str,
    tokens: tuple[str, ...],
    start: int,
    end: int,
    fill: Literal["forward", "zero"],
) -> Oracle:
    """The series in a parquet or CSV file: columns ``unix`` and one a token,
    or ``unix`` and ``value``.

    Args:
        tokens: the run's; columns of others are not looked at.
        start, end: the run's minutes, for what is refused.
        fill: what a minute without an observation holds: the last one,
            or zero. Weights are always held.

    Raises:
        DataError: a file that cannot be read, a token without a column, stamps out of order,
            entries that are no numbers such a series may hold, or no observation up to ``start``.
    """
    file = stamped(
        path, lambda names, where: _columns(name, names, tokens, where), _expected(name, tokens)
    )
    clean.increasing(file.minutes, file.where, file.row, strictly=False)
    refuse_later(file, end)
    names = [column for column in ("value", *tokens) if column in file.frame.columns]
    columns = tuple(checked(file, name, column) for column in names)
    if name == WEIGHTS:
        columns = _weights(file, columns, names)
    if fill == "zero" and name != WEIGHTS:
        return Oracle(name, file.where, columns, None)
    for column, (observed, _) in zip(names, columns, strict=True):
        if not observed.size:
            raise DataError(
                file.where,
                f"column {column} has no number in it; expected {_expected(name, tokens)}",
            )
    first = max(int(observed[0]) for observed, _ in columns)
    if first > start:
        cure = f"take start={date_text(first)} or later, a file that begins earlier" + (
            ", or data.series_fill=zero" if name != WEIGHTS else ""
        )
        raise DataError(
            file.where,
            f"begins {date_text(first)}, after the run does ({date_text(start)}); {cure}",
        )
    return Oracle(name, file.where, columns, first)


def _expected(name: str, tokens: tuple[str, ...]) -> str:
    alone = "" if name == WEIGHTS else ", or unix and value"
    return f"unix and a column a token ({', '.join(tokens)}){alone}"


def _columns(
    name: str, names: list[str], tokens: tuple[str, ...], where: str
) -> dict[str, "polars.DataType"]:
    """One a token if the file names any of them, else ``value``."""
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


def _weights(
    file: Stamped,
    columns: tuple[tuple[NDArray[np.int64], NDArray[np.float64]], ...],
    tokens: list[str],
) -> tuple[tuple[NDArray[np.int64], NDArray[np.float64]], ...]:
    """Weights divided by their sum, which is one but for rounding.

    Raises DataError naming the first row that is no weights.
    """
    table = np.full((len(file.minutes), len(tokens)), np.nan)
    for index, token in enumerate(tokens):
        there, values = file.numbers(token)
        table[there, index] = values
    filled = ~np.isnan(table)
    rows = np.flatnonzero(filled.any(-1))
    total = table.sum(-1)
    wrong = rows[~((table[rows] > 0).all(-1) & (np.abs(total[rows] - 1) <= TOLERANCE))]
    if wrong.size:
        row = int(wrong[0])
        told = f"{file.row(row)} ({date_text(int(file.minutes[row]))})"
        absent = [token for token, there in zip(tokens, filled[row], strict=True) if not there]
        if absent:
            raise DataError(
                file.where, f"{told}: {absent[0]} is empty; expected a weight of every token"
            )
        said = ", ".join(f"{value:g}" for value in table[row])
        raise DataError(
            file.where,
            f"{told}: weights are {said}, in sum {total[row]:.9g}; expected numbers "
            "above 0 that sum to 1",
        )
    return tuple(
        (file.minutes[rows], table[rows, index] / total[rows]) for index in range(len(tokens))
    )
