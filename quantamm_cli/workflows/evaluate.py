"""Scores a trained run on every period beside its benchmarks, with optional extras."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from quantamm_cli.engine.feed import feed as feed_of
from quantamm_cli.errors import StoreError
from quantamm_cli.evaluation.baseline import DRAWS
from quantamm_cli.evaluation.decomposition import decomposition
from quantamm_cli.market import Market
from quantamm_cli.metrics.undefined import short_periods
from quantamm_cli.reporting import periods as reported
from quantamm_cli.reporting.run_tables import parts_table, periods_table, sets_table
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.digest import sha256
from quantamm_cli.settings.history import older_json
from quantamm_cli.settings.json_tree import Json
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.types import date_text, minute
from quantamm_cli.store.runs import Entry, Run, Store
from quantamm_cli.workflows.assessment import Scored, scored
from quantamm_cli.workflows.curvature import curvature
from quantamm_cli.workflows.custom_periods import Dates, markets
from quantamm_cli.workflows.data import last_date, load_market
from quantamm_cli.workflows.evaluate_details import (
    PeriodScores,
    SetScores,
    custom_periods,
    other_sets,
)
from quantamm_cli.workflows.inputs import Bound, bound
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.random_baseline import RandomBaseline, random_baseline
from quantamm_cli.workflows.results import Result, Watch
from quantamm_cli.workflows.scored_history import scored_history
from quantamm_cli.workflows.selection import Selected, Selection, chooser, report_missed
from quantamm_cli.workflows.trajectory import Trajectory

Scores = dict[str, dict[str, float]]
"""Scores by period and metric."""


@dataclass(frozen=True)
class Chosen:
    """A parameter set of a run, under settings that may differ from the run's own."""

    settings: Train
    run: Run
    selected: Selected
    run_settings: Train
    """Those of the run itself."""
    beside: str = ""
    """12 digits of the digest of the data, if they are not those of the run."""

    @property
    def folder(self) -> Path:
        """The folder of this selection; other settings and other data have another one."""
        name = f"{self.selected.method}-{self.selected.step}-{self.selected.set}"
        if self.settings.fingerprint != self.run.fingerprint:
            name += "-" + sha256(self.settings.identity())[:12]
        run = self.run.folder
        if self.beside:
            run = Store(run.parent).folder(self.run.fingerprint, self.beside)
        return run / name

    @property
    def selection(self) -> reported.Selection:
        """The chosen set in the form of reports."""
        selected = self.selected
        return reported.Selection(selected.method, selected.step, selected.set, selected.by)

    def history(self) -> Sequence[Entry]:
        """Every step of the run, with the scores by which the set was chosen."""
        if self.selected.by is None:
            return self.run.history()
        return scored_history(self.run, self.run_settings, self.selected.by)

    @property
    def title(self) -> str:
        """The heading of its scores: run, selection, dates of the periods, older definitions."""
        start = minute(self.settings.start)
        dates = ", ".join(
            f"{name} from {date_text(start + first)}" for name, first, _ in self.settings.spans
        )
        head = f"{self.run.name[:16]}  {self.selection.summary}"
        return "\n".join([head, dates, *map(str, self.run.older)])

    def to_dict(self) -> dict[str, Json]:
        """The first part of the JSON object."""
        return {
            "run": self.run.name,
            "fingerprint": self.run.fingerprint,
            "selection": self.selected.to_dict(),
            **older_json(self.run.older),
        }

    def score(self, market: Market, watch: Watch, followed: bool = False) -> Scored:
        """Run over all periods and score beside the benchmarks.

        ``followed``: include the portfolios that follow the pool's weights, and fresh starts.
        """
        settings, params = self.settings, self.selected.params
        return scored(settings, params, settings.spans, market, self.folder, watch, followed)


def choose(settings: Train, run: Run, selection: Selection, run_settings: Train) -> Chosen:
    """Select a parameter set of a run, to be evaluated under ``settings``.

    ``run_settings`` are those of the run itself, by which its sets are selected.

    Raises:
        StoreError: the run has no completed step.
        ConfigError: the selection rule matches no set.
    """
    if not run.entries:
        raise StoreError(str(run.path), "has no completed step; run qsim train first")
    return Chosen(settings, run, chooser(run_settings, selection)(run), run_settings)


@dataclass(frozen=True)
class EvaluationResult(Result):
    """Scores of a chosen set on every period, with their explanation."""

    chosen: Chosen
    scored: Scored
    fresh: Scores
    """Scores of the pool, each period from a fresh start."""
    decomposition: Scores
    """The parts of each period's return."""
    random: RandomBaseline
    periods: dict[str, PeriodScores]
    """Scores of the user's own periods, by name."""
    sets: tuple[SetScores, ...]
    """Scores of other sets of the chosen step."""
    hessian_trace: float | None
    seconds: dict[str, float]
    files: dict[str, str]
    bound: Bound
    """What it was made from."""

    @property
    def metrics(self) -> Scores:
        """Scores of the pool, by period and metric."""
        return self.scored.metrics

    @property
    def undefined(self) -> dict[str, str]:
        """Why scores of the pool do not exist, by ``period.metric``."""
        return self.scored.undefined

    @property
    def trajectory(self) -> Trajectory:
        """The pool over all periods, minute by minute."""
        return self.scored.trajectory

    @property
    def benchmarks(self) -> dict[str, Scores]:
        """Scores of the benchmarks, by strategy, period and metric."""
        return self.scored.benchmarks | {"random": self.random.means}

    def to_dict(self) -> dict[str, Json]:
        tree: dict[str, Json] = {
            **self.chosen.to_dict(),
            **self.scored.to_dict(),
            "fresh": self.fresh,
        }
        tree |= {"decomposition": self.decomposition, "benchmarks": self.benchmarks}
        tree["random"] = {"draws": DRAWS, "beaten": self.random.beaten}
        if self.periods:
            tree["periods"] = {name: each.to_dict() for name, each in self.periods.items()}
        if self.sets:
            tree["sets"] = [each.to_dict() for each in self.sets]
        if self.hessian_trace is not None:
            tree["hessian_trace"] = self.hessian_trace
        return {**tree, **self.bound.to_dict(), "seconds": self.seconds, "files": self.files}

    def tables(self) -> Sequence[Table | str]:
        shown = [
            *self.scored.tables("\n".join([self.chosen.title, *self.bound.lines])),
            periods_table("each period from a fresh start", self.fresh, self.scored.short),
            parts_table(self.decomposition),
            self.random.table(),
        ]
        if self.periods:
            shown.append(self._own_periods_table())
        if self.sets:
            shown.append(self._sets_table())
        if self.hessian_trace is not None:
            shown.append(f"trace of the training objective's Hessian: {self.hessian_trace:.4g}")
        return shown

    def _own_periods_table(self) -> Table:
        dates, scores = [], {}
        for name, period in self.periods.items():
            dates.append(f"{name} {period.start} to {period.end}")
            scores[name] = period.metrics
        title = "own periods, each from a fresh start\n" + ", ".join(dates)
        spans = [(name, *each.span) for name, each in self.periods.items()]
        return periods_table(title, scores, short_periods(spans))

    def _sets_table(self) -> Table:
        chosen, rows = self.chosen.selected, []
        for each in self.sets:
            mark = " (chosen)" if each.set == chosen.set else ""
            rows.append((f"{each.set}{mark}", each.metrics))
        return sets_table(f"parameter sets of step {chosen.step}", rows, self.scored.short)


def check_evaluation(
    chosen: Chosen, dates: Sequence[Dates], other_data: bool, monitor: Monitor
) -> None:
    """Read all that an evaluation reads, and refuse what it would.

    Raises:
        DataError: as ``evaluate`` does.
    """
    settings = chosen.settings
    market = load_market(settings, last_date(settings))
    bound(chosen.run, chosen.run_settings, settings, market, other_data, monitor)
    markets(dates, settings, market)
    feed_of(settings, market)


def evaluate(
    chosen: Chosen,
    dates: Sequence[Dates] = (),
    sets: Sequence[int] = (),
    with_curvature: bool = False,
    watch: Watch | None = None,
    other_data: bool = False,
    monitor: Monitor | None = None,
) -> EvaluationResult:
    """Score a chosen set and write its trajectory.

    ``dates``: the user's own periods, each from a fresh start. ``sets``: other sets of the chosen
    step. ``with_curvature``: the trace of the training objective's Hessian. ``other_data``: go on
    although an input of the run has changed, and say so.

    Raises:
        DataError: an input of the run has changed since it was made.
    """
    watch, monitor = watch or Watch(), monitor or Monitor()
    settings = chosen.settings
    market = load_market(settings, last_date(settings))
    sources = bound(chosen.run, chosen.run_settings, settings, market, other_data, monitor)
    chosen = replace(chosen, beside=sources.suffix)
    report_missed(chosen.selected, chosen.run_settings, monitor)
    covered = markets(dates, settings, market)
    scores = chosen.score(market, watch, followed=True)
    pool, raw, feed, spans = scores.pool, scores.raw, scores.feed, settings.spans
    parts = decomposition(pool, raw, feed, spans, scores.assessment.trajectory)
    random = random_baseline(settings, scores)
    periods = custom_periods(dates, settings, scores, covered)
    others = other_sets(chosen.run, chosen.selected.step, sets, scores, spans)
    watch.lap("run")
    trace = None
    if with_curvature:
        trace = curvature(settings, market, raw)
        watch.lap("curvature")
    files = {"checkpoint": str(chosen.run.path), "trajectory": scores.file}
    anew = scores.assessment.fresh
    return EvaluationResult(
        chosen=chosen,
        scored=scores,
        fresh=anew,
        decomposition=parts,
        random=random,
        periods=periods,
        sets=others,
        hessian_trace=trace,
        seconds=watch.seconds,
        files=files,
        bound=sources,
    )
