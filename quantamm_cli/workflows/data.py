"""Loads the prices of a run and the other data that it reads."""

from pathlib import Path
from typing import TYPE_CHECKING

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.run import Simulate, Train
from quantamm_cli.settings.types import minute
from quantamm_cli.workflows.monitor import Monitor

if TYPE_CHECKING:
    from quantamm_cli.market import Market, Source
    from quantamm_cli.market.content import MemoryMarket


def load_market(settings: Simulate, until: str) -> "Market":
    """The prices of [start, until) and of the burn-in before, with fees, trades and series.

    A run that takes a pool up begins at the row that this was left at.
    """
    from quantamm_cli.engine.left import start_of
    from quantamm_cli.market import Source, load
    from quantamm_cli.market.fees import Fees
    from quantamm_cli.market.trades import Trades
    from quantamm_cli.pools.base import AbstractPool

    source, pool = Source.typed(settings.data), AbstractPool.typed(settings.pool)
    source, _tables = with_stored_runs(source, settings, minute(until))
    first, burn_in, earlier = minute(settings.start), None, start_of(settings)
    if earlier is not None:
        first, burn_in = first - earlier.skipped, earlier.lag
    rate = settings.scoring.riskless
    for_scores = () if not isinstance(rate, str) or rate in pool.looks_at else (rate,)
    return load(
        source,
        settings.tokens,
        first,
        minute(until),
        pool.looks_at,
        Trades.typed(settings.trades),
        Fees.typed(settings.fees),
        burn_in,
        for_scores,
        pool.chunk if pool.moves_to_series else None,
    )


def with_stored_runs(
    source: "Source", settings: Simulate, until: int
) -> tuple["Source", list["MemoryMarket"]]:
    """The source with tables in place of stored runs among its series, and what keeps them alive.

    Raises:
        DataError: there is no such run, or it does not cover [start, until).
    """
    from quantamm_cli.market.content import table_market
    from quantamm_cli.store.stored_path import names_run, stored_path

    series, tables = dict(source.series), []
    for name, path in source.series.items():
        if names_run(path):
            stored = stored_path(settings.runs_dir, path, f"data.series.{name}")
            columns = stored.series(name, settings.tokens, minute(settings.start), until)
            tables.append(table_market(f"series.{name}", columns))
            series[name] = tables[-1].place(f"series.{name}")
    return source.replace(series=series) if tables else source, tables


def planned_market(settings: Simulate, until: str) -> "Market | None":
    """The market of a run that is not made; raises what ``load_market`` does.

    ``None`` if nothing is read: computed prices that span the run are as they should be.
    """
    from quantamm_cli.market import Source
    from quantamm_cli.market.fees import Fees
    from quantamm_cli.market.load import check_span
    from quantamm_cli.market.trades import Trades

    source = Source.typed(settings.data)
    reads = Fees.typed(settings.fees).moves or Trades.typed(settings.trades).gives
    if not source.computed or source.series or reads:
        return load_market(settings, until)
    check_span(source, settings.tokens, minute(settings.start), minute(until))
    return None


def last_date(settings: Simulate) -> str:
    """The end of the last period of a run: ``test_end`` of a training that has one, or ``end``."""
    if isinstance(settings, Train) and settings.test_end is not None:
        return settings.test_end
    return settings.end


def describe_market(market: "Market", monitor: Monitor) -> None:
    """Report what was loaded: minutes, burn-in, gaps, series and trades."""
    minutes = len(market.prices)
    monitor.note(
        f"{minutes - market.burn_in:,} minutes of {', '.join(market.tokens)} after "
        f"{market.burn_in // 1440} days of burn-in"
    )
    gaps = [
        f"{token} {count:,} (longest {market.longest_gap[token]:,})"
        for token, count in market.carried.items()
        if count
    ]
    if gaps:
        monitor.note(f"missing minutes carried forward: {', '.join(gaps)}")
    for token, count in market.carried.items():
        if count > minutes / 2:  # such as hourly prices
            monitor.warn(
                f"{token} has no price in {count / minutes:.0%} of the minutes; "
                "the previous price is carried forward"
            )
    if market.series:
        monitor.note(f"series: {', '.join(market.series)}")
    if market.trades is not None:
        monitor.note(f"external trades: {(market.trades.pay >= 0).sum():,}")


def check_practice(settings: Train) -> None:
    """Raise ConfigError for training windows of other prices than the settings can have."""
    from quantamm_cli.market import Practice, Source
    from quantamm_cli.market.fees import Fees
    from quantamm_cli.market.practice import refuse_inputs
    from quantamm_cli.market.trades import Trades

    source, practice = Source.typed(settings.data), Practice.typed(settings.practice)
    if practice.folders and "dir" not in source.paths:
        raise ConfigError(
            "practice",
            f"supplied reads files, but data={source.kind} has none; use data=parquet or data=csv",
        )
    trades, fees = Trades.typed(settings.trades), Fees.typed(settings.fees)
    refuse_inputs(practice, bool(source.series), trades.gives, fees.moves)


def supplied_market(settings: Train, burn_in: int, folder: str) -> "Market":
    """The prices of the training rows and of ``burn_in`` minutes before, from another folder."""
    from quantamm_cli.market import Source, load

    check_practice(settings)
    source, start = Source.typed(settings.data), minute(settings.start)
    return load(
        source.replace(dir=folder, burn_in_days=burn_in // 1440),
        settings.tokens,
        start,
        start + settings.train_rows,
    )


def input_files(settings: Simulate) -> list[Path]:
    """All files of prices, series, trades, fees and supplied paths that a run reads."""
    from quantamm_cli.market import Practice, Source
    from quantamm_cli.market.fees import Fees
    from quantamm_cli.market.trades import Trades

    source, tokens = Source.typed(settings.data), settings.tokens
    files = [*source.files(tokens), *map(Path, source.series.values())]
    named = (Fees.typed(settings.fees).file, Trades.typed(settings.trades).file)
    files += [Path(path) for path in named if path is not None]
    if isinstance(settings, Train):
        for folder in Practice.typed(settings.practice).folders:
            files += source.replace(dir=folder).files(tokens)
    return [path.expanduser() for path in files]
