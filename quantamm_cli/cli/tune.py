"""``qsim tune``: a study whose trials are trainings, each a run of its own; it goes on where an earlier call stopped."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from quantamm_cli.cli.console import Console
from quantamm_cli.cli.options import Options
from quantamm_cli.cli.result import Watch
from quantamm_cli.errors import ConfigError, DivergedError
from quantamm_cli.settings.component import REGISTER, hint
from quantamm_cli.settings.decode import decode
from quantamm_cli.settings.digest import sha256
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.split import WalkForward
from quantamm_cli.store import atomic
from quantamm_cli.store.studies import StudyPlace
from quantamm_cli.tuning.settings import Study as Told

if TYPE_CHECKING:
    from quantamm_cli.config.search import Search
    from quantamm_cli.tuning.study import Study

SCHEMA = 1


def run(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """Search a space of settings for the highest objective; returns the JSON object."""
    told = decode(Told, tree["study"], "study")
    from quantamm_cli.cli.outcome import Outcome
    from quantamm_cli.cli.trials import Trials, left
    from quantamm_cli.config.search import Search

    watch = Watch()
    search = Search(tree, options.overrides, options.config_dir)
    period, metric = objective(told.objective, search.base)
    _warn(period, search, console)
    pruner = {} if told.pruner == "none" else {"pruner": told.pruner}
    if pruner and not isinstance(search.base.split, WalkForward):
        raise ConfigError("study.pruner", f"{told.pruner} goes by the cycles of a trial; add split=walk_forward, or leave it out")
    identity = {
        "schema": SCHEMA,
        "train": search.base.identity(),
        "space": {key: spec.told() for key, spec in search.space.items()},
        "objective": f"{period}.{metric}",
        "seed": told.seed,
    } | pruner
    place = StudyPlace(Path(search.base.runs_dir), sha256(identity))
    outcome = Outcome(place, identity, search, options, console)
    if options.dry_run:
        return outcome.planned()
    watch.lap("space")
    with place.held(options.fresh):
        study = _opened(place, told, search, identity, options)
        begun = bool(study.trials)
        study.bury()
        todo = left(study, told.trials)
        if todo:
            Trials(study, search, outcome, (period, metric), options, console).go_on(told.trials)
        watch.lap("trials")
        status = "reused" if not todo else "resumed" if begun else "new"
        outcome.write(study)
        if study.best is None:
            raise DivergedError("study", f"none of {len(study.trials)} trials has a score; the last: {study.trials[-1].reason}")
    watch.lap("write")
    return outcome.shown(study, status) | {"seconds": watch.seconds, "files": outcome.files}


def objective(name: str | None, settings: Train) -> tuple[str, str]:
    """Period and metric that trials are scored by. Raises ConfigError if there is no such thing in these settings."""
    from quantamm_cli.cli.stored import selection_metric

    if name is None and isinstance(settings.split, WalkForward):
        return "test", selection_metric(settings)
    if name is None:
        return ("validation" if "validation" in settings.periods else "train"), selection_metric(settings)
    period, dot, metric = name.partition(".")
    if not dot or period not in ("train", "validation", "test"):
        raise ConfigError("study.objective", f"'{name}' is not PERIOD.METRIC, such as validation.daily_log_sharpe or test.returns")
    if period not in settings.periods:
        raise ConfigError("study.objective", f"'{name}': these settings have no {period} period")
    if metric not in REGISTER["metric"]:
        raise ConfigError(
            "study.objective", f"no metric is called '{metric}'{hint(metric, REGISTER['metric'])}; `qsim show metrics` lists them"
        )
    return period, metric


def _warn(period: str, search: "Search", console: Console) -> None:
    from quantamm_cli.tuning.legal import moves_the_score

    if period == "test" and isinstance(search.base.split, WalkForward):
        console.warn("trials are chosen by their test blocks; judge the best of them on days after test_end")
    elif period == "test":
        console.warn("the objective is on the test period, so no period is left that did not choose the result")
    moved = moves_the_score(search.space)
    if moved:
        console.warn(f"trials are scored on different data, as {', '.join(moved)} is searched; their scores compare like with unlike")


def _opened(place: StudyPlace, told: Told, search: "Search", identity: dict[str, Any], options: Options) -> "Study":
    import optuna

    from quantamm_cli.tuning.study import Study

    notes = {"identity": identity, "optuna": optuna.__version__, "fresh": options.fresh}
    with atomic.telling(place.journal, "written"):
        return Study(place.journal, place.name, told.seed, search.space, search.given, notes, told.pruner)
