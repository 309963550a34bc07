"""Fit, validate, save, select, and score what came of it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from quantamm_cli.errors import DivergedError, argument
from quantamm_cli.market import Market
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.json_tree import Json
from quantamm_cli.settings.run import Train
from quantamm_cli.store.runs import BusyError, Run, Store, Writer
from quantamm_cli.training.base import Fit
from quantamm_cli.training.fit import fit
from quantamm_cli.workflows.assessment import Scored
from quantamm_cli.workflows.data import data_digest, describe_market, load_market
from quantamm_cli.workflows.evaluate import Chosen
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.results import Result, Watch
from quantamm_cli.workflows.runtime import start_jax
from quantamm_cli.workflows.selection import USUAL, Selection, chooser
from quantamm_cli.workflows.training_run import TrainingRun, opening
from quantamm_cli.workflows.trajectory import Trajectory
from quantamm_cli.workflows.warm_start import same_data

_STATUS = {"new": "new", "resumed": "resumed", "finished": "reused"}
_PATIENCE = 7 * 86400.0
"""Seconds to wait for another process that trains the same run."""


@dataclass(frozen=True)
class TrainingResult(Result):
    """A finished run and the set that was chosen of it."""

    chosen: Chosen
    scored: Scored
    status: str
    """``new``, ``resumed`` or ``reused``."""
    redrawn: list[int] | None
    """How often each set diverged and was drawn anew; ``None``: none ever did."""
    ended: list[str | None] | None
    """Why each set ended before its last step; ``None``: none did."""
    seconds: dict[str, float]
    files: dict[str, str]

    @property
    def run(self) -> Run:
        """As it is stored."""
        return self.chosen.run

    @property
    def metrics(self) -> dict[str, dict[str, float]]:
        """Of the chosen set, by period."""
        return self.scored.metrics

    @property
    def trajectory(self) -> Trajectory:
        """Of the pool over all periods, minute by minute."""
        return self.scored.trajectory

    def to_dict(self) -> dict[str, Json]:
        tree: dict[str, Json] = {**self.chosen.to_dict(), **self.scored.to_dict()}
        tree |= {"seconds": self.seconds, "files": self.files, "status": self.status}
        tree |= {
            name: sets
            for name, sets in (("redrawn", self.redrawn), ("ended", self.ended))
            if sets is not None
        }
        return tree

    def tables(self) -> Sequence[Table | str]:
        return self.scored.tables(self.chosen.title)


def train(
    settings: Train,
    selection: Selection = USUAL,
    fresh: bool = False,
    shorter: Run | None = None,
    monitor: Monitor | None = None,
) -> TrainingResult:
    """Train these settings to the end, or go on where an earlier call stopped,
    and assess the set that is selected.

    Args:
        fresh: start over; the old files are kept beside.
        shorter: a run of the same settings with fewer steps, whose whole state is taken over.

    Raises:
        ConfigError: the settings cannot be trained, or nothing can be selected so.
        DataError: there are no such prices, or the run was made from others.
        DivergedError: no parameter set has finite numbers.
        Interrupted: the monitor stopped it; what was done is saved.
    """
    monitor = monitor or Monitor()
    start_jax()
    choose = chooser(settings, selection)
    opening(settings)
    watch = Watch()
    market = load_market(settings, settings.test_end or settings.end)
    describe_market(market, monitor)
    watch.lap("data")
    store = Store(settings.runs_dir)
    data = data_digest(settings, market)
    if shorter is not None:
        same_data(shorter, data)
    with _opened(store, settings, data, fresh, monitor) as writer:
        if writer.status == "finished":
            monitor.note(
                f"run_{settings.fingerprint[:12]}… is finished; reusing it "
                f"({argument('fresh', True)} starts over)"
            )
        else:
            watch.split("compile", _fitted(settings, market, writer, monitor, shorter), "run")
        status = _STATUS[writer.status]
    run = store.load(settings.fingerprint)
    chosen = Chosen(settings, run, choose(run))
    scored = chosen.score(market, watch)
    redrawn, ended = _befell(run, settings, monitor)
    files = {"checkpoint": str(run.path), "trajectory": scored.file}
    return TrainingResult(chosen, scored, status, redrawn, ended, watch.seconds, files)


def _befell(
    run: Run, settings: Train, monitor: Monitor
) -> tuple[list[int] | None, list[str | None] | None]:
    """How often each parameter set diverged and was drawn anew,
    and why it ended before its steps, if any did.
    """
    fitter = Fit.typed(settings.fit)
    last = run.entries[-1]
    redrawn, ended = last.get("redrawn") or None, last.get("ended") or None
    if redrawn:
        said = ", ".join(
            f"set {one} {'once' if count == 1 else f'{count} times'}"
            for one, count in enumerate(redrawn)
            if count
        )
        monitor.warn(
            f"parameter sets diverged and were drawn anew: {said}; {fitter.advice} may help"
        )
    for reason in dict.fromkeys(filter(None, ended or ())):
        sets = ", ".join(str(one) for one, other in enumerate(ended or ()) if other == reason)
        monitor.note(f"set {sets} ended before step {fitter.steps}: {reason}")
    return redrawn, ended


def _opened(store: Store, settings: Train, data: str, fresh: bool, monitor: Monitor) -> Writer:
    """The writer of the run, once nobody else is."""
    try:
        return store.open(settings.identity(), data=data, fresh=fresh)
    except BusyError as busy:
        monitor.note(f"{busy.message}; waiting")
        return store.open(settings.identity(), data=data, fresh=False, wait=_PATIENCE)


def _fitted(
    settings: Train, market: Market, writer: Writer, monitor: Monitor, shorter: Run | None
) -> float:
    """Run the fit to its end under the writer's lock; seconds until the first
    entry, most of them compiling.
    """
    began, first = time.perf_counter(), 0.0
    run = TrainingRun(settings, market, writer)
    if shorter is not None and writer.status == "new":
        run.adopt(shorter)
        monitor.note(f"going on from step {run.step} of {shorter.name[:16]}…")
    elif run.entries:
        monitor.note(f"resuming run_{settings.fingerprint[:12]}… after step {run.step}")
    with (
        monitor.saving(run.interrupted) as check,
        monitor.progress("training", run.problem.fit.steps) as step,
    ):
        try:
            for report, progress in fit(run.problem, run.progress):
                first = first or time.perf_counter() - began
                run.record(report, progress)
                step(report.step, run.said(report))
                check()
        except DivergedError as lost:
            if not run.entries:
                raise
            run.save("stopped")
            told = f"{lost.message}; those up to step {run.step} are saved in {writer.path}"
            raise DivergedError(lost.where, told) from None
        run.save("finished")
    return first
