"""``qsim train``: fit, validate, save, select, and show what came of it."""

from typing import TYPE_CHECKING, Any

from quantamm_cli.cli.console import Console
from quantamm_cli.cli.monitor import ConsoleMonitor
from quantamm_cli.cli.options import Options
from quantamm_cli.cli.planned import planned
from quantamm_cli.cli.walked import walked
from quantamm_cli.config.read import read_settings
from quantamm_cli.config.stored_settings import laid_over
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.split import WalkForward
from quantamm_cli.store.runs import Run, Store

if TYPE_CHECKING:
    pass


def run(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """Train these settings to the end, or take up where an earlier call stopped; returns the JSON object."""
    settings, shorter = _settings(tree, options, console)
    if isinstance(settings.split, WalkForward):
        return {"command": "train"} | walked(settings, options, console)
    if options.dry_run:
        return planned("train", settings, console)
    from quantamm_cli.workflows.selection import Selection
    from quantamm_cli.workflows.train import train

    selection = options.selection
    if settings.warm_start is not None and shorter is None:
        start = settings.warm_start
        console.note(f"beginning with step {start.step}, set {start.set} of run_{start.run[:12]}…")
        selection = Selection()  # --load chose the beginning, not the result
    result = train(settings, selection, options.fresh, shorter, ConsoleMonitor(console))
    console.show(*result.tables())
    return {"command": "train"} | result.to_dict()


def _settings(tree: dict[str, Any], options: Options, console: Console) -> tuple[Train, Run | None]:
    """The settings, and the run whose whole state is taken over."""
    if options.run is None:
        if options.go_on:
            raise ConfigError("--continue", "needs --run RUN, the run that is to be made longer")
        return read_settings(Train, tree), None
    run = Store(tree["runs_dir"]).load(options.run)
    own = read_settings(Train, laid_over(run, tree, ()))
    over = laid_over(run, tree, options.overrides)
    from quantamm_cli.workflows.warm_start import check_longer, warm_started

    if options.go_on:
        longer = read_settings(Train, over)
        check_longer(own, longer)
        return longer, run
    settings = read_settings(Train, over | {"params": {}, "warm_start": None})
    return warm_started(run, own, settings, options.selection, tree["params"], ConsoleMonitor(console)), None
