"""``qsim tune``: searches over settings; and looks at, joins, stops and exports studies.

Each trial is a training; the best settings are written to a file for conf=.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from quantamm_cli.cli import flags
from quantamm_cli.cli.command import RUNS, Command, Flag
from quantamm_cli.errors import ConfigError

if TYPE_CHECKING:
    from quantamm_cli.cli.options import Options
    from quantamm_cli.config.composed import Composed
    from quantamm_cli.workflows.monitor import Monitor
    from quantamm_cli.workflows.results import Result
    from quantamm_cli.workflows.study_verbs import OpenStudy


def run(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    """Search a space of settings for the highest objective, or do what a verb says."""
    if not options.words:
        return _tune(composed, options, monitor)
    verb, *names = options.words
    _check_options(verb, options)
    if not names:
        raise ConfigError(verb, f"needs a study: qsim tune {verb} STUDY; `qsim runs list` has them")
    if names[1:] and verb != "retry":
        raise ConfigError(" ".join(names[1:]), f"qsim tune {verb} takes one study")
    if verb == "worker":
        return _worker(composed, names[0], monitor)
    from quantamm_cli.workflows import study_verbs

    opened = study_verbs.open_stored(study_verbs.named_study(composed.runs_dir, names[0]))
    return _VERBS[verb](opened, options, tuple(names[1:]))


def _check_options(verb: str, options: "Options") -> None:
    """Raise ConfigError for options and settings that a verb does not use."""
    takes = {"best": "pick", "export": "table"}.get(verb, "")
    named = {*options.specific}
    named |= {name for name in ("fresh", "dry_run") if getattr(options, name)}
    for flag in COMMAND.flags:
        if flag.field in named and flag.field != takes:
            raise ConfigError(flag.name, f"is not an option of qsim tune {verb}")
    for word in options.overrides:
        key = word.lstrip("+~").partition("=")[0]
        if key not in _FOLDERS:
            raise ConfigError(word, f"qsim tune {verb} takes no settings; the study has its own")


def _tune(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    from quantamm_cli.config.read import read_study
    from quantamm_cli.config.search_space import Search
    from quantamm_cli.workflows.results import Watch

    watch, settings = Watch(), read_study(composed.tree)
    search = Search(composed.tree, composed.overrides, composed.config_dir)
    from quantamm_cli.workflows.study_plan import plan
    from quantamm_cli.workflows.tune import check_planned_study, tune

    planned = plan(search, settings, monitor)
    if options.text("table") is not None:
        raise ConfigError("--out", "is an option of qsim tune export STUDY")
    other_data, fork = options.on("other_data"), options.on("fork")
    if options.dry_run:
        check_planned_study(planned, options.fresh, other_data, fork)
        return planned
    watch.lap("space")
    return tune(
        planned,
        composed,
        options.fresh,
        monitor,
        watch,
        other_data=other_data,
        fork=fork,
        pick=options.text("pick") or "knee",
    )


def _worker(composed: "Composed", name: str, monitor: "Monitor") -> "Result":
    from quantamm_cli.cli.lifeline import end_with_parent
    from quantamm_cli.workflows.study_verbs import named_study
    from quantamm_cli.workflows.study_worker import work

    return work(named_study(composed.runs_dir, name), end_with_parent(), monitor)


def _status(opened: "OpenStudy", options: "Options", words: tuple[str, ...]) -> "Result":
    from quantamm_cli.workflows.study_verbs import status

    return status(opened)


def _best(opened: "OpenStudy", options: "Options", words: tuple[str, ...]) -> "Result":
    from quantamm_cli.workflows.study_verbs import best

    return best(opened, options.text("pick") or "knee")


def _trials(opened: "OpenStudy", options: "Options", words: tuple[str, ...]) -> "Result":
    from quantamm_cli.workflows.study_verbs import trials

    return trials(opened)


def _retry(opened: "OpenStudy", options: "Options", words: tuple[str, ...]) -> "Result":
    from quantamm_cli.workflows.study_verbs import retry

    return retry(opened, words)


def _stop(opened: "OpenStudy", options: "Options", words: tuple[str, ...]) -> "Result":
    from quantamm_cli.workflows.study_verbs import stop

    return stop(opened)


def _export(opened: "OpenStudy", options: "Options", words: tuple[str, ...]) -> "Result":
    from quantamm_cli.workflows.study_verbs import export

    return export(opened, Path(options.text("table") or f"{opened.place.name[:18]}.csv"))


_FOLDERS = ("runs_dir", "plugins", "conf")
"""The settings that say where a study is, and what its settings may name."""
_VERBS: dict[str, Callable[["OpenStudy", "Options", tuple[str, ...]], "Result"]] = {
    "status": _status,
    "best": _best,
    "trials": _trials,
    "retry": _retry,
    "stop": _stop,
    "export": _export,
}

COMMAND = Command(
    "tune",
    "search over training settings with Optuna",
    f"[VERB STUDY] {RUNS}",
    place=3,
    run=run,
    flags=(
        Flag(
            "pick",
            ("--pick",),
            "the best of several objectives: knee, an objective, or weights:A=1,B=2 (knee)",
            "HOW",
        ),
        Flag("table", ("--out",), "the file of export: .csv or .parquet", "FILE"),
        Flag(
            "fork",
            ("--fork",),
            "if the study was begun with other data or other code, begin another beside it",
        ),
        flags.DRY_RUN,
        flags.FRESH,
        flags.OTHER_DATA,
    ),
    notes=(
        "the search space: any setting of qsim train, by its dotted name, in YAML "
        "(conf/space/NAME.yaml) or as",
        "  space.fit.learning_rate=[0.001,1,log]    from, to, and any of log, int, float",
        "  space.fit.batch_size.choices=[4,8,16]    values to choose from",
        "  space.pool.rule=[momentum,power_channel] names to choose from, components too",
        "  space.params.memory_days=declared        the range a parameter declares",
        "  space.fit.noise_scale=null               leave it out;  space=none: "
        "search only what is named here",
        "how it is searched: qsim show samplers | pruners | objectives; study=quick | robust",
        "  study.trials=100 study.workers=auto      trainings; processes, by default 1",
        "  study.sampler=cmaes study.sampler.population=12",
        "  study/objective=worst study.objective=validation.calmar    a list: several",
        "  study.constraints.max_drawdown=0.2       limits of other metrics",
        "  study.patience=20 study.max_seconds=3600 when to end early",
        "run the same command to resume; a larger study.trials=N adds trials to the study",
        "qsim tune worker STUDY                     join from another terminal",
        "qsim tune status|best|trials STUDY         how far it is; the best; all trials",
        "qsim tune retry STUDY [TRIAL ...]          try failed trials again",
        "qsim tune stop STUDY                       workers save their trials and end",
        "qsim tune export STUDY --out FILE.csv      a row for each trial",
        "STUDY is its folder, or 6 or more digits of its name in qsim runs list",
    ),
    optional_verbs=("worker", *_VERBS),
)
