"""A study whose trials are trainings, each a run of its own; it goes on
where an earlier call stopped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from quantamm_cli.config.search_space import Search
from quantamm_cli.errors import ConfigError, DivergedError
from quantamm_cli.reporting.study_tables import trials_table
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.component import REGISTER
from quantamm_cli.settings.digest import plain as plain_tree
from quantamm_cli.settings.digest import sha256
from quantamm_cli.settings.history import IDENTITY, named_meanings
from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.split import WalkForward
from quantamm_cli.settings.suggestions import did_you_mean
from quantamm_cli.store import atomic
from quantamm_cli.store.studies import StudyPlace
from quantamm_cli.tuning.legal import moves_the_score
from quantamm_cli.tuning.optuna import optuna
from quantamm_cli.tuning.settings import Study as StudySettings
from quantamm_cli.tuning.space import Choices, Range
from quantamm_cli.tuning.study import Study, Trial
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.results import Result, Watch
from quantamm_cli.workflows.selection import selection_metric
from quantamm_cli.workflows.study_files import StudyFiles, record, trials_told
from quantamm_cli.workflows.study_runner import StudyRunner, left


@dataclass(frozen=True)
class StudyPlan(Result):
    """What is searched and by what it is scored, checked."""

    search: Search
    settings: StudySettings
    period: str
    metric: str
    identity: JsonObject
    """What names the study."""

    @property
    def objective(self) -> str:
        """What trials are scored by."""
        return f"{self.period}.{self.metric}"

    @property
    def place(self) -> StudyPlace:
        """Where it is kept."""
        return StudyPlace(Path(self.search.base.runs_dir), sha256(self.identity))

    def to_dict(self) -> dict[str, Json]:
        files = StudyFiles(self.place, self.identity, self.search, (), Monitor()).paths
        named = {"study": self.place.name, "objective": self.objective}
        return {
            **named,
            "space": self.identity["space"],
            "settings": self.identity["train"],
            "files": files,
        }

    def tables(self) -> Sequence[Table | str]:
        there = " (exists)" if self.place.journal.exists() else ""
        rows = [
            [key, *_range(spec), self.search.base_values.get(key)]
            for key, spec in self.search.space.items()
        ]
        place = f"fingerprint {self.place.fingerprint}\nstudy       {self.place.folder}{there}"
        return [
            Table.of("", ["setting", "from", "to", "scale", "as it is"], rows),
            f"objective   {self.objective}\n{place}",
        ]


@dataclass(frozen=True)
class StudyResult(Result):
    """All trials, and the best of them."""

    place: StudyPlace
    objective: str
    searched: tuple[str, ...]
    status: str
    """``new``, ``resumed`` or ``reused``."""
    study: Study
    seconds: dict[str, float]
    files: dict[str, str]

    @property
    def trials(self) -> list[Trial]:
        """In the order in which they began."""
        return self.study.trials

    @property
    def best(self) -> Trial | None:
        """The one with the highest value."""
        return self.study.best

    def to_dict(self) -> dict[str, Json]:
        named = {"study": self.place.name, "status": self.status, "objective": self.objective}
        return {
            **named,
            **trials_told(self.study, self.place),
            "seconds": self.seconds,
            "files": self.files,
        }

    def tables(self) -> Sequence[Table | str]:
        best = None if self.best is None else self.best.number
        trials = [record(trial) for trial in self.trials]
        return [
            trials_table(f"{self.place.name[:18]}  {self.objective}", trials, self.searched, best)
        ]

    def notes(self) -> Sequence[str]:
        return [f"the best again: qsim train conf={self.files['experiment']}"]


def plan(search: Search, settings: StudySettings, monitor: Monitor) -> StudyPlan:
    """Check what a study is asked for, and name it. Raises ConfigError."""
    period, metric = objective(settings.objective, search.base)
    _warn(period, search, monitor)
    pruner = {} if settings.pruner == "none" else {"pruner": settings.pruner}
    if pruner and not isinstance(search.base.split, WalkForward):
        raise ConfigError(
            "study.pruner",
            f"{settings.pruner} goes by the cycles of a trial; add "
            "split=walk_forward, or leave it out",
        )
    meanings = named_meanings([f"metric/{metric}", *_named(search)])
    identity: JsonObject = {
        "schema": IDENTITY,
        "train": search.base.identity(),
        "space": {key: spec.told() for key, spec in search.space.items()},
        "objective": f"{period}.{metric}",
        "seed": settings.seed,
        **pruner,
        **({"meanings": meanings} if meanings else {}),
    }
    return StudyPlan(search, settings, period, metric, identity)


def _named(search: Search) -> list[str]:
    """The components that a study chooses among."""
    return [
        f"{key.replace('.', '/')}/{value}"
        for key, spec in search.space.items()
        if isinstance(spec, Choices)
        for value in spec.values
        if isinstance(value, str)
    ]


def tune(
    planned: StudyPlan,
    words: Sequence[str],
    fresh: bool,
    monitor: Monitor,
    watch: Watch | None = None,
) -> StudyResult:
    """Trials until there are as many as asked for, or those that are there.

    ``words``: overrides the study was asked for with.

    Raises:
        DivergedError: no trial has a score.
        Interrupted: the monitor stopped it; what was done is saved.
    """
    watch = watch or Watch()
    place, files = (
        planned.place,
        StudyFiles(planned.place, planned.identity, planned.search, words, monitor),
    )
    with place.held(fresh):
        study = _opened(planned, fresh)
        begun = bool(study.trials)
        study.bury()
        todo = left(study, planned.settings.trials)
        if todo:
            StudyRunner(
                study, planned.search, files, (planned.period, planned.metric), monitor
            ).run(planned.settings.trials)
        watch.lap("trials")
        status = "reused" if not todo else "resumed" if begun else "new"
        files.write(study)
        if study.best is None:
            raise DivergedError(
                "study",
                f"none of {len(study.trials)} trials has a score; the last: "
                f"{study.trials[-1].reason}",
            )
    watch.lap("write")
    return StudyResult(
        place,
        planned.objective,
        tuple(planned.search.space),
        status,
        study,
        watch.seconds,
        files.paths,
    )


def objective(name: str | None, settings: Train) -> tuple[str, str]:
    """Period and metric that trials are scored by.

    Raises ConfigError if there is no such thing in these settings.
    """
    if name is None and isinstance(settings.split, WalkForward):
        return "test", selection_metric(settings)
    if name is None:
        return ("validation" if "validation" in settings.periods else "train"), selection_metric(
            settings
        )
    period, dot, metric = name.partition(".")
    if not dot or period not in ("train", "validation", "test"):
        raise ConfigError(
            "study.objective",
            f"'{name}' is not PERIOD.METRIC, such as validation.daily_log_sharpe or test.returns",
        )
    if period not in settings.periods:
        raise ConfigError("study.objective", f"'{name}': these settings have no {period} period")
    if metric not in REGISTER["metric"]:
        raise ConfigError(
            "study.objective",
            f"no metric is called '{metric}'{did_you_mean(metric, REGISTER['metric'])}; `qsim "
            "show metrics` lists them",
        )
    return period, metric


def _warn(period: str, search: Search, monitor: Monitor) -> None:
    if period == "test" and isinstance(search.base.split, WalkForward):
        monitor.warn(
            "trials are chosen by their test blocks; judge the best of them on days after test_end"
        )
    elif period == "test":
        monitor.warn(
            "the objective is on the test period, so no period is left that did "
            "not choose the result"
        )
    moved = moves_the_score(search.space)
    if moved:
        monitor.warn(
            f"trials are scored on different data, as {', '.join(moved)} is searched; their scores "
            "compare like with unlike"
        )


def _opened(planned: StudyPlan, fresh: bool) -> Study:
    notes: JsonObject = {"identity": planned.identity, "optuna": optuna.__version__, "fresh": fresh}
    place, settings, search = planned.place, planned.settings, planned.search
    with atomic.reporting_errors(place.journal, "written"):
        return Study(
            place.journal,
            place.name,
            settings.seed,
            search.space,
            search.base_values,
            notes,
            settings.pruner,
        )


def _range(spec: Range | Choices) -> list[Json]:
    """Two ends and a scale, or the choices."""
    if isinstance(spec, Choices):
        return [" ".join(map(str, plain_tree(spec.values))), None, "choices"]
    step = f" by {spec.step:g}" if spec.step else ""
    return [*spec.ends, f"{'log ' * spec.log}{'int' if spec.whole else 'float'}{step}"]
