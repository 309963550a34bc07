"""Runs a pool with one parameter set over all periods and scores it beside its benchmarks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from quantamm_cli.core import params as parameters
from quantamm_cli.core import types
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.types import Feed, ParamValues
from quantamm_cli.engine.feed import feed
from quantamm_cli.engine.forward import Spans
from quantamm_cli.engine.left import nested
from quantamm_cli.errors import DivergedError
from quantamm_cli.evaluation.assess import POOL, Assessment, assess
from quantamm_cli.market import Market
from quantamm_cli.metrics import METRICS
from quantamm_cli.metrics.undefined import reasons, short_periods
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.reporting.run_tables import parameters_table, scores_table
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.json_tree import Json
from quantamm_cli.settings.precision import check_numbers
from quantamm_cli.settings.run import Simulate
from quantamm_cli.settings.signs import signs
from quantamm_cli.settings.types import date_text, minute
from quantamm_cli.store.trajectory import write_arrays
from quantamm_cli.workflows.estimator_state import Readouts, readouts
from quantamm_cli.workflows.results import Watch
from quantamm_cli.workflows.trajectory import Trajectory, daily_sums, flows, summed

Forms = dict[str, dict[str, list[float] | list[list[float]]]]
"""``raw`` and ``readable`` parameters of one set, by name: numbers, or numbers per layer."""


@dataclass(frozen=True)
class TradeCounts:
    """The number of external trades, and how many of them the pool refused."""

    total: int
    refused: int

    def to_dict(self) -> dict[str, Json]:
        """As JSON."""
        return {"given": self.total, "refused": self.refused}

    def __str__(self) -> str:
        because = ", which it could not have paid out" if self.refused else ""
        return f"external trades: {self.total:,}; the pool refused {self.refused:,}{because}"


@dataclass(frozen=True)
class Scored:
    """The run of a pool over all periods, with its scores."""

    settings: Simulate
    pool: AbstractPool
    raw: ParamValues
    """Parameters of one set, by raw name."""
    feed: Feed
    spans: Spans
    assessment: Assessment
    state: Readouts
    trades: TradeCounts | None
    file: str
    """The path of the trajectory."""

    @property
    def metrics(self) -> dict[str, dict[str, float]]:
        """Scores of the pool, by period and metric."""
        return self.assessment.scores[POOL]

    @property
    def benchmarks(self) -> dict[str, dict[str, dict[str, float]]]:
        """Scores of the benchmarks, by strategy, period and metric."""
        return {name: scores for name, scores in self.assessment.scores.items() if name != POOL}

    @property
    def undefined(self) -> dict[str, str]:
        """Why scores of the pool do not exist, by ``period.metric``."""
        return reasons(self.metrics, self.spans)

    @property
    def short(self) -> dict[str, float]:
        """The days of each period whose yearly numbers are of fewer than 30."""
        return short_periods(self.spans)

    @property
    def trajectory(self) -> Trajectory:
        """The pool over all periods, minute by minute."""
        return Trajectory.of(self.settings.tokens, self.settings.start, self.assessment.trajectory)

    @property
    def final(self) -> dict[str, Json]:
        """Value, weights, reserves and estimators at the last row; and the ``state``, from which
        another run goes on at ``end``.
        """
        final: dict[str, Json] = dict(self.assessment.final)
        if self.state.columns:
            final["readouts"] = self.state.last
        if self.pool.goes_on:
            rows = len(self.assessment.trajectory.value)
            end = date_text(minute(self.settings.start) + rows)
            skipped = self.assessment.rows_since + 1
            final["state"] = {"end": end, **nested(self.assessment.left, skipped)}
        return final

    @property
    def specs(self) -> tuple[Parameter, ...]:
        """The declared parameters of the pool."""
        return self.pool.parameters(len(self.settings.tokens))

    @property
    def params(self) -> Forms:
        """Raw and readable parameters."""
        return both_forms(self.specs, self.raw)

    def to_dict(self) -> dict[str, Json]:
        """The part of the JSON of train, evaluate and simulate."""
        tree: dict[str, Json] = {
            "metrics": self.metrics,
            **undefined_json(self.undefined),
            "signs": signs(METRICS),
            "benchmarks": self.benchmarks,
            "final": self.final,
            "params": self.params,
        }
        if self.trades is not None:
            tree["trades"] = self.trades.to_dict()
        return tree

    @property
    def _basis(self) -> str:
        """What the scores are of, in one line."""
        holder = "the pool"
        if self.assessment.trajectory.supply is not None:
            holder = "a share of the pool"
        line = f"scores of {holder}; HODL holds what {holder} holds at the period's first row"
        rate = self.settings.scoring.riskless
        if rate:
            text = rate if isinstance(rate, str) else f"{rate:.4g} a year"
            line += f"; riskless rate: {text}"
        return line

    def tables(self, title: str) -> Sequence[Table | str]:
        """Scores of the pool and the benchmarks, parameters, and counts of external trades."""
        shown: list[Table | str] = [
            scores_table(f"{title}\n{self._basis}", self.assessment.scores, self.short)
        ]
        table = parameters_table(self.settings.tokens, self.specs, self.params["readable"])
        if table is not None:
            shown.append(table)
        if self.trades is not None:
            shown.append(str(self.trades))
        return shown


def scored(
    settings: Simulate,
    raw: ParamValues,
    spans: Spans,
    market: Market,
    folder: Path,
    watch: Watch,
    followed: bool = False,
) -> Scored:
    """Run one raw parameter set over all periods and write its trajectory into ``folder``.

    ``followed``: include the portfolios that follow the pool's weights in the benchmarks, and the
    pool from a fresh start in each period.
    """
    pool = AbstractPool.typed(settings.pool)
    inputs = feed(settings, market)
    watch.lap("data")
    assessment = assess(pool, raw, inputs, spans, followed)
    trajectory = assessment.trajectory
    check_finite(settings, trajectory)
    skipped = spans[0][1]
    state = readouts(pool, raw, inputs, market, (skipped, skipped + len(trajectory.value)))
    watch.lap("run")
    path = write_trajectory(folder / "trajectory.npz", settings, trajectory, state)
    watch.lap("write")
    trades = None
    if trajectory.refused is not None and market.trades is not None:
        total = int((market.trades.pay[skipped:] >= 0).sum())
        trades = TradeCounts(total, int(trajectory.refused.sum()))
    return Scored(settings, pool, raw, inputs, spans, assessment, state, trades, path)


def undefined_json(reasons: Mapping[str, str]) -> dict[str, Json]:
    """The reasons beside ``metrics`` in JSON; absent if every metric exists."""
    return {"undefined": dict(reasons)} if reasons else {}


def check_readable(pool: AbstractPool, raw: ParamValues, settings: Simulate) -> None:
    """Raise ConfigError for raw parameters ``(sets, …)`` that the pool cannot have, or whose
    readable form the precision cannot hold.
    """
    values = parameters.readable(pool.parameters(len(settings.tokens)), raw)
    for name, column in values.items():
        check_numbers(f"params.{name}", np.asarray(column, float).tolist(), settings.precision)
    pool.check_parameters(values)


def check_finite(settings: Simulate, trajectory: types.Trajectory) -> None:
    """Raise DivergedError, with the first minute and quantity, for a pool that is not finite."""
    first: tuple[int, str] | None = None
    for name in ("weights", "reserves", "value"):
        finite = np.isfinite(getattr(trajectory, name))
        rows, *columns = np.nonzero(~finite)
        if len(rows) and (first is None or rows[0] < first[0]):
            token = f" of {settings.tokens[columns[0][0]]}" if columns else ""
            first = int(rows[0]), _QUANTITIES[name] + token
    if first is not None:
        row, quantity = first
        when = date_text(minute(settings.start) + row)
        raise DivergedError(
            "pool",
            f"the {quantity} is not finite from {when} on (minute {row} of "
            f"{len(trajectory.value)}); try other params, another initial value, or other prices",
        )


_QUANTITIES = {"weights": "weight", "reserves": "reserve", "value": "value"}


def both_forms(specs: tuple[Parameter, ...], raw: ParamValues) -> Forms:
    """Raw parameters of one set, and readable ones as they are in force."""
    return {"raw": _lists(raw), "readable": _lists(parameters.in_force(specs, raw))}


def _lists(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: np.asarray(value, float).tolist() for name, value in params.items()}


def write_trajectory(
    path: Path, settings: Simulate, trajectory: types.Trajectory, state: Readouts
) -> str:
    """Write ``trajectory.npz``, one row every ``output.every`` minutes; returns its path.

    Fees, volumes and refused trades of a row are sums since the row before; ``day_…`` are sums of
    whole days. It includes the read-outs of estimators if the settings request them.
    """
    every, all_columns = settings.output.every, columns(settings, trajectory)
    arrays = {name: column[::every] for name, column in all_columns.items()}
    of_minutes = flows(trajectory)
    arrays |= {name: summed(column, every) for name, column in of_minutes.items()}
    for name, column in daily_sums(all_columns["unix"], of_minutes).items():
        arrays[f"day_{name}"] = column
    if settings.output.readouts and state.columns:
        arrays["unix_chunk"] = state.unix
        for name, column in state.columns.items():
            arrays[f"readout_{name}"] = column
    write_arrays(path, **arrays)
    return str(path)


def columns(settings: Simulate, trajectory: types.Trajectory) -> dict[str, np.ndarray]:
    """The columns of ``trajectory.npz``, one row per minute.

    ``unix`` (ms), prices, weights, reserves, value.
    """
    unix = (minute(settings.start) + np.arange(len(trajectory.value), dtype=np.int64)) * 60_000
    arrays: dict[str, np.ndarray] = {"unix": unix}
    for name in ("prices", "weights", "reserves", "value"):
        arrays[name] = np.asarray(getattr(trajectory, name), float)
    return arrays
