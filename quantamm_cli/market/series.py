"""Reads fees and the LP supply from a file, one value a minute."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.errors import DataError
from quantamm_cli.market import clean
from quantamm_cli.market.stamped import Stamped, last_before, stamped
from quantamm_cli.settings.suggestions import did_you_mean
from quantamm_cli.settings.types import date_text

if TYPE_CHECKING:
    import polars


class Range(NamedTuple):
    """The numbers that a series may hold: from ``low`` (excluded if ``above``) to below ``high``;
    ``text`` describes them in messages.
    """

    low: float
    high: float
    above: bool
    text: str

    def outside(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        """Positions of the numbers outside the range."""
        low = values <= self.low if self.above else values < self.low
        return np.flatnonzero(low | (values >= self.high))


RANGES = {
    "fee": Range(0, 1, False, "at least 0 and below 1 (a fraction: 0.003 is 30 bps)"),
    "gas_cost": Range(0, np.inf, False, "at least 0 (numeraire a trade)"),
    "arb_fee": Range(0, np.inf, False, "at least 0 (a fraction of the traded value)"),
    "lp_supply": Range(0, np.inf, True, "above 0 (shares of the pool)"),
    "supply": Range(0, np.inf, True, "above 0 (circulating coins)"),
    "market_cap": Range(0, np.inf, True, "above 0 (numeraire)"),
    "spread": Range(0, 1, False, "at least 0 and below 1 (a fraction of the price)"),
}


def series(
    path: str,
    columns: tuple[str, ...],
    first_minute: int,
    rows: int,
    defaults: Mapping[str, float | None],
) -> dict[str, NDArray[np.float64]]:
    """Per-minute values (rows,) of those of ``columns`` that a parquet or CSV file has.

    An observation holds from its minute (seconds are dropped) until the next one; of several in a
    minute the last one holds. Before the first observation the default holds. Empty entries and NaN
    are no observations.

    Args:
        columns: the names that the file may have besides ``unix``.
        first_minute: minutes since 1970 UTC of row 0.
        defaults: a value for every name in ``columns``; ``None``: that of the first observation.

    Raises:
        DataError: as ``observations`` and ``filled``.
    """
    return filled(observations(path, columns, first_minute + rows), first_minute, rows, defaults)


def observations(path: str, columns: tuple[str, ...], end: int) -> Stamped:
    """Those of ``columns`` that a parquet or CSV file has, for minutes before ``end``.

    Raises:
        DataError: the file cannot be read, it has a column of another name or none of the columns,
            stamps are out of order, or none is before ``end``.
    """
    expected = f"unix and any of {', '.join(columns)}"

    def pick(names: list[str], where: str) -> dict[str, "polars.DataType"]:
        import polars

        for name in names:
            if name != "unix" and name not in columns:
                raise DataError(
                    where,
                    f"has an unknown column '{name}'{did_you_mean(name, columns)}; expected "
                    f"{expected}",
                )
        if names == ["unix"]:
            raise DataError(where, f"has no column besides unix; expected {expected}")
        return {name: polars.Float64() for name in columns if name in names}

    file = stamped(path, pick, expected)
    clean.increasing(file.minutes, file.where, file.row, strictly=False)
    refuse_later(file, end)
    return file


def filled(
    file: Stamped, first_minute: int, rows: int, defaults: Mapping[str, float | None]
) -> dict[str, NDArray[np.float64]]:
    """Per-minute values (rows,) of the file's columns, as in ``series``, in order of ``defaults``.

    Raises:
        DataError: an entry is outside the series' range.
    """
    minutes = np.arange(first_minute, first_minute + rows)
    return {
        name: _filled(file, name, minutes, default)
        for name, default in defaults.items()
        if name in file.frame.columns
    }


def refuse_later(file: Stamped, end: int) -> None:
    """Raise DataError if every stamp lies at or after ``end``, the minute after the run's last."""
    if file.minutes[0] >= end:
        begins, ends = date_text(int(file.minutes[0])), date_text(end)
        raise DataError(
            file.where,
            f"begins {begins}, after the run's end ({ends}); use a file of the run's period, or "
            "another period",
        )


def checked(file: Stamped, name: str, column: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Minutes and values of the observations in a column.

    Raises DataError for the first one outside the range of a series of this name.
    """
    rows, values = file.numbers(column)
    allowed = RANGES.get(name)
    if allowed and (wrong := allowed.outside(values)).size:
        row = int(rows[wrong[0]])
        when = date_text(int(file.minutes[row]))
        raise DataError(
            file.where,
            f"{file.row(row)} ({when}): {column} is {values[wrong[0]]:g}; expected {allowed.text}",
        )
    return file.minutes[rows], values


def _filled(
    file: Stamped, name: str, minutes: NDArray[np.int64], default: float | None
) -> NDArray[np.float64]:
    """The value of the last observation up to each minute, or else the default."""
    observed, values = checked(file, name, name)
    if default is None:
        default = values[0] if values.size else 1.0
    if values.size == 0:
        return np.full(minutes.size, default)
    last = last_before(observed, minutes)
    return np.where(last >= 0, values[np.maximum(last, 0)], default)
