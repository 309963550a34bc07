"""From a source, tokens and a period to the price matrix of a run."""

import hashlib
import json

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.errors import DataError
from quantamm_cli.market.base import Market, Source
from quantamm_cli.settings.types import date_text

DAY = 1440
MOST_BURN_IN = 365


def load(source: Source, tokens: tuple[str, ...], start: int, end: int) -> Market:
    """The prices of [start, end) and of the burn-in before them.

    Args:
        tokens: in the user's order, which is the order of the columns.
        start, end: minutes since 1970 UTC, ``end`` exclusive.

    Raises:
        DataError: a token is missing or damaged, the period or the burn-in asked for does not fit the data, or a gap is
            longer than the source's settings allow. The message names the token.
    """
    for token in tokens:
        source.refuse_outside(token, start, end)
    burn_in = DAY * _burn_in_days(source, tokens, start)
    first = start - burn_in
    columns = {token: source.read(token, first, end) for token in tokens}
    prices = np.empty((end - first, len(tokens)))
    for column, closes in enumerate(columns.values()):
        prices[:, column] = closes.closes
    prices.flags.writeable = False
    return Market(
        tokens=tuple(tokens),
        prices=prices,
        first_minute=first,
        burn_in=burn_in,
        carried={token: closes.carried for token, closes in columns.items()},
        longest_gap={token: closes.longest_gap for token, closes in columns.items()},
        sha256=_digest(tokens, first, prices),
    )


def _burn_in_days(source: Source, tokens: tuple[str, ...], start: int) -> int:
    """Whole days before ``start`` that warm the estimators: as many as all tokens have up to a year, or exactly those set."""
    possible = {token: (start - source.span(token)[0]) // DAY for token in tokens}
    scarce = min(tokens, key=lambda token: possible[token])
    if source.burn_in_days is None:
        return min(possible[scarce], MOST_BURN_IN)
    if source.burn_in_days > possible[scarce]:
        raise DataError(
            "data.burn_in_days",
            f"{source.burn_in_days} days before {date_text(start)} were asked; {scarce} begins {date_text(source.span(scarce)[0])}"
            f" and allows {possible[scarce]} at most; take fewer, a later start, or null for as many as exist",
        )
    return source.burn_in_days


def _digest(tokens: tuple[str, ...], first: int, prices: NDArray[np.float64]) -> str:
    digest = hashlib.sha256(json.dumps([list(tokens), first]).encode("ascii"))
    digest.update(np.ascontiguousarray(prices, dtype="<f8").data)
    return digest.hexdigest()
