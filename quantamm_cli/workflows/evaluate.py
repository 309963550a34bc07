"""A trained run, scored on every period beside its benchmarks,
and from whatever other side is asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from quantamm_cli.errors import StoreError
from quantamm_cli.evaluation.assess import fresh
from quantamm_cli.evaluation.baseline import DRAWS
from quantamm_cli.evaluation.decomposition import decomposition
from quantamm_cli.market import Market
from quantamm_cli.reporting import periods as reported
from quantamm_cli.reporting.run_tables import parts_table, periods_table, sets_table
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.digest import sha256
from quantamm_cli.settings.history import older_json
from quantamm_cli.settings.json_tree import Json
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.types import date_text, minute
from quantamm_cli.store.runs import Run
from quantamm_cli.workflows.assessment import Scored, scored
from quantamm_cli.workflows.curvature import curvature
from quantamm_cli.workflows.custom_periods import Dates, markets
from quantamm_cli.workflows.data import load_market
from quantamm_cli.workflows.evaluate_details import (
    PeriodScores,
    SetScores,
    custom_periods,
    other_sets,
)
from quantamm_cli.workflows.random_baseline import RandomBaseline, random_baseline
from quantamm_cli.workflows.results import Result, Watch
from quantamm_cli.workflows.selection import Selected, Selection, chooser
from quantamm_cli.workflows.trajectory import Trajectory

Scores = dict[str, dict[str, float]]
"""By period and name."""


@dataclass(frozen=True)
class Chosen:
    """A parameter set of a run, under settings that may differ from the run's own."""

    settings: Train
    run: Run
    selected: Selected

    @property
    def folder(self) -> Path:
        """A folder for each selection; other settings than the run's own get one of their own."""
        name = f"{self.selected.method}-{self.selected.step}-{self.selected.set}"
        if self.settings.fingerprint != self.run.fingerprint:
            name += "-" + sha256(self.settings.identity())[:12]
        return self.run.folder / name

    @property
    def selection(self) -> reported.Selection:
        """The chosen set as a report names it."""
        return reported.Selection(self.selected.method, self.selected.step, self.selected.set)

    @property
    def title(self) -> str:
        """What heads its scores: the run, the selection, the dates of its
        periods, older definitions.
        """
        start = minute(self.settings.start)
        dates = ", ".join(
            f"{name} from {date_text(start + first)}" for name, first, _ in self.settings.spans
        )
        head = f"{self.run.name[:16]}  {self.selection.summary}"
        return "\n".join([head, dates, *map(str, self.run.older)])

    def to_dict(self) -> dict[str, Json]:
        """What the JSON object begins with."""
        return {
            "run": self.run.name,
            "fingerprint": self.run.fingerprint,
            "selection": self.selected.to_dict(),
            **older_json(self.run.older),
        }

    def score(self, market: Market, watch: Watch, followed: bool = False) -> Scored:
        """Over all periods as one run, beside its benchmarks; ``followed``:
        the portfolios that follow its weights, too.
        """
        settings = self.settings
        return scored(
            settings, self.selected.params, settings.spans, market, self.folder, watch, followed
        )


def choose(settings: Train, run: Run, selection: Selection, own: Train) -> Chosen:
    """What a selection takes of a run whose ``own`` settings may be others than
    those it is looked at under.

    Raises:
        StoreError: the run has no step yet.
        ConfigError: there is nothing that could be chosen so.
    """
    if not run.entries:
        raise StoreError(str(run.path), "holds no step yet; let qsim train take one")
    return Chosen(settings, run, chooser(own, selection)(run))


@dataclass(frozen=True)
class EvaluationResult(Result):
    """Scores of a chosen set on every period, and what explains them."""

    chosen: Chosen
    scored: Scored
    fresh: Scores
    """Of the pool, each period from a fresh start."""
    decomposition: Scores
    """What each period's return is made of."""
    random: RandomBaseline
    periods: dict[str, PeriodScores]
    """The user's own periods by name."""
    sets: tuple[SetScores, ...]
    """Other sets of the chosen step."""
    hessian_trace: float | None
    seconds: dict[str, float]
    files: dict[str, str]

    @property
    def metrics(self) -> Scores:
        """Of the pool, by period."""
        return self.scored.metrics

    @property
    def trajectory(self) -> Trajectory:
        """Of the pool over all periods, minute by minute."""
        return self.scored.trajectory

    @property
    def benchmarks(self) -> dict[str, Scores]:
        """By strategy and period."""
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
            tree["periods"] = {name: each._asdict() for name, each in self.periods.items()}
        if self.sets:
            tree["sets"] = [each._asdict() for each in self.sets]
        if self.hessian_trace is not None:
            tree["hessian_trace"] = self.hessian_trace
        return {**tree, "seconds": self.seconds, "files": self.files}

    def tables(self) -> Sequence[Table | str]:
        shown = [
            *self.scored.tables(self.chosen.title),
            periods_table("each period from a fresh start", self.fresh),
            parts_table(self.decomposition),
            self.random.table(),
        ]
        if self.periods:
            said = ", ".join(
                f"{name} {each.start} to {each.end}" for name, each in self.periods.items()
            )
            scores = {name: each.metrics for name, each in self.periods.items()}
            shown.append(periods_table(f"own periods, each from a fresh start\n{said}", scores))
        if self.sets:
            chosen = self.chosen.selected
            named = [
                (f"{each.set} (chosen)" if each.set == chosen.set else str(each.set), each.metrics)
                for each in self.sets
            ]
            shown.append(sets_table(f"parameter sets of step {chosen.step}", named))
        if self.hessian_trace is not None:
            shown.append(f"trace of the training objective's Hessian: {self.hessian_trace:.4g}")
        return shown


def evaluate(
    chosen: Chosen,
    dates: Sequence[Dates] = (),
    sets: Sequence[int] = (),
    with_curvature: bool = False,
    watch: Watch | None = None,
) -> EvaluationResult:
    """Score what is chosen from every side, and write its trajectory.

    ``dates``: the user's own periods, each from a fresh start. ``sets``: others of the chosen step.
    ``with_curvature``: the trace of the training objective's Hessian.
    """
    watch = watch or Watch()
    settings = chosen.settings
    market = load_market(settings, settings.test_end or settings.end)
    own = markets(dates, settings, market)
    found = chosen.score(market, watch, followed=True)
    pool, raw, feed, spans = found.pool, found.raw, found.feed, settings.spans
    afresh = fresh(pool, raw, feed, spans)
    parts = decomposition(pool, raw, feed, spans, found.assessment.trajectory)
    random = random_baseline(settings, found)
    periods = custom_periods(dates, settings, found, own)
    others = other_sets(chosen.run, chosen.selected.step, sets, found, spans)
    watch.lap("run")
    trace = None
    if with_curvature:
        trace = curvature(settings, market, raw)
        watch.lap("curvature")
    files = {"checkpoint": str(chosen.run.path), "trajectory": found.file}
    return EvaluationResult(
        chosen, found, afresh, parts, random, periods, others, trace, watch.seconds, files
    )
