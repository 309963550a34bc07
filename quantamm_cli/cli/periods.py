"""``--periods``: dates of the user's own, as they stand on the command line."""

from quantamm_cli.errors import ArgumentError
from quantamm_cli.workflows.custom_periods import Dates, OrderError, dates_of

_FORM = (
    "write [NAME=]START..END, several with commas: "
    "2023-01-01..2023-03-01,crash=2023-03-08..2023-03-15T12:00"
)


def read_periods(text: str | None) -> tuple[Dates, ...]:
    """What ``--periods`` says; a stretch without a name is called by its number.

    Raises:
        ArgumentError: what is no date, ends before it begins, or has the name of another.
    """
    found: list[Dates] = []
    for number, part in enumerate([] if text is None else text.split(","), 1):
        name, named, stretch = part.rpartition("=")
        name = name.strip() if named else str(number)
        ends = [end.strip() for end in stretch.split("..")]
        if len(ends) != 2 or not all(ends) or not name:
            raise ArgumentError("periods", f"'{part.strip()}' is not a period; {_FORM}")
        try:
            dates = dates_of(name, *ends)
        except OrderError as failure:
            raise ArgumentError("periods", f"{failure.message}; {_FORM}") from None
        if any(name == other.name for other in found):
            raise ArgumentError("periods", f"two periods are called {name}; {_FORM}")
        found.append(dates)
    return tuple(found)
