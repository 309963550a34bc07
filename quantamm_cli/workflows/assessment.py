"""A pool with one parameter set, run over all its periods and scored beside its benchmarks."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from quantamm_cli.core import params as parameters
from quantamm_cli.core import types
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.types import Feed, ParamValues
from quantamm_cli.engine.feed import feed
from quantamm_cli.engine.forward import Spans
from quantamm_cli.evaluation.assess import POOL, Assessment, assess
from quantamm_cli.market import Market
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.reporting.run_tables import parameters_table, scores_table
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.json_tree import Json
from quantamm_cli.settings.run import Simulate
from quantamm_cli.settings.types import minute
from quantamm_cli.store.trajectory import write_arrays
from quantamm_cli.workflows.estimator_state import Readouts, readouts
from quantamm_cli.workflows.results import Watch
from quantamm_cli.workflows.trajectory import Trajectory

Forms = dict[str, dict[str, list[float] | list[list[float]]]]
"""``raw`` and ``readable`` parameters of one set, by name: numbers, or numbers a layer."""


@dataclass(frozen=True)
class GivenTrades:
    """How many trades were given, and how many of them the pool refused."""

    given: int
    refused: int

    def __str__(self) -> str:
        because = ", which it could not have paid out" if self.refused else ""
        return f"given trades: {self.given:,}; the pool refused {self.refused:,}{because}"


@dataclass(frozen=True)
class Scored:
    """A pool's run over all periods."""

    settings: Simulate
    pool: AbstractPool
    raw: ParamValues
    """Parameters of one set, by raw name."""
    feed: Feed
    assessment: Assessment
    state: Readouts
    trades: GivenTrades | None
    file: str
    """The path of the trajectory."""

    @property
    def metrics(self) -> dict[str, dict[str, float]]:
        """Of the pool, by period."""
        return self.assessment.scores[POOL]

    @property
    def benchmarks(self) -> dict[str, dict[str, dict[str, float]]]:
        """Of what anyone could have had, by strategy and period."""
        return {name: scores for name, scores in self.assessment.scores.items() if name != POOL}

    @property
    def trajectory(self) -> Trajectory:
        """Of the pool over all periods, minute by minute."""
        return Trajectory.of(self.settings.tokens, self.settings.start, self.assessment.trajectory)

    @property
    def final(self) -> dict[str, Json]:
        """Value, weights, reserves and estimators at the last row."""
        return {
            **self.assessment.final,
            **({"readouts": self.state.last} if self.state.columns else {}),
        }

    @property
    def specs(self) -> tuple[Parameter, ...]:
        """The declared parameters."""
        return self.pool.parameters(len(self.settings.tokens))

    @property
    def params(self) -> Forms:
        """Raw and readable."""
        return both_forms(self.specs, self.raw)

    def to_dict(self) -> dict[str, Json]:
        """What train, evaluate and simulate tell of it."""
        trades = {} if self.trades is None else {"trades": asdict(self.trades)}
        return {
            "metrics": self.metrics,
            "benchmarks": self.benchmarks,
            "final": self.final,
            "params": self.params,
            **trades,
        }

    def tables(self, title: str) -> Sequence[Table | str]:
        """Scores beside those of the benchmarks, parameters, given trades."""
        shown = [scores_table(title, self.assessment.scores)]
        listed = parameters_table(self.settings.tokens, self.specs, self.params["readable"])
        return [
            *shown,
            *([] if listed is None else [listed]),
            *([] if self.trades is None else [str(self.trades)]),
        ]


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

    ``followed``: the portfolios that follow the pool's weights are among the benchmarks.
    """
    pool = AbstractPool.typed(settings.pool)
    given = feed(settings, market)
    watch.lap("data")
    found = assess(pool, raw, given, spans, followed)
    state = readouts(pool, raw, given, market, len(found.trajectory.value))
    watch.lap("run")
    written = write_trajectory(folder / "trajectory.npz", settings, found.trajectory, state)
    watch.lap("write")
    trades = None
    if found.trajectory.refused is not None and market.trades is not None:
        trades = GivenTrades(
            int((market.trades.pay >= 0).sum()), int(found.trajectory.refused.sum())
        )
    return Scored(settings, pool, raw, given, found, state, trades, written)


def both_forms(specs: tuple[Parameter, ...], raw: ParamValues) -> Forms:
    """Raw and readable parameters of one set."""
    readable = parameters.readable(specs, raw)
    return {
        "raw": {name: _listed(value) for name, value in raw.items()},
        "readable": {name: _listed(value) for name, value in readable.items()},
    }


def _listed(value: Any) -> Any:
    return np.asarray(value, float).tolist()


def write_trajectory(
    path: Path, settings: Simulate, trajectory: types.Trajectory, state: Readouts
) -> str:
    """``trajectory.npz``, one row every ``output.every`` minutes, and the read-outs if asked for;
    the path that opens it from here.
    """
    arrays = {
        name: column[:: settings.output.every]
        for name, column in columns(settings, trajectory).items()
    }
    if settings.output.readouts and state.columns:
        arrays |= {"unix_chunk": state.unix} | {
            f"readout_{name}": column for name, column in state.columns.items()
        }
    write_arrays(path, **arrays)
    return str(path)


def columns(settings: Simulate, trajectory: types.Trajectory) -> dict[str, np.ndarray]:
    """What ``trajectory.npz`` holds, a row a minute: ``unix`` (ms), prices,
    weights, reserves, value.
    """
    unix = (minute(settings.start) + np.arange(len(trajectory.value), dtype=np.int64)) * 60_000
    return {"unix": unix} | {
        name: np.asarray(getattr(trajectory, name), float)
        for name in ("prices", "weights", "reserves", "value")
    }
