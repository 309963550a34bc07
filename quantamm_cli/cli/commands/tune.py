"""``qsim tune``: searches over settings.

Each trial is a training; the best settings are written to a file for conf=.
"""

from typing import TYPE_CHECKING

from quantamm_cli.cli import flags
from quantamm_cli.cli.command import RUNS, Command

if TYPE_CHECKING:
    from quantamm_cli.cli.options import Options
    from quantamm_cli.config.composed import Composed
    from quantamm_cli.workflows.monitor import Monitor
    from quantamm_cli.workflows.results import Result


def run(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    """Search a space of settings for the highest objective."""
    from quantamm_cli.config.read import read_study
    from quantamm_cli.config.search_space import Search
    from quantamm_cli.workflows.results import Watch

    watch, settings = Watch(), read_study(composed.tree)
    search = Search(composed.tree, composed.overrides, composed.config_dir)
    from quantamm_cli.workflows.tune import plan, tune

    planned = plan(search, settings, monitor)
    if options.dry_run:
        return planned
    watch.lap("space")
    other_data = options.on("other_data")
    return tune(planned, composed.overrides, options.fresh, monitor, watch, other_data)


COMMAND = Command(
    "tune",
    "search over training settings with Optuna",
    RUNS,
    place=3,
    run=run,
    flags=(flags.DRY_RUN, flags.FRESH, flags.OTHER_DATA),
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
        "  study.sampler=cmaes study.sampler.population=12",
        "  study.pruner=median study.pruner.startup=8",
        "  study/objective=worst study.objective=validation.calmar",
        "run the same command to resume; a larger study.trials=N adds trials to the study",
    ),
)
