"""A study before its first trial: what is searched, how, and by what scores; and its name."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from quantamm_cli.config.search_space import Search
from quantamm_cli.reporting.study_tables import range_row
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.digest import plain, sha256
from quantamm_cli.settings.history import IDENTITY, named_meanings
from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.settings.split import WalkForward
from quantamm_cli.store.studies import StudyPlace
from quantamm_cli.tuning.goals import Goal, goal
from quantamm_cli.tuning.samplers.grid import Grid
from quantamm_cli.tuning.settings import Study as StudySettings
from quantamm_cli.tuning.shape import StudyShape
from quantamm_cli.tuning.space import Choices, setting_of
from quantamm_cli.tuning.space_check import changes_the_score
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.refusals import check_period, check_training
from quantamm_cli.workflows.results import Result
from quantamm_cli.workflows.runtime import start_jax
from quantamm_cli.workflows.selection import USUAL

_OTHERS = {"start", "end", "test_end", "split", "objective", "metric", "pool"}
"""The settings without which the base says nothing of the trials."""


@dataclass(frozen=True)
class StudyPlan(Result):
    """A checked study: what is searched, and the scores of a trial."""

    search: Search
    settings: StudySettings
    """With the sampler and the pruner that ``auto`` stands for."""
    goal: Goal
    first: Sequence[JsonObject]
    """The values of the first trials, by the names of the journal."""
    identity: JsonObject
    """Its fingerprint is the digest of this tree."""
    beside: str = ""
    """12 digits of the digest of its data, if the plain name has other data."""

    @property
    def objective(self) -> str:
        """PERIOD.METRIC, or several."""
        return ", ".join(self.goal.names)

    @property
    def place(self) -> StudyPlace:
        """The folder of the study."""
        runs = Path(self.search.base.runs_dir)
        return StudyPlace(runs, sha256(self.identity), beside=self.beside)

    @property
    def parts(self) -> int:
        """How many reports a trial makes at most."""
        base = self.search.base
        if isinstance(base.split, WalkForward):
            return len(base.cycles)
        return max(1, self.settings.pruner.training_reports)

    def to_dict(self) -> dict[str, Json]:
        return {
            "study": self.place.name,
            "objective": self.objective,
            "space": self.identity["space"],
            "settings": self.identity["train"],
            "files": self.place.paths,
        }

    def tables(self) -> Sequence[Table | str]:
        mark = " (exists)" * self.place.journal.exists()
        first = self.search.base_values
        rows = [[key, *range_row(spec), first.get(key)] for key, spec in self.search.space.items()]
        lines = [
            f"objective   {self.objective}",
            f"sampler     {self.settings.sampler.kind}, pruner {self.settings.pruner.kind}",
            f"fingerprint {self.place.fingerprint}",
            f"study       {self.place.folder}{mark}",
        ]
        columns = ["setting", "from", "to", "scale", "as it is"]
        return [Table.of("", columns, rows), "\n".join(lines)]


def plan(search: Search, settings: StudySettings, monitor: Monitor) -> StudyPlan:
    """Check the settings of a study and name it. Raises ConfigError."""
    base = search.base
    aim = goal(settings.objective, settings.gap_penalty, settings.constraints, base)
    _check_base(search, aim)
    settings = _resolved(settings, search, aim, monitor)
    _warn(aim, search, monitor)
    identity: dict[str, Json] = {
        "schema": IDENTITY,
        "meaning": settings.meaning,
        "train": base.identity(),
        "space": {key: spec.to_dict() for key, spec in search.space.items()},
        "seed": settings.seed,
        "sampler": plain(settings.sampler),
        "pruner": plain(settings.pruner),
        **aim.identity(),
    }
    first = search.first(settings.first)
    if first:
        identity["first"] = list(first)
    if isinstance(settings.sampler, Grid):
        first, settings = _grid(settings, settings.sampler, search, monitor)
    meanings = named_meanings([*aim.components, *_chosen_components(search)])
    if meanings:
        identity["meanings"] = meanings
    return StudyPlan(search, settings, aim, first or [search.base_values], identity)


def _resolved(
    settings: StudySettings, search: Search, aim: Goal, monitor: Monitor
) -> StudySettings:
    """The settings with the sampler and the pruner that suit the study. Raises ConfigError."""
    base = search.base
    walks = isinstance(base.split, WalkForward)
    shape = replace(
        StudyShape.of(search.space, settings.trials, len(base.cycles) if walks else None),
        conditional=search.conditional,
        objectives=len(aim.targets),
        constrained=bool(aim.limits),
    )
    sampler, pruner = settings.sampler.resolved(shape), settings.pruner.resolved(shape)
    for text in filter(None, (sampler.advice(shape), pruner.advice(shape))):
        monitor.note(text)
    return settings.model_copy(update={"sampler": sampler, "pruner": pruner})


def _grid(
    settings: StudySettings, grid: Grid, search: Search, monitor: Monitor
) -> tuple[list[JsonObject], StudySettings]:
    """The points of a grid as first trials, and as many trials at most."""
    points = list(islice(search.grid(grid.points), settings.trials + 1))
    if len(points) > settings.trials:
        monitor.note(
            f"the grid has more points than study.trials={settings.trials}; the first are tried"
        )
    points = points[: settings.trials]
    return points, settings.model_copy(update={"trials": len(points)})


def _chosen_components(search: Search) -> list[str]:
    """The components that a study chooses among, as ``group/name``."""
    names = []
    for key, spec in search.space.items():
        if isinstance(spec, Choices):
            texts = [value for value in spec.values if isinstance(value, str)]
            group = setting_of(key).replace(".", "/")
            names += [f"{group}/{value}" for value in texts]
    return names


def _check_base(search: Search, aim: Goal) -> None:
    """Raise ConfigError if no trial could be trained, or have a score, as the base cannot. Where
    what this depends on is searched, each trial shows it.
    """
    if any(key.split(".")[0] in _OTHERS for key in search.space):
        return
    start_jax()
    for each in search.base.cycles:
        check_training(each, USUAL)
        for reading in aim.readings:
            check_period(each, reading.target.period, reading.target.metric, reading.where)


def _warn(aim: Goal, search: Search, monitor: Monitor) -> None:
    on_test = any(period == "test" for period, _ in aim.targets)
    if on_test and isinstance(search.base.split, WalkForward):
        monitor.warn(
            "trials are chosen by their test blocks; "
            "evaluate the best of them on days after test_end"
        )
    elif on_test:
        monitor.warn("the objective is on the test period, so its scores are not out of sample")
    moved = changes_the_score(search.space)
    if moved:
        monitor.warn(
            f"trials are scored on different data, as {', '.join(moved)} is searched; do not "
            "compare their scores"
        )
