"""One pool with fixed parameters over [start, end)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quantamm_cli.core.params import initial
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.json_tree import Json
from quantamm_cli.settings.run import Simulate
from quantamm_cli.store.runs import Run, Store
from quantamm_cli.workflows import plots
from quantamm_cli.workflows.assessment import Scored, check_readable, scored, undefined_json
from quantamm_cli.workflows.data import describe_market, load_market
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.results import Result, Watch
from quantamm_cli.workflows.runtime import start_jax
from quantamm_cli.workflows.selection import Selected
from quantamm_cli.workflows.trajectory import Trajectory


@dataclass(frozen=True)
class SimulationResult(Result):
    """Scores of one period, and the trajectory."""

    settings: Simulate
    scored: Scored
    seconds: dict[str, float]
    files: dict[str, str]

    @property
    def name(self) -> str:
        """``run_`` and the fingerprint: the folder of its files."""
        return f"run_{self.settings.fingerprint}"

    @property
    def metrics(self) -> dict[str, float]:
        """Scores of the pool."""
        return self.scored.metrics[self.settings.end]

    @property
    def undefined(self) -> dict[str, str]:
        """Why metrics do not exist, by name."""
        return {key.rpartition(".")[2]: why for key, why in self.scored.undefined.items()}

    @property
    def trajectory(self) -> Trajectory:
        """The pool, minute by minute."""
        return self.scored.trajectory

    @property
    def benchmarks(self) -> dict[str, dict[str, float]]:
        """Scores of the benchmark portfolios, by strategy."""
        return {name: scores[self.settings.end] for name, scores in self.scored.benchmarks.items()}

    def to_dict(self) -> dict[str, Json]:
        return {
            "run": self.name,
            "fingerprint": self.settings.fingerprint,
            **self.scored.to_dict(),
            "metrics": self.metrics,
            **undefined_json(self.undefined),
            "benchmarks": self.benchmarks,
            "seconds": self.seconds,
            "files": self.files,
        }

    def tables(self) -> Sequence[Table | str]:
        return self.scored.tables(
            f"{self.settings.pool.kind} from {self.settings.start} to {self.settings.end}"
        )


@dataclass(frozen=True)
class SimulationOfRun(Result):
    """A simulation, or a grid of them, with the parameters of a stored run."""

    result: Result
    run: Run
    selected: Selected

    def to_dict(self) -> dict[str, Json]:
        selection: dict[str, Json] = {**self.selected.to_dict(), "run": self.run.name}
        return self.result.to_dict() | {"selection": selection}

    def tables(self) -> Sequence[Table | str]:
        return self.result.tables()


def raw_parameters(settings: Simulate) -> dict[str, np.ndarray]:
    """The raw parameters of the settings, one set.

    Raises:
        ConfigError: the pool cannot have these parameters. Raised before prices are read.
    """
    pool, assets = AbstractPool.typed(settings.pool), len(settings.tokens)
    sets = initial(pool.parameters(assets), settings.params, 1, assets, 0.0, 0)
    check_readable(pool, sets, settings)
    return {name: values[0] for name, values in sets.items()}


def simulate(
    settings: Simulate, draw: bool = False, monitor: Monitor | None = None
) -> SimulationResult:
    """Run the pool with the parameters of its settings and write its trajectory.

    ``draw``: write plots beside it.

    Raises:
        ConfigError: the pool cannot have these parameters.
        DataError: the prices are missing or not valid.
    """
    monitor = monitor or Monitor()
    if draw:
        plots.check()
    start_jax()
    raw, watch = raw_parameters(settings), Watch()
    market = load_market(settings, settings.end)
    describe_market(market, monitor)
    folder = Store(settings.runs_dir).folder(settings.fingerprint)
    scores = scored(settings, raw, ((settings.end, 0, settings.rows),), market, folder, watch)
    files = {"trajectory": scores.file}
    result = SimulationResult(settings, scores, watch.seconds, files)
    if draw:
        from quantamm_cli.workflows.report_subjects import pool_subject

        files |= plots.draw(pool_subject(scores, result.name, ()), folder)
        watch.lap("plots")
    return result
