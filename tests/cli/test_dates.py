"""``--periods`` as words."""

import pytest

from quantamm_cli.cli.periods import read_periods
from quantamm_cli.errors import ArgumentError
from quantamm_cli.settings.types import minute
from quantamm_cli.workflows.custom_periods import Dates, dates_of


def test_periods_have_their_name_or_their_number() -> None:
    """And begin with their first minute and end before their last."""
    found = read_periods(
        "2023-01-01..2023-03-01, crash=2023-03-08..2023-03-15T12:00,2023-03-14..2023-03-15"
    )
    assert found == (
        Dates("1", minute("2023-01-01"), minute("2023-03-01")),
        Dates("crash", minute("2023-03-08"), minute("2023-03-15T12:00")),
        Dates("3", minute("2023-03-14"), minute("2023-03-15")),
    )
    assert read_periods(None) == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2023-01-01", "is not a period; write [NAME=]START..END"),
        ("2023-01-01..", "is not a period"),
        ("=2023-01-01..2023-02-01", "is not a period"),
        ("2023-01-01..2023-02-01,", "'' is not a period"),
        ("a=2023-01-01..2023-13-01", "a: '2023-13-01' is not a date; write YYYY-MM-DD"),
        ("a=2023-01-01..2023-02-01T00:00:30", "a: '2023-02-01T00:00:30' is not on the minute grid"),
        ("a=2023-02-01..2023-01-01", "a: 2023-01-01 is not after 2023-02-01"),
        ("a=2023-01-01..2023-01-01T00:01", "by two minutes or more"),
        ("a=2023-01-01..2023-02-01,a=2023-03-01..2023-04-01", "two periods are called a"),
        ("2=2023-01-01..2023-02-01,2023-03-01..2023-04-01", "two periods are called 2"),
    ],
)
def test_what_is_no_period_is_one_line(text: str, said: str) -> None:
    with pytest.raises(ArgumentError, match="periods") as told:
        read_periods(text)
    assert said in told.value.message


@pytest.mark.parametrize(
    ("start", "end"), [("2023-02-01", "2023-01-01"), ("2023-01-01", "2023-01-01T00:01")]
)
def test_a_python_caller_hears_of_the_order_too(start: str, end: str) -> None:
    with pytest.raises(
        ArgumentError, match=f"^periods: crash: {end} is not after {start} by two minutes or more$"
    ):
        dates_of("crash", start, end)
