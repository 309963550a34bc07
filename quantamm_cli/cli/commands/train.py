"""``qsim train``: trains a pool, saves every step, and scores the selected parameters."""

from typing import TYPE_CHECKING

from quantamm_cli.cli import flags
from quantamm_cli.cli.command import CYCLES, RUNS, Command, Flag
from quantamm_cli.errors import ConfigError

if TYPE_CHECKING:
    from quantamm_cli.cli.options import Options
    from quantamm_cli.config.composed import Composed
    from quantamm_cli.settings.run import Train
    from quantamm_cli.store.inputs import Change
    from quantamm_cli.store.runs import Run
    from quantamm_cli.workflows.monitor import Monitor
    from quantamm_cli.workflows.results import Result

_CONTINUE = Flag(
    "continue_run",
    ("--continue",),
    "with --run: train that run for more steps, fit.steps=N in total",
    argument="shorter",
)


def run(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    """Train to the end of these settings; resume if an earlier call was interrupted."""
    from quantamm_cli.settings.split import WalkForward

    settings, shorter, changes = _settings(composed, options, monitor)
    if isinstance(settings.split, WalkForward):
        return _walk(settings, options, monitor)
    if options.dry_run:
        from quantamm_cli.workflows.plans import plan_training
        from quantamm_cli.workflows.selection import Selection

        warm = settings.warm_start is not None and shorter is None
        anew = options.fresh or options.on("other_data")
        selection = Selection() if warm else options.selection
        return plan_training(settings, selection, monitor, shorter, anew)
    from quantamm_cli.workflows.selection import Selection
    from quantamm_cli.workflows.train import train

    selection = options.selection
    if settings.warm_start is not None and shorter is None:
        start = settings.warm_start
        monitor.note(f"starting from step {start.step}, set {start.set} of run_{start.run[:12]}…")
        selection = Selection()  # --load selected the start, not the result
    other_data = options.on("other_data")
    return train(settings, selection, options.fresh, shorter, monitor, other_data, changes)


COMMAND = Command(
    "train",
    "fit a pool's parameters to a metric",
    RUNS,
    place=2,
    run=run,
    flags=(
        flags.LOAD,
        flags.RUN,
        _CONTINUE,
        flags.MINIMUM,
        flags.BY,
        flags.DRY_RUN,
        flags.FRESH,
        flags.OTHER_DATA,
    ),
    notes=(
        "fit=adamw, bfgs, cma_es, optuna, random, ...    the fitter (qsim show fits);  fit.steps=N",
        "practice=monte_carlo                            training windows from resampled "
        "prices (qsim show practices)",
        *CYCLES,
    ),
)


def _walk(settings: "Train", options: "Options", monitor: "Monitor") -> "Result":
    if options.dry_run:
        from quantamm_cli.cli.walk_forward_request import planned_walk

        return planned_walk(settings, options, monitor)
    from quantamm_cli.workflows.walk_forward import walk_forward

    other_data = options.on("other_data")
    return walk_forward(settings, options.selection, options.fresh, monitor, other_data)


def _settings(
    composed: "Composed", options: "Options", monitor: "Monitor"
) -> "tuple[Train, Run | None, tuple[Change, ...]]":
    """The settings, the run whose complete state is continued, and the inputs that have changed of
    the run that a warm start begins with.
    """
    from quantamm_cli.settings.run import Train
    from quantamm_cli.store.runs import Store

    if options.run is None:
        if options.on("continue_run"):
            raise ConfigError("--continue", "needs --run RUN, the run to continue")
        return composed.read(Train), None, ()
    run = Store(composed.runs_dir).load(options.run)
    run_settings, changed = composed.of_run(run).read(Train), composed.changing_run(run)
    from quantamm_cli.workflows.warm_start import check_longer, warm_started

    if options.on("continue_run"):
        longer = changed.read(Train)
        check_longer(run_settings, longer)
        return longer, run, ()
    params = composed.group("params")
    settings = changed.but(params={}, warm_start=None).read(Train)
    settings = warm_started(run, run_settings, settings, options.selection, params, monitor)
    from quantamm_cli.workflows.inputs import check_run

    changes = check_run(run, run_settings, settings, options.on("other_data"), monitor)
    return settings, None, changes
