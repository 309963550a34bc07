"""One pool with given parameters over [start, end)."""

from collections.abc import Sequence
from dataclasses import dataclass

from quantamm_cli.core.params import initial, readable
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.json_tree import Json
from quantamm_cli.settings.run import Simulate
from quantamm_cli.store.runs import Run, Store
from quantamm_cli.workflows import plots
from quantamm_cli.workflows.assessment import Scored, scored
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
        """As the files of the simulation are named."""
        return f"run_{self.settings.fingerprint}"

    @property
    def metrics(self) -> dict[str, float]:
        """Of the pool."""
        return self.scored.metrics[self.settings.end]

    @property
    def trajectory(self) -> Trajectory:
        """Of the pool over all periods, minute by minute."""
        return self.scored.trajectory

    @property
    def benchmarks(self) -> dict[str, dict[str, float]]:
        """Of what anyone could have had, by strategy."""
        return {name: scores[self.settings.end] for name, scores in self.scored.benchmarks.items()}

    def to_dict(self) -> dict[str, Json]:
        named = {"run": self.name, "fingerprint": self.settings.fingerprint}
        own: dict[str, Json] = {
            "metrics": self.metrics,
            "benchmarks": self.benchmarks,
            "seconds": self.seconds,
            "files": self.files,
        }
        return {**named, **self.scored.to_dict(), **own}

    def tables(self) -> Sequence[Table | str]:
        return self.scored.tables(
            f"{self.settings.pool.kind} from {self.settings.start} to {self.settings.end}"
        )


@dataclass(frozen=True)
class SimulationOfRun(Result):
    """What a simulation, or a grid of them, makes of the parameters of a stored run."""

    result: Result
    run: Run
    selected: Selected

    def to_dict(self) -> dict[str, Json]:
        return self.result.to_dict() | {
            "selection": self.selected.to_dict() | {"run": self.run.name}
        }

    def tables(self) -> Sequence[Table | str]:
        return self.result.tables()


def simulate(
    settings: Simulate, draw: bool = False, monitor: Monitor | None = None
) -> SimulationResult:
    """Run the pool with the parameters of its settings and write its trajectory;
    ``draw``: plots beside it, too.

    Raises:
        ConfigError: parameters the pool cannot have.
        DataError: there are no such prices.
    """
    monitor = monitor or Monitor()
    if draw:
        plots.check()
    start_jax()
    pool, assets = AbstractPool.typed(settings.pool), len(settings.tokens)
    given = initial(pool.parameters(assets), settings.params, 1, assets, 0.0, 0)
    pool.check_parameters(readable(pool.parameters(assets), given))
    raw = {name: values[0] for name, values in given.items()}
    watch = Watch()
    market = load_market(settings, settings.end)
    describe_market(market, monitor)
    folder = Store(settings.runs_dir).folder(settings.fingerprint)
    found = scored(settings, raw, ((settings.end, 0, settings.rows),), market, folder, watch)
    files = {"trajectory": found.file}
    result = SimulationResult(settings, found, watch.seconds, files)
    if draw:
        from quantamm_cli.workflows.subjects import of_pool

        files |= plots.draw(of_pool(found, result.name, ()), folder)
        watch.lap("plots")
    return result
