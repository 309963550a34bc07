"""From a source, tokens and a period to the price matrix of a run,
and to what is given beside it.
"""

import hashlib
import json
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.errors import DataError
from quantamm_cli.market.base import GivenTrades, Market, Source
from quantamm_cli.market.fees.base import Fees, read_fees
from quantamm_cli.market.oracles import Oracle, oracle
from quantamm_cli.market.trades.base import Trades, read_trades
from quantamm_cli.settings.types import date_text

DAY = 1440
MOST_BURN_IN = 365


def load(
    source: Source,
    tokens: tuple[str, ...],
    start: int,
    end: int,
    wanted: tuple[str, ...] = (),
    trades: Trades | None = None,
    fees: Fees | None = None,
) -> Market:
    """The prices of [start, end) and of the burn-in before them,
    every series there is a file of, trades, fees that move.

    Args:
        tokens: in the user's order, which is the order of the columns.
        start, end: minutes since 1970 UTC, ``end`` exclusive.
        wanted: series that the source may offer by itself.
        trades, fees: those of the run, asked once for what they give.

    Raises:
        DataError: a token is missing or damaged, the period or the burn-in asked for does not fit
            the data, a gap is longer than the source's settings allow, or a file beside the prices
            is wrong. The message names the token.
    """
    for token in tokens:
        source.refuse_outside(token, start, end)
    files = {
        name: oracle(name, path, tokens, start, end, source.series_fill)
        for name, path in source.series.items()
    }
    burn_in = DAY * _burn_in_days(source, tokens, start, files)
    first = start - burn_in
    columns = {token: source.read(token, first, end) for token in tokens}
    prices = np.empty((end - first, len(tokens)))
    for column, closes in enumerate(columns.values()):
        prices[:, column] = closes.closes
    prices.flags.writeable = False
    seen = {name: file.rows(first, end) for name, file in files.items()}
    for name in wanted:
        if name not in seen and name in source.offers:
            seen[name] = np.stack(
                [source.offered(name, token, first, end) for token in tokens], axis=-1
            )
    market = Market(
        tokens=tuple(tokens),
        prices=prices,
        first_minute=first,
        burn_in=burn_in,
        carried={token: closes.carried for token, closes in columns.items()},
        longest_gap={token: closes.longest_gap for token, closes in columns.items()},
        sha256="",
        series=seen,
        span=_span(source, tokens),
    )
    given = None if trades is None else read_trades(trades, market)
    return replace(
        market,
        sha256=_digest(tokens, first, prices, seen, given),
        trades=given,
        fees=None if fees is None else read_fees(fees, market),
    )


def _span(source: Source, tokens: tuple[str, ...]) -> tuple[int, int]:
    """The minutes of which there are prices of all tokens."""
    begins, ends = zip(*(source.span(token) for token in tokens), strict=True)
    return max(begins), min(ends)


def _burn_in_days(
    source: Source, tokens: tuple[str, ...], start: int, files: dict[str, Oracle]
) -> int:
    """Whole days before ``start`` that warm the estimators: as many as all data have up to a
    year, or exactly those set.
    """
    begins = {token: source.span(token)[0] for token in tokens}
    begins |= {
        f"the series {name}": file.first for name, file in files.items() if file.first is not None
    }
    possible = {name: (start - begin) // DAY for name, begin in begins.items()}
    scarce = min(possible, key=lambda name: possible[name])
    if source.burn_in_days is None:
        return min(possible[scarce], MOST_BURN_IN)
    if source.burn_in_days > possible[scarce]:
        raise DataError(
            "data.burn_in_days",
            f"{source.burn_in_days} days before {date_text(start)} were asked; {scarce} begins "
            f"{date_text(begins[scarce])} and allows {possible[scarce]} at most; take fewer, a "
            "later start, or null for as many as exist",
        )
    return source.burn_in_days


def _digest(
    tokens: tuple[str, ...],
    first: int,
    prices: NDArray[np.float64],
    series: dict[str, NDArray[np.float64]],
    trades: GivenTrades | None,
) -> str:
    digest = hashlib.sha256(json.dumps([list(tokens), first]).encode("ascii"))
    digest.update(np.ascontiguousarray(prices, dtype="<f8").data)
    for name, values in sorted(series.items()):
        digest.update(json.dumps([name, values.shape[1]]).encode("ascii"))
        digest.update(np.ascontiguousarray(values, dtype="<f8").data)
    if trades is not None:
        digest.update(json.dumps(["trades", trades.pay.shape[1]]).encode("ascii"))
        for column in (trades.pay, trades.take, trades.exact_out):
            digest.update(np.ascontiguousarray(column, dtype="<i4").data)
        digest.update(np.ascontiguousarray(trades.amount, dtype="<f8").data)
    return digest.hexdigest()
