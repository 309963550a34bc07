"""Types of single settings: whole numbers, fractions, dates, tokens."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TOKEN = re.compile(r"[A-Z0-9][A-Z0-9.\-]{0,15}")


def _whole(value: Any) -> Any:
    """Whole floats as int: YAML reads 1e3 as a float."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _date(text: Any) -> str:
    if not isinstance(text, str):
        raise ValueError(
            f"{text!r} is not a date; write YYYY-MM-DD or YYYY-MM-DDTHH:MM, in quotes if need be"
        )
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"'{text}' is not a date; write YYYY-MM-DD or YYYY-MM-DDTHH:MM (UTC)"
        ) from None
    if moment.tzinfo is not None and moment.utcoffset() != timedelta(0):
        raise ValueError(
            f"'{text}' is not in UTC; all dates are UTC, write "
            f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M}"
        )
    moment = moment.replace(tzinfo=UTC)
    nearest = date_text(round((moment - _EPOCH) / timedelta(minutes=1)))
    if moment.second or moment.microsecond:
        raise ValueError(f"'{text}' is not on the minute grid; the nearest minute is {nearest}")
    return nearest


def minute(date: str) -> int:
    """Minutes from 1970-01-01 UTC to a validated date."""
    return int((datetime.fromisoformat(date).replace(tzinfo=UTC) - _EPOCH) / timedelta(minutes=1))


def date_text(minutes: int) -> str:
    """The date of a minute since 1970: ``YYYY-MM-DD``, with ``THH:MM`` unless it is midnight."""
    moment = _EPOCH + timedelta(minutes=minutes)
    return f"{moment:%Y-%m-%dT%H:%M}".removesuffix("T00:00")


def _token(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError(f"{value} is how YAML reads ON, OFF, YES and NO; put the token in quotes")
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a token; put it in quotes")
    if not _TOKEN.fullmatch(value):
        raise ValueError(f"'{value}' is not a token; use capital letters and digits, such as BTC")
    return value


Count = Annotated[int, BeforeValidator(_whole), Field(ge=1)]
Natural = Annotated[int, BeforeValidator(_whole), Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Date = Annotated[str, BeforeValidator(_date)]
Token = Annotated[str, BeforeValidator(_token)]

Executor = Literal["auto", "compiled", "scan"]


def _tokens(tokens: tuple[str, ...]) -> tuple[str, ...]:
    double = {token for token in tokens if tokens.count(token) > 1}
    if double:
        raise ValueError(f"{', '.join(sorted(double))} is named twice")
    if not 2 <= len(tokens) <= 8:
        plural = "s" * (len(tokens) != 1)
        raise ValueError(f"{len(tokens)} token{plural}; a pool holds 2 to 8")
    return tokens


Tokens = Annotated[tuple[Token, ...], AfterValidator(_tokens)]
