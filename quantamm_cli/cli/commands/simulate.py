"""``qsim simulate``: one pool with given parameters over [start, end)."""

from typing import Any

from quantamm_cli.cli.console import Console
from quantamm_cli.cli.monitor import ConsoleMonitor
from quantamm_cli.cli.options import Options
from quantamm_cli.cli.planned import planned
from quantamm_cli.config.read import read_settings
from quantamm_cli.config.stored_settings import laid_over
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.run import Simulate, Train
from quantamm_cli.store.runs import Store
from quantamm_cli.workflows.results import Result


def run(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """Simulate with the parameters of the settings, or with those of a stored run; returns the JSON object."""
    chosen: dict[str, Any] = {}
    if options.run is not None:
        stored = Store(tree["runs_dir"]).load(options.run)
        own = read_settings(Train, laid_over(stored, tree, ()))
        from quantamm_cli.workflows.selection import chooser

        selected = chooser(own, options.selection)(stored)
        chosen = {"selection": selected.to_dict() | {"run": stored.name}}
        tree = laid_over(stored, tree, options.overrides) | {"params": selected.params, "grid": tree["grid"]}
    elif options.load is not None:
        raise ConfigError("--load", "needs --run RUN, the run to load from; without it the parameters are params.NAME=…")
    settings = read_settings(Simulate, tree)
    if options.dry_run:
        return planned("simulate", settings, console)
    monitor = ConsoleMonitor(console)
    if tree["grid"]:
        from quantamm_cli.workflows.grid import grid

        result: Result = grid(settings, tree, bool(chosen), options.plots, monitor)
    else:
        from quantamm_cli.workflows.simulate import simulate

        result = simulate(settings, options.plots, monitor)
    console.show(*result.tables())
    return {"command": "simulate"} | result.to_dict() | chosen
