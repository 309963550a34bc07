"""One pool with fixed parameters over [start, end)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from quantamm_cli.core.params import initial
from quantamm_cli.engine.left import start_of
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.digest import plain
from quantamm_cli.settings.history import DOCUMENT
from quantamm_cli.settings.json_tree import Json, JsonObject, finite, without
from quantamm_cli.settings.run import Simulate
from quantamm_cli.store.inputs import Change
from quantamm_cli.store.recorded import SimulationPlace
from quantamm_cli.store.runs import Run
from quantamm_cli.workflows import plots
from quantamm_cli.workflows.assessment import Scored, check_readable, scored, undefined_json
from quantamm_cli.workflows.copies import check_out, copy_trajectory
from quantamm_cli.workflows.data import describe_market, load_market
from quantamm_cli.workflows.inputs import Bound, inputs_of
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.provenance import provenance
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
    place: SimulationPlace
    bound: Bound
    """What it was made from."""

    @property
    def name(self) -> str:
        """``run_`` and the fingerprint: the folder of its files; with ``+`` and 12 digits if the
        plain name has other contents.
        """
        return self.place.name

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
            **self.bound.to_dict(),
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
    changes: tuple[Change, ...] = ()
    """The inputs of the run that have changed since it was made."""

    def to_dict(self) -> dict[str, Json]:
        selection: dict[str, Json] = {**self.selected.to_dict(), "run": self.run.name}
        tree = self.result.to_dict() | {"selection": selection}
        if self.changes:
            tree["other_data"] = [change.to_dict() for change in self.changes]
        return tree

    def tables(self) -> Sequence[Table | str]:
        return self.result.tables()


def span(settings: Simulate) -> tuple[str, int, int]:
    """The period [start, end) in rows of its market, named by its end."""
    earlier = start_of(settings)
    first = 0 if earlier is None else earlier.skipped
    return settings.end, first, first + settings.rows


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
    settings: Simulate,
    draw: bool = False,
    monitor: Monitor | None = None,
    out: str | None = None,
) -> SimulationResult:
    """Run the pool with the parameters of its settings and write its trajectory.

    ``draw``: write plots beside it. ``out``: a file that gets a copy, ``.npz``, ``.parquet`` or
    ``.csv``.

    Raises:
        ConfigError: the pool cannot have these parameters.
        DataError: the prices are missing or not valid.
    """
    monitor = monitor or Monitor()
    check_out(out)
    if draw:
        plots.check()
    start_jax()
    raw, watch = raw_parameters(settings), Watch()
    market = load_market(settings, settings.end)
    describe_market(market, monitor)
    sources = Bound(inputs_of(settings, market))
    named = SimulationPlace(Path(settings.runs_dir), settings.fingerprint)
    with named.claimed(sources.inputs) as place:
        scores = scored(settings, raw, (span(settings),), market, place.folder, watch)
        files = {"result": str(place.document), "trajectory": scores.file}
        result = SimulationResult(settings, scores, watch.seconds, files, place, sources)
        place.write(_document(result, provenance(settings, market)))
    if out is not None:
        files["out"] = copy_trajectory(scores.file, settings.tokens, out)
    if draw:
        from quantamm_cli.workflows.report_subjects import pool_subject

        files |= plots.draw(pool_subject(scores, result.name, ()), place.folder)
        watch.lap("plots")
    return result


def _document(result: SimulationResult, made_by: JsonObject) -> JsonObject:
    """What is written: scores, settings and what it was made from."""
    tree = without(result.to_dict(), "seconds", "files", "data")
    document: JsonObject = finite(
        {
            "schema": DOCUMENT,
            **tree,
            "settings": result.settings.identity(),
            "provenance": {
                **made_by,
                "output": plain(result.settings.output),
                **result.bound.inputs.stored(),
            },
        }
    )
    return document
