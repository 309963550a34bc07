"""Loads the market of a run: prices of its tokens and period, series, trades and fees."""

import hashlib
import json
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.errors import DataError
from quantamm_cli.market.base import ExternalTrades, Market, Source
from quantamm_cli.market.fees.base import Fees, read_fees
from quantamm_cli.market.oracles import Oracle, oracle
from quantamm_cli.market.trades.base import Trades, read_trades
from quantamm_cli.settings.types import date_text

DAY = 1440
MAX_BURN_IN_DAYS = 365


def load(
    source: Source,
    tokens: tuple[str, ...],
    start: int,
    end: int,
    wanted: tuple[str, ...] = (),
    trades: Trades | None = None,
    fees: Fees | None = None,
    burn_in: int | None = None,
    for_scores: tuple[str, ...] = (),
    ahead: int | None = None,
) -> Market:
    """The prices of the minutes [start, end) and of the burn-in before them, with all series that
    have a file, trades, and fees that change in time.

    Args:
        tokens: in the user's order, which is the order of the columns.
        start, end: minutes since 1970 UTC, ``end`` exclusive.
        wanted: series that the source itself provides if it can and no file does.
        trades, fees: the run's components; ``read`` of each is called once.
        burn_in: minutes of burn-in; by default those of the source's settings.
        for_scores: series that no estimator reads: they have their first value throughout the
            burn-in, and do not shorten it.
        ahead: minutes of a chunk; those of ``wanted`` that have a file are also read at the
            beginning of the first chunk after the last minute.

    Raises:
        DataError: prices of a token are missing or damaged, the period or the burn-in does not fit
            the data, a gap is longer than the source's settings allow, or a file of series, trades
            or fees is wrong. The message names the token or the file.
    """
    refuse_outside(source, tokens, start, end)
    files = {
        name: oracle(name, path, tokens, start, end, source.series_fill)
        for name, path in source.series.items()
    }
    warming = {name: file for name, file in files.items() if name not in for_scores}
    if burn_in is None:
        burn_in = DAY * _burn_in_days(source, tokens, start, warming)
    first = start - burn_in
    columns = {token: source.read(token, first, end) for token in tokens}
    prices = np.empty((end - first, len(tokens)))
    for column, closes in enumerate(columns.values()):
        prices[:, column] = closes.closes
    prices.flags.writeable = False
    series = {name: file.rows(first, end) for name, file in warming.items()}
    for name in files.keys() - warming.keys():
        series[name] = np.pad(files[name].rows(start, end), ((burn_in, 0), (0, 0)), "edge")
    for name in wanted:
        if name not in series and name in source.offers:
            by_token = [source.offered(name, token, first, end) for token in tokens]
            series[name] = np.stack(by_token, axis=-1)
    beyond: dict[str, NDArray[np.float64]] = {}
    if ahead is not None:
        after = end + (first - end) % ahead
        beyond = {
            name: warming[name].rows(first, after + 1)[-1:] for name in wanted if name in warming
        }
    market = Market(
        tokens=tuple(tokens),
        prices=prices,
        first_minute=first,
        burn_in=burn_in,
        carried={token: closes.carried for token, closes in columns.items()},
        longest_gap={token: closes.longest_gap for token, closes in columns.items()},
        sha256="",
        series=series,
        ahead=beyond,
        span=_span(source, tokens),
    )
    run_trades = read_trades(trades, market) if trades else None
    run_fees = read_fees(fees, market) if fees else None
    sha256, digests = _digests(
        tokens, first, prices, {**series, **_longer(series, beyond)}, run_trades
    )
    if run_fees is not None:
        digests["fees"] = hashlib.sha256(run_fees.digest_bytes).hexdigest()
    return replace(market, sha256=sha256, trades=run_trades, fees=run_fees, digests=digests)


def check_span(source: Source, tokens: tuple[str, ...], start: int, end: int) -> None:
    """Raise what ``load`` does before it reads a file: ConfigError if the source lacks a setting,
    DataError if computed prices do not span the minutes and the burn-in.
    """
    source.check_place()
    if source.computed:
        refuse_outside(source, tokens, start, end)
        _burn_in_days(source, tokens, start, {})


def refuse_outside(source: Source, tokens: tuple[str, ...], start: int, end: int) -> None:
    """Raise DataError unless every token has prices of the minutes [start, end)."""
    for token in tokens:
        source.refuse_outside(token, start, end)


def _span(source: Source, tokens: tuple[str, ...]) -> tuple[int, int]:
    """The first minute with prices of all tokens, and the minute after the last."""
    begins, ends = zip(*map(source.span, tokens), strict=True)
    return max(begins), min(ends)


def _burn_in_days(
    source: Source, tokens: tuple[str, ...], start: int, files: dict[str, Oracle]
) -> int:
    """Whole days before ``start`` that warm up the estimators: those of ``data.burn_in_days``, or
    as many as all data have, up to a year.
    """
    begins = {token: source.span(token)[0] for token in tokens}
    begins |= {
        f"the series {name}": file.first for name, file in files.items() if file.first is not None
    }
    possible = {name: (start - begin) // DAY for name, begin in begins.items()}
    scarce = min(possible, key=lambda name: possible[name])
    if source.burn_in_days is None:
        return min(possible[scarce], MAX_BURN_IN_DAYS)
    if source.burn_in_days > possible[scarce]:
        raise DataError(
            "data.burn_in_days",
            f"is {source.burn_in_days}, but {scarce} begins {date_text(begins[scarce])}, "
            f"{possible[scarce]} days before {date_text(start)}; use at most {possible[scarce]}, a "
            "later start, or null for as many as exist",
        )
    return source.burn_in_days


def _longer(
    series: dict[str, NDArray[np.float64]], beyond: dict[str, NDArray[np.float64]]
) -> dict[str, NDArray[np.float64]]:
    """Series with a row more."""
    return {name: np.concatenate([series[name], row]) for name, row in beyond.items()}


def _digests(
    tokens: tuple[str, ...],
    first: int,
    prices: NDArray[np.float64],
    series: dict[str, NDArray[np.float64]],
    trades: ExternalTrades | None,
) -> tuple[str, dict[str, str]]:
    """The SHA-256 of all, and that of each part by its name."""
    whole = hashlib.sha256(json.dumps([list(tokens), first]).encode("ascii"))
    whole.update(np.ascontiguousarray(prices, dtype="<f8").data)
    parts = {"prices": whole.hexdigest()}
    for token, closes in zip(tokens, prices.T, strict=True):
        own = hashlib.sha256(np.ascontiguousarray(closes, dtype="<f8").data)
        parts[f"token.{token}"] = own.hexdigest()
    for name, values in sorted(series.items()):
        header = json.dumps([name, values.shape[1]]).encode("ascii")
        content = [memoryview(header), np.ascontiguousarray(values, dtype="<f8").data]
        parts[f"series.{name}"] = _added(whole, content)
    if trades is not None:
        content = [memoryview(json.dumps(["trades", trades.pay.shape[1]]).encode("ascii"))]
        for column in (trades.pay, trades.take, trades.exact_out):
            content.append(np.ascontiguousarray(column, dtype="<i4").data)
        content.append(np.ascontiguousarray(trades.amount, dtype="<f8").data)
        parts["trades"] = _added(whole, content)
    return whole.hexdigest(), parts


def _added(whole: "hashlib._Hash", content: list[memoryview]) -> str:
    """The SHA-256 of some content, which is also added to ``whole``."""
    part = hashlib.sha256()
    for each in content:
        whole.update(each)
        part.update(each)
    return part.hexdigest()
