"""``split=walk_forward`` of train, evaluate and report."""

from typing import Any

from quantamm_cli.cli.console import Console
from quantamm_cli.cli.monitor import ConsoleMonitor
from quantamm_cli.cli.options import Options
from quantamm_cli.config.read import read_settings
from quantamm_cli.config.stored_settings import laid_over
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.run import Train
from quantamm_cli.store.runs import Store


def evaluated(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """Of these settings, or of those of another run with these on top; the JSON object."""
    for name in ("periods", "sets", "curvature", "plots"):
        if getattr(options, name):
            raise ConfigError(f"--{name}", "does not go with split=walk_forward; evaluate the run of one of its cycles with it: --run RUN")
    if options.run is not None:
        tree = laid_over(Store(tree["runs_dir"]).load(options.run), tree, options.overrides)
    told = walked(read_settings(Train, tree), options, console)
    told.pop("status", None)
    return {"command": "evaluate"} | told


def walked(settings: Train, options: Options, console: Console) -> dict[str, Any]:
    """Train and judge every cycle, and show what they come to; the JSON object."""
    from quantamm_cli.workflows.walk_forward import PlannedWalkForward, untested, walk_forward, walk_place

    if options.dry_run:
        planned = PlannedWalkForward(settings, walk_place(settings, options.selection))
        console.show(*planned.tables())
        if (rest := untested(settings)) is not None:
            console.note(rest)
        return planned.to_dict()
    result = walk_forward(settings, options.selection, options.fresh, ConsoleMonitor(console))
    console.show(*result.tables())
    return result.to_dict()
