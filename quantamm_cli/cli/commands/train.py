"""``qsim train``: fit, validate, save, select, and score what came of it."""

from typing import TYPE_CHECKING

from quantamm_cli.cli import flags
from quantamm_cli.cli.command import CYCLES, RUNS, Command, Flag
from quantamm_cli.errors import ConfigError

if TYPE_CHECKING:
    from quantamm_cli.cli.options import Options
    from quantamm_cli.config.composed import Composed
    from quantamm_cli.settings.run import Train
    from quantamm_cli.store.runs import Run
    from quantamm_cli.workflows.monitor import Monitor
    from quantamm_cli.workflows.results import Result

_CONTINUE = Flag(
    "go_on",
    ("--continue",),
    "with --run: that run with more steps, fit.steps=N in all",
    argument="shorter",
)


def run(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    """Train these settings to the end, or take up where an earlier call stopped."""
    from quantamm_cli.settings.split import WalkForward

    settings, shorter = _settings(composed, options, monitor)
    if isinstance(settings.split, WalkForward):
        return _walk(settings, options, monitor)
    if options.dry_run:
        from quantamm_cli.workflows.plans import PlannedRun

        return PlannedRun(settings)
    from quantamm_cli.workflows.selection import Selection
    from quantamm_cli.workflows.train import train

    selection = options.selection
    if settings.warm_start is not None and shorter is None:
        start = settings.warm_start
        monitor.note(f"beginning with step {start.step}, set {start.set} of run_{start.run[:12]}…")
        selection = Selection()  # --load chose the beginning, not the result
    return train(settings, selection, options.fresh, shorter, monitor)


COMMAND = Command(
    "train",
    "fit a pool's parameters to a metric",
    RUNS,
    place=2,
    run=run,
    flags=(flags.LOAD, flags.RUN, _CONTINUE, flags.MINIMUM, flags.DRY_RUN, flags.FRESH),
    notes=(
        "fit=adamw, bfgs, cma_es, optuna, random, ...    how (qsim show fits);  fit.steps=N",
        (
            "practice=monte_carlo                            training windows from resampled "
            "prices (qsim show practices)"
        ),
        *CYCLES,
    ),
)


def _walk(settings: "Train", options: "Options", monitor: "Monitor") -> "Result":
    if options.dry_run:
        from quantamm_cli.cli.walked import planned

        return planned(settings, options)
    from quantamm_cli.workflows.walk_forward import walk_forward

    return walk_forward(settings, options.selection, options.fresh, monitor)


def _settings(
    composed: "Composed", options: "Options", monitor: "Monitor"
) -> "tuple[Train, Run | None]":
    """The settings, and the run whose whole state is taken over."""
    from quantamm_cli.settings.run import Train
    from quantamm_cli.store.runs import Store

    if options.run is None:
        if options.on("go_on"):
            raise ConfigError("--continue", "needs --run RUN, the run that is to be made longer")
        return composed.read(Train), None
    run = Store(composed.runs_dir).load(options.run)
    own, changed = composed.of_run(run).read(Train), composed.changing_run(run)
    from quantamm_cli.workflows.warm_start import check_longer, warm_started

    if options.on("go_on"):
        longer = changed.read(Train)
        check_longer(own, longer)
        return longer, run
    settings = changed.but(params={}, warm_start=None).read(Train)
    return warm_started(
        run, own, settings, options.selection, composed.group("params"), monitor
    ), None
