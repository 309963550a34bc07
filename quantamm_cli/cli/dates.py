"""``--periods``: dates of the user's own, and the part of a market that they ask for."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.run import Simulate
from quantamm_cli.settings.types import Date, date_text, minute
from quantamm_cli.workflows.data import load_market

if TYPE_CHECKING:
    from quantamm_cli.market import Market

_DAY = 1440
_FORM = "write [NAME=]START..END, several with commas: 2023-01-01..2023-03-01,crash=2023-03-08..2023-03-15T12:00"


class Dates(NamedTuple):
    """A named stretch of minutes since 1970, from ``start`` up to but without ``end``."""

    name: str
    start: int
    end: int


class Given(NamedTuple):
    """Some of the dates, the market that holds them, and the settings whose ``start`` is its first minute after the burn-in."""

    dates: tuple[Dates, ...]
    settings: Simulate
    market: "Market"

    @property
    def spans(self) -> tuple[tuple[str, int, int], ...]:
        """Name, first row, row after the last."""
        first = minute(self.settings.start)
        return tuple((name, start - first, end - first) for name, start, end in self.dates)


def read_dates(text: str | None) -> tuple[Dates, ...]:
    """What ``--periods`` says; a stretch without a name is called by its number.

    Raises:
        ConfigError: what is no date, ends before it begins, or has the name of another.
    """
    found: list[Dates] = []
    for number, part in enumerate([] if text is None else text.split(","), 1):
        name, named, stretch = part.rpartition("=")
        name = name.strip() if named else str(number)
        ends = [end.strip() for end in stretch.split("..")]
        if len(ends) != 2 or not all(ends) or not name:
            raise ConfigError("--periods", f"'{part.strip()}' is not a period; {_FORM}")
        start, end = (_minute(name, end) for end in ends)
        if end - start < 2:
            raise ConfigError("--periods", f"{name}: {ends[1]} is not after {ends[0]} by two minutes or more; {_FORM}")
        if any(name == other.name for other in found):
            raise ConfigError("--periods", f"two periods are called {name}; {_FORM}")
        found.append(Dates(name, start, end))
    return tuple(found)


def _minute(name: str, text: str) -> int:
    try:
        return minute(TypeAdapter(Date).validate_python(text))
    except ValidationError as failure:
        raise ConfigError("--periods", f"{name}: {failure.errors()[0]['ctx']['error']}") from None


def _refuse_outside(dates: Dates, settings: Simulate) -> None:
    source: Any = settings.data
    for token in settings.tokens:
        first, last = source.span(token)
        if dates.start < first or dates.end > last:
            told = f"{dates.name}: {token} has prices from {date_text(first)} to {date_text(last)}"
            raise ConfigError("--periods", f"{told}, asked were {date_text(dates.start)} to {date_text(dates.end)}")


def markets(dates: Sequence[Dates], settings: Simulate, market: "Market") -> list[Given]:
    """Where each of the dates is found: in the ``market`` of a run of these settings, all others in one that is wider.

    A wider market begins whole days before the run, so that the pool's rule looks at the same minutes of the day.

    Raises:
        ConfigError: there are no prices of some of the dates.
    """
    for each in dates:
        _refuse_outside(each, settings)
    first = minute(settings.start)
    last = first + len(market.prices) - market.burn_in
    inside = tuple(each for each in dates if first <= each.start and each.end <= last)
    outside = tuple(each for each in dates if each not in inside)
    found = [Given(inside, settings, market)] if inside else []
    if outside:
        start = first + min(0, min(each.start for each in outside) - first) // _DAY * _DAY
        wider = settings.model_copy(update={"start": date_text(start)})
        found.append(Given(outside, wider, load_market(wider, date_text(max(each.end for each in outside)))))
    return found
