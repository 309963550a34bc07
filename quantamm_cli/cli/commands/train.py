"""``qsim train``: fit, validate, save, select, and score what came of it."""

from quantamm_cli.cli.options import Options
from quantamm_cli.cli.walked import planned
from quantamm_cli.config.composed import Composed
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.split import WalkForward
from quantamm_cli.store.runs import Run, Store
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.plans import PlannedRun
from quantamm_cli.workflows.results import Result


def run(composed: Composed, options: Options, monitor: Monitor) -> Result:
    """Train these settings to the end, or take up where an earlier call stopped."""
    settings, shorter = _settings(composed, options, monitor)
    if isinstance(settings.split, WalkForward):
        if options.dry_run:
            return planned(settings, options)
        from quantamm_cli.workflows.walk_forward import walk_forward

        return walk_forward(settings, options.selection, options.fresh, monitor)
    if options.dry_run:
        return PlannedRun(settings)
    from quantamm_cli.workflows.selection import Selection
    from quantamm_cli.workflows.train import train

    selection = options.selection
    if settings.warm_start is not None and shorter is None:
        start = settings.warm_start
        monitor.note(f"beginning with step {start.step}, set {start.set} of run_{start.run[:12]}…")
        selection = Selection()  # --load chose the beginning, not the result
    return train(settings, selection, options.fresh, shorter, monitor)


def _settings(composed: Composed, options: Options, monitor: Monitor) -> tuple[Train, Run | None]:
    """The settings, and the run whose whole state is taken over."""
    if options.run is None:
        if options.go_on:
            raise ConfigError("--continue", "needs --run RUN, the run that is to be made longer")
        return composed.read(Train), None
    run = Store(composed.runs_dir).load(options.run)
    own, changed = composed.of_run(run).read(Train), composed.changing_run(run)
    from quantamm_cli.workflows.warm_start import check_longer, warm_started

    if options.go_on:
        longer = changed.read(Train)
        check_longer(own, longer)
        return longer, run
    settings = changed.but(params={}, warm_start=None).read(Train)
    return warm_started(run, own, settings, options.selection, composed.group("params"), monitor), None
