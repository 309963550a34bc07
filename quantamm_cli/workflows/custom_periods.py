"""The user's own periods, and the markets that cover them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from quantamm_cli.errors import ArgumentError
from quantamm_cli.market import Market
from quantamm_cli.settings.run import Simulate
from quantamm_cli.settings.types import Date, date_text, minute
from quantamm_cli.workflows.data import load_market

_DAY = 1440


class Dates(NamedTuple):
    """A named period [start, end) in minutes since 1970."""

    name: str
    start: int
    end: int


class CoveredPeriods(NamedTuple):
    """Periods, a market that covers them, and settings whose ``start`` is its first minute after
    the burn-in.
    """

    dates: tuple[Dates, ...]
    settings: Simulate
    market: Market

    @property
    def spans(self) -> tuple[tuple[str, int, int], ...]:
        """Name, first row, row after the last."""
        first = minute(self.settings.start)
        return tuple((name, start - first, end - first) for name, start, end in self.dates)


class OrderError(ArgumentError):
    """A period that does not end after it starts."""


def dates_of(name: str, start: str, end: str) -> Dates:
    """Parse two dates.

    Raises ArgumentError for an invalid date, OrderError for an end that is not after the start.
    """
    dates = Dates(name, _minute(name, start), _minute(name, end))
    if dates.end - dates.start < 2:
        raise OrderError("periods", f"{name}: {end} is not after {start} by two minutes or more")
    return dates


def _minute(name: str, text: str) -> int:
    try:
        return minute(TypeAdapter(Date).validate_python(text))
    except ValidationError as failure:
        raise ArgumentError("periods", f"{name}: {failure.errors()[0]['ctx']['error']}") from None


def _refuse_outside(dates: Dates, settings: Simulate) -> None:
    source: Any = settings.data
    for token in settings.tokens:
        first, last = source.span(token)
        if dates.start < first or dates.end > last:
            period = f"{date_text(dates.start)} to {date_text(dates.end)}"
            available = f"{date_text(first)} to {date_text(last)}"
            raise ArgumentError(
                "periods", f"{dates.name}: {token} has prices from {available}, not from {period}"
            )


def markets(dates: Sequence[Dates], settings: Simulate, market: Market) -> list[CoveredPeriods]:
    """The market of each period: ``market``, of a run of these settings, or a wider one.

    A wider market begins whole days before the run, so that the pool's rule reads the same minutes
    of the day.

    Raises:
        ArgumentError: the prices do not cover a period.
    """
    for each in dates:
        _refuse_outside(each, settings)
    first = minute(settings.start)
    last = first + len(market.prices) - market.burn_in
    inside = tuple(each for each in dates if first <= each.start and each.end <= last)
    outside = tuple(each for each in dates if each not in inside)
    covered = [CoveredPeriods(inside, settings, market)] if inside else []
    if outside:
        earliest, latest = min(each.start for each in outside), max(each.end for each in outside)
        start = first + min(0, earliest - first) // _DAY * _DAY
        wider = settings.model_copy(update={"start": date_text(start)})
        covered.append(CoveredPeriods(outside, wider, load_market(wider, date_text(latest))))
    return covered
