"""The JSON object that train, evaluate and simulate share, the tables that say the same, and the files it names."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from quantamm_cli.cli.console import Console
from quantamm_cli.cli.readouts import Readouts, readouts
from quantamm_cli.cli.tables import show_params, show_scores
from quantamm_cli.core import params as parameters
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.types import Feed, Trajectory
from quantamm_cli.engine.feed import feed
from quantamm_cli.engine.forward import Spans
from quantamm_cli.evaluation.assess import POOL, Assessment, assess
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.settings.run import Simulate
from quantamm_cli.settings.types import minute

if TYPE_CHECKING:
    from quantamm_cli.market import Market


class Watch:
    """Seconds spent, by what for."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.perf_counter()

    def lap(self, name: str) -> None:
        """What passed since the last lap was for ``name``."""
        now = time.perf_counter()
        self.seconds[name] = round(self.seconds.get(name, 0.0) + now - self._since, 3)
        self._since = now

    def split(self, name: str, seconds: float, rest: str) -> None:
        """Since the last lap ``seconds`` were for ``name``, and what else passed for ``rest``."""
        self.lap(rest)
        self.seconds[name] = round(seconds, 3)
        self.seconds[rest] = round(self.seconds[rest] - seconds, 3)


class Scored(NamedTuple):
    """A pool's run over all periods: the JSON object that tells of it, and what it was made from."""

    told: dict[str, Any]
    pool: AbstractPool
    raw: Mapping[str, Any]
    feed: Feed
    assessment: Assessment


def scored(
    settings: Simulate,
    raw: Mapping[str, Any],
    spans: Spans,
    market: "Market",
    folder: Path,
    title: str,
    console: Console,
    watch: Watch,
    followed: bool = False,
) -> Scored:
    """Run one raw parameter set over all periods, write its trajectory, show the tables.

    ``metrics`` and ``benchmarks`` are by period. ``followed``: the portfolios that follow the pool's weights are among the latter.
    """
    pool = AbstractPool.typed(settings.pool)
    given = feed(settings, market)
    watch.lap("data")
    found = assess(pool, raw, given, spans, followed)
    state = readouts(pool, raw, given, market, len(found.trajectory.value))
    watch.lap("run")
    written = write_trajectory(folder / "trajectory.npz", settings, found.trajectory, state)
    watch.lap("write")
    specs = pool.parameters(len(settings.tokens))
    params = both_forms(specs, raw)
    show_scores(console, title, found.scores)
    show_params(console, settings.tokens, specs, params["readable"])
    result: dict[str, Any] = {
        "metrics": found.scores[POOL],
        "benchmarks": {name: scores for name, scores in found.scores.items() if name != POOL},
        "final": found.final | ({"readouts": state.last} if state.columns else {}),
        "params": params,
    }
    if found.trajectory.refused is not None and market.trades is not None:
        result["trades"] = {"given": int((market.trades.pay >= 0).sum()), "refused": int(found.trajectory.refused.sum())}
        console.say(_said(**result["trades"]))
    return Scored(result | {"seconds": watch.seconds, "files": {"trajectory": written}}, pool, raw, given, found)


def _said(given: int, refused: int) -> str:
    because = ", which it could not have paid out" if refused else ""
    return f"given trades: {given:,}; the pool refused {refused:,}{because}"


def both_forms(specs: tuple[Parameter, ...], raw: Mapping[str, Any]) -> dict[str, Any]:
    """Raw and readable parameters of one set."""
    readable = parameters.readable(specs, raw)
    return {
        "raw": {name: _listed(value) for name, value in raw.items()},
        "readable": {name: _listed(value) for name, value in readable.items()},
    }


def _listed(value: Any) -> Any:
    return np.asarray(value, float).tolist()


def write_trajectory(path: Path, settings: Simulate, trajectory: Trajectory, state: Readouts) -> str:
    """``trajectory.npz``, one row every ``output.every`` minutes, and the read-outs if asked for; the path that opens it from here."""
    from quantamm_cli.store.trajectory import write_arrays

    arrays = {name: column[:: settings.output.every] for name, column in columns(settings, trajectory).items()}
    if settings.output.readouts and state.columns:
        arrays |= {"unix_chunk": state.unix} | {f"readout_{name}": column for name, column in state.columns.items()}
    write_arrays(path, **arrays)
    return str(path)


def columns(settings: Simulate, trajectory: Trajectory) -> dict[str, np.ndarray]:
    """What ``trajectory.npz`` holds, a row a minute: ``unix`` (ms), prices, weights, reserves, value."""
    unix = (minute(settings.start) + np.arange(len(trajectory.value), dtype=np.int64)) * 60_000
    return {"unix": unix} | {name: np.asarray(getattr(trajectory, name), float) for name in ("prices", "weights", "reserves", "value")}
