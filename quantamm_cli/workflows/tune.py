"""A study whose trials are trainings, each a stored run; an interrupted study is resumed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from quantamm_cli.config.search_space import Search
from quantamm_cli.errors import ConfigError, DivergedError, StoreError
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
from quantamm_cli.store.inputs import Inputs, differences, of_document
from quantamm_cli.store.other_results import read_study
from quantamm_cli.store.result_names import StoredResult
from quantamm_cli.store.studies import StudyPlace
from quantamm_cli.tuning.optuna import optuna
from quantamm_cli.tuning.settings import Study as StudySettings
from quantamm_cli.tuning.shape import StudyShape
from quantamm_cli.tuning.space import Choices, Range
from quantamm_cli.tuning.space_check import changes_the_score
from quantamm_cli.tuning.study import Study, Trial
from quantamm_cli.workflows.data import last_date, load_market
from quantamm_cli.workflows.inputs import Bound, inputs_of
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.refusals import check_period, check_training
from quantamm_cli.workflows.results import Result, Watch
from quantamm_cli.workflows.runtime import start_jax
from quantamm_cli.workflows.selection import USUAL, selection_metric, selection_period
from quantamm_cli.workflows.study_files import StudyFiles, record, trials_json
from quantamm_cli.workflows.study_runner import StudyRunner, remaining_trials

_OTHERS = {"start", "end", "test_end", "split", "objective", "metric", "pool"}
"""The settings without which the base says nothing of the trials."""


@dataclass(frozen=True)
class StudyPlan(Result):
    """A checked study: what is searched, and the score of a trial."""

    search: Search
    settings: StudySettings
    period: str
    metric: str
    identity: JsonObject
    """Its fingerprint is the digest of this tree."""
    beside: str = ""
    """12 digits of the digest of its data, if the plain name has other data."""

    @property
    def objective(self) -> str:
        """PERIOD.METRIC, the score of a trial."""
        return f"{self.period}.{self.metric}"

    @property
    def place(self) -> StudyPlace:
        """The folder of the study."""
        runs = Path(self.search.base.runs_dir)
        return StudyPlace(runs, sha256(self.identity), beside=self.beside)

    def to_dict(self) -> dict[str, Json]:
        files = StudyFiles(self.place, self.identity, self.search, (), Monitor()).paths
        return {
            "study": self.place.name,
            "objective": self.objective,
            "space": self.identity["space"],
            "settings": self.identity["train"],
            "files": files,
        }

    def tables(self) -> Sequence[Table | str]:
        mark = " (exists)" * self.place.journal.exists()
        first = self.search.base_values
        rows = [[key, *_range(spec), first.get(key)] for key, spec in self.search.space.items()]
        place = f"fingerprint {self.place.fingerprint}\nstudy       {self.place.folder}{mark}"
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
    bound: Bound
    """What the base settings read."""

    @property
    def trials(self) -> list[Trial]:
        """In the order of their starts."""
        return self.study.trials

    @property
    def best(self) -> Trial | None:
        """The trial with the highest value."""
        return self.study.best

    def to_dict(self) -> dict[str, Json]:
        return {
            "study": self.place.name,
            "status": self.status,
            "objective": self.objective,
            **trials_json(self.study, self.place),
            **self.bound.to_dict(),
            "seconds": self.seconds,
            "files": self.files,
        }

    def tables(self) -> Sequence[Table | str]:
        best = None if self.best is None else self.best.number
        trials = [record(trial) for trial in self.trials]
        caption = f"{self.place.name[:18]}  {self.objective}"
        return [trials_table(caption, trials, self.searched, best, self.objective)]

    def notes(self) -> Sequence[str]:
        return [f"to train the best again: qsim train conf={self.files['experiment']}"]


def plan(search: Search, settings: StudySettings, monitor: Monitor) -> StudyPlan:
    """Check the settings of a study and name it. Raises ConfigError."""
    scored = settings.objective.of
    if isinstance(scored, tuple):
        raise ConfigError("study.objective", "give one PERIOD.METRIC")
    period, metric = objective(scored, search.base)
    _check_base(search, period, metric, scored)
    _warn(period, search, monitor)
    cycles = len(search.base.cycles) if isinstance(search.base.split, WalkForward) else None
    shape = StudyShape.of(search.space, settings.trials, cycles=cycles)
    sampler, pruner = settings.sampler.resolved(shape), settings.pruner.resolved(shape)
    for text in filter(None, (sampler.advice(shape), pruner.advice(shape))):
        monitor.note(text)
    settings = settings.model_copy(update={"sampler": sampler, "pruner": pruner})
    meanings = named_meanings([f"metric/{metric}", *_chosen_components(search)])
    identity: JsonObject = {
        "schema": IDENTITY,
        "meaning": settings.meaning,
        "train": search.base.identity(),
        "space": {key: spec.to_dict() for key, spec in search.space.items()},
        "objective": f"{period}.{metric}",
        "seed": settings.seed,
        "sampler": plain_tree(sampler),
        "pruner": plain_tree(pruner),
        **({"meanings": meanings} if meanings else {}),
    }
    return StudyPlan(search, settings, period, metric, identity)


def _chosen_components(search: Search) -> list[str]:
    """The components that a study chooses among, as ``group/name``."""
    names = []
    for key, spec in search.space.items():
        if isinstance(spec, Choices):
            texts = [value for value in spec.values if isinstance(value, str)]
            names += [f"{key.replace('.', '/')}/{value}" for value in texts]
    return names


def tune(
    planned: StudyPlan,
    overrides: Sequence[str],
    fresh: bool,
    monitor: Monitor,
    watch: Watch | None = None,
    other_data: bool = False,
) -> StudyResult:
    """Run trials until the study has as many as its settings say.

    ``overrides``: those of the command, for the file of the best trial. ``other_data``: if the
    study was made from other inputs, run another beside it.

    Raises:
        DataError: the study was made from other inputs.
        DivergedError: no trial has a score.
        Interrupted: the monitor stopped it; the finished trials are saved.
    """
    watch, base = watch or Watch(), planned.search.base
    inputs = inputs_of(base, load_market(base, last_date(base)))
    place, sources, compares = _bound_place(planned.place, inputs, fresh, other_data, monitor)
    planned = replace(planned, beside=place.beside)
    stored = inputs if compares else None
    files = StudyFiles(place, planned.identity, planned.search, overrides, monitor, stored)
    with place.held(fresh):
        study = _open_study(planned, fresh)
        status = "resumed" if study.trials else "new"
        study.fail_abandoned()
        if remaining_trials(study, planned.settings.trials):
            goal = planned.period, planned.metric
            runner = StudyRunner(study, planned.search, files, goal, monitor, other_data)
            runner.run(planned.settings.trials)
        else:
            status = "reused"
        watch.lap("trials")
        files.write(study)
        if study.best is None:
            raise DivergedError(
                "study",
                f"none of {len(study.trials)} trials has a score; reason of the last: "
                f"{study.trials[-1].reason}",
            )
    watch.lap("write")
    searched = tuple(planned.search.space)
    return StudyResult(
        place, planned.objective, searched, status, study, watch.seconds, files.paths, sources
    )


def _bound_place(
    place: StudyPlace, now: Inputs, fresh: bool, other_data: bool, monitor: Monitor
) -> tuple[StudyPlace, Bound, bool]:
    """The folder of the study of these inputs, and whether its inputs are stored.

    Raises DataError if the study was made from others, unless ``other_data``.
    """
    if fresh or not place.summary.exists():
        return place, Bound(now), True
    try:
        data = read_study(StoredResult("study", place.fingerprint, place.folder)).get("data")
    except StoreError:  # a damaged summary is written again
        return place, Bound(now), True
    if data is None:
        monitor.note(f"{place.name[:18]}… was stored without digests of its data; not compared")
        return place, Bound(now), False
    apart = differences(of_document(data), now)
    if not other_data:
        apart.refuse(str(place.folder))
    if apart.changes:
        place = replace(place, beside=now.suffix)
    return place, Bound(now, apart.changes), True


def objective(name: str | None, settings: Train) -> tuple[str, str]:
    """Period and metric of a trial's score. Raises ConfigError if the settings lack them."""
    if name is None:
        return _default_period(settings), selection_metric(settings)
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


def _check_base(search: Search, period: str, metric: str, named: str | None) -> None:
    """Raise ConfigError if no trial could be trained, or have a score, as the base cannot. Where
    what this depends on is searched, each trial shows it.
    """
    if any(key.split(".")[0] in _OTHERS for key in search.space):
        return
    start_jax()
    for each in search.base.cycles:
        check_training(each, USUAL)
        check_period(each, period, metric, "metric" if named is None else "study.objective")


def _default_period(settings: Train) -> str:
    if isinstance(settings.split, WalkForward):
        return "test"
    return selection_period(settings)


def _warn(period: str, search: Search, monitor: Monitor) -> None:
    if period == "test" and isinstance(search.base.split, WalkForward):
        monitor.warn(
            "trials are chosen by their test blocks; "
            "evaluate the best of them on days after test_end"
        )
    elif period == "test":
        monitor.warn("the objective is on the test period, so its scores are not out of sample")
    moved = changes_the_score(search.space)
    if moved:
        monitor.warn(
            f"trials are scored on different data, as {', '.join(moved)} is searched; do not "
            "compare their scores"
        )


def _open_study(planned: StudyPlan, fresh: bool) -> Study:
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
            settings.sampler,
            len(search.base.cycles),
        )


def _range(spec: Range | Choices) -> list[Json]:
    """Low, high and scale, or the choices."""
    if isinstance(spec, Choices):
        return [" ".join(map(str, plain_tree(spec.values))), None, "choices"]
    scale = "int" if spec.integer else "float"
    if spec.log:
        scale = f"log {scale}"
    if spec.step:
        scale += f" by {spec.step:g}"
    return [*spec.ends, scale]
