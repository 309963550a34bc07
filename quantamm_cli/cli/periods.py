"""Parses ``--periods``: the user's own periods."""

from quantamm_cli.errors import ArgumentError
from quantamm_cli.workflows.custom_periods import Dates, OrderError, dates_of

_FORM = (
    "write [NAME=]START..END, several with commas: "
    "2023-01-01..2023-03-01,crash=2023-03-08..2023-03-15T12:00"
)


def read_periods(text: str | None) -> tuple[Dates, ...]:
    """The periods of ``--periods``; one without a name is named by its number.

    Raises:
        ArgumentError: no date, an end before its start, or a name that is used twice.
    """
    if text is None:
        return ()
    periods: dict[str, Dates] = {}
    for number, part in enumerate(text.split(","), 1):
        name, named, range_text = part.rpartition("=")
        name = name.strip() if named else str(number)
        ends = [end.strip() for end in range_text.split("..")]
        if len(ends) != 2 or not all(ends) or not name:
            raise ArgumentError("periods", f"'{part.strip()}' is not a period; {_FORM}")
        try:
            dates = dates_of(name, *ends)
        except OrderError as failure:
            raise ArgumentError("periods", f"{failure.message}; {_FORM}") from None
        if name in periods:
            raise ArgumentError("periods", f"two periods are called {name}; {_FORM}")
        periods[name] = dates
    return tuple(periods.values())
