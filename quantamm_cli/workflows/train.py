"""Training: fit, validate, save, select, score."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from quantamm_cli.errors import DivergedError, argument
from quantamm_cli.market import Market
from quantamm_cli.metrics import METRICS
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.json_tree import Json
from quantamm_cli.settings.run import Train
from quantamm_cli.store.advice import train_anew
from quantamm_cli.store.inputs import Change, Inputs, differences
from quantamm_cli.store.record import Entry
from quantamm_cli.store.runs import BusyError, Run, Store, Writer
from quantamm_cli.training.base import Fit
from quantamm_cli.training.fit import fit
from quantamm_cli.workflows.assessment import Scored
from quantamm_cli.workflows.data import describe_market, load_market
from quantamm_cli.workflows.evaluate import Chosen
from quantamm_cli.workflows.inputs import Bound, compared, inputs_of
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.refusals import check_training
from quantamm_cli.workflows.results import Result, Watch
from quantamm_cli.workflows.runtime import start_jax
from quantamm_cli.workflows.selection import USUAL, Selection, report_missed
from quantamm_cli.workflows.training_run import TrainingRun
from quantamm_cli.workflows.trajectory import Trajectory

_STATUS = {"new": "new", "resumed": "resumed", "finished": "reused"}
Observer = Callable[[Sequence[Entry]], None]
"""Sees the entries of a training as it goes on."""
_PATIENCE = 7 * 86400.0
"""Seconds to wait for another process that trains the same run."""


@dataclass(frozen=True)
class TrainingResult(Result):
    """A finished run and the parameter set that was chosen."""

    chosen: Chosen
    scored: Scored
    status: str
    """``new``, ``resumed`` or ``reused``."""
    redrawn: list[int] | None
    """How often each set diverged and was drawn anew; ``None``: none diverged."""
    ended: list[str | None] | None
    """Why each set ended before its last step; ``None``: none did."""
    seconds: dict[str, float]
    files: dict[str, str]
    bound: Bound
    """What it was made from."""

    @property
    def run(self) -> Run:
        """The stored run."""
        return self.chosen.run

    @property
    def metrics(self) -> dict[str, dict[str, float]]:
        """Scores of the chosen set, by period."""
        return self.scored.metrics

    @property
    def undefined(self) -> dict[str, str]:
        """Why scores of the chosen set do not exist, by ``period.metric``."""
        return self.scored.undefined

    @property
    def trajectory(self) -> Trajectory:
        """The pool over all periods, minute by minute."""
        return self.scored.trajectory

    def to_dict(self) -> dict[str, Json]:
        tree: dict[str, Json] = {**self.chosen.to_dict(), **self.scored.to_dict()}
        tree |= self.bound.to_dict()
        tree |= {"seconds": self.seconds, "files": self.files, "status": self.status}
        if self.redrawn is not None:
            tree["redrawn"] = self.redrawn
        if self.ended is not None:
            tree["ended"] = self.ended
        return tree

    def tables(self) -> Sequence[Table | str]:
        return self.scored.tables("\n".join([self.chosen.title, *self.bound.lines]))


def train(
    settings: Train,
    selection: Selection = USUAL,
    fresh: bool = False,
    shorter: Run | None = None,
    monitor: Monitor | None = None,
    other_data: bool = False,
    changes: tuple[Change, ...] = (),
    observer: Observer | None = None,
) -> TrainingResult:
    """Train these settings to the end, resuming where an earlier call stopped,
    and assess the selected set.

    Args:
        fresh: start over; the old files are renamed.
        shorter: a run of the same settings with fewer steps, to continue from its last state.
        other_data: if the run of these settings was made from other inputs, train beside it.
        changes: inputs that have changed of the run whose parameters a warm start begins with.
        observer: called with all entries, when it begins and after each step. If it raises, the
            completed steps are saved.

    Raises:
        ConfigError: the settings cannot be trained, or the selection does not fit them.
        DataError: the prices are missing, not valid, or not those the run was made from.
        DivergedError: every parameter set has numbers that are not finite.
        Interrupted: the monitor stopped it; the completed steps are saved.
    """
    monitor = monitor or Monitor()
    start_jax()
    choose = check_training(settings, selection)
    watch = Watch()
    market = load_market(settings, settings.test_end or settings.end)
    describe_market(market, monitor)
    watch.lap("data")
    store = Store(settings.runs_dir)
    sources, beside = Bound(inputs_of(settings, market), changes), ""
    data = sources.inputs
    if other_data and (beside := store.apart(settings.fingerprint, data)):
        plain = store.load(store.path(settings.fingerprint))
        changes = (*changes, *differences(plain.provenance, data).changes)
    if shorter is not None:
        changes = (*changes, *compared(shorter, data, other_data, monitor, (train_anew(),)))
    sources = replace(sources, changes=changes)
    with _open_writer(store, settings, data, beside, fresh, monitor) as writer:
        if writer.run is not None:
            compared(writer.run, data, False, monitor)
        if writer.status == "finished":
            monitor.note(
                f"run_{settings.fingerprint[:12]}… is finished; reusing it "
                f"({argument('fresh', True)} starts over)"
            )
            if observer is not None and writer.run is not None:
                observer(writer.run.history())
        else:
            compiled = _fit_to_end(settings, market, writer, monitor, shorter, observer)
            watch.split("compile", compiled, "run")
        status = _STATUS[writer.status]
    run = store.load(store.path(settings.fingerprint, beside))
    chosen = Chosen(settings, run, choose(run), settings)
    report_missed(chosen.selected, settings, monitor)
    scored = chosen.score(market, watch)
    redrawn, ended = _report_sets(run, settings, monitor)
    files = {"checkpoint": str(run.path), "trajectory": scored.file}
    return TrainingResult(chosen, scored, status, redrawn, ended, watch.seconds, files, sources)


def _report_sets(
    run: Run, settings: Train, monitor: Monitor
) -> tuple[list[int] | None, list[str | None] | None]:
    """``redrawn`` and ``ended`` of a result, shown on the monitor."""
    fitter = Fit.typed(settings.fit)
    last = run.entries[-1]
    redrawn, ended = last.get("redrawn") or None, last.get("ended") or None
    if redrawn:
        drawn = (f"set {number} {_times(count)}" for number, count in enumerate(redrawn) if count)
        monitor.warn(
            f"parameter sets diverged and were drawn anew: {', '.join(drawn)}; {fitter.advice} "
            "may help"
        )
    if "undefined" in last:
        metric, most = settings.metric.kind, max(last["undefined"])
        monitor.note(
            f"{metric} does not exist on up to {most} of {fitter.batch_size} windows of a step "
            f"({METRICS[metric].lacks}); they are left out"
        )
    numbers: dict[str, list[str]] = {}
    for number, reason in enumerate(ended or ()):
        if reason is not None:
            numbers.setdefault(reason, []).append(str(number))
    for reason, ended_sets in numbers.items():
        monitor.note(f"set {', '.join(ended_sets)} ended before step {fitter.steps}: {reason}")
    return redrawn, ended


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _open_writer(
    store: Store, settings: Train, data: Inputs, beside: str, fresh: bool, monitor: Monitor
) -> Writer:
    """The writer of the run, once no other process writes it."""
    identity = settings.identity()
    try:
        return store.open(identity, data=data, beside=beside, fresh=fresh)
    except BusyError as busy:
        monitor.note(f"{busy.message}; waiting")
        return store.open(identity, data=data, beside=beside, fresh=False, wait=_PATIENCE)


def _fit_to_end(
    settings: Train,
    market: Market,
    writer: Writer,
    monitor: Monitor,
    shorter: Run | None,
    observer: Observer | None,
) -> float:
    """Run the fit to its end under the writer's lock.

    Returns the seconds until the first entry, most of them for compiling.
    """
    start, first = time.perf_counter(), 0.0
    run = TrainingRun(settings, market, writer)
    if shorter is not None and writer.status == "new":
        run.adopt(shorter)
        monitor.note(f"continuing from step {run.step} of {shorter.name[:16]}…")
    elif run.entries:
        monitor.note(f"resuming run_{settings.fingerprint[:12]}… after step {run.step}")
    with (
        monitor.saving(run.interrupted) as check,
        monitor.progress("training", run.problem.fit.steps) as step,
    ):
        try:
            _observe(observer, run)
            for report, progress in fit(run.problem, run.progress):
                first = first or time.perf_counter() - start
                run.record(report, progress)
                step(report.step, run.progress_text(report))
                check()
                _observe(observer, run)
        except DivergedError as failure:
            if not run.entries:
                raise
            run.save("stopped")
            message = f"{failure.message}; those up to step {run.step} are saved in {writer.path}"
            raise DivergedError(failure.where, message) from None
        run.save("finished")
    return first


def _observe(observer: Observer | None, run: TrainingRun) -> None:
    """Show the entries to the observer, and save them if it raises."""
    if observer is None:
        return
    try:
        observer(run.entries)
    except BaseException:
        if run.entries:
            run.save("stopped")
        raise
