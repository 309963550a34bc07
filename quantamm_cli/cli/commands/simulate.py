"""``qsim simulate``: simulates one pool with fixed parameters over [start, end)."""

from typing import TYPE_CHECKING

from quantamm_cli.cli import flags
from quantamm_cli.cli.command import RUNS, Command
from quantamm_cli.errors import ConfigError

if TYPE_CHECKING:
    from quantamm_cli.cli.options import Options
    from quantamm_cli.config.composed import Composed
    from quantamm_cli.workflows.monitor import Monitor
    from quantamm_cli.workflows.results import Result


def run(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    """Simulate with the parameters of the settings, or with those of a stored run."""
    if options.run is not None:
        return _of_run(options.run, composed, options, monitor)
    if options.load is not None:
        raise ConfigError(
            "--load",
            "needs --run RUN, the run to load from; to set parameters write params.NAME=...",
        )
    return _simulate(composed, False, options, monitor)


COMMAND = Command(
    "simulate",
    "simulate one pool with fixed parameters over a market",
    RUNS,
    place=1,
    flags=(flags.LOAD, flags.RUN, flags.MINIMUM, flags.PLOTS, flags.DRY_RUN),
    run=run,
)


def _of_run(name: str, composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    from quantamm_cli.settings.run import Train
    from quantamm_cli.store.runs import Store

    run = Store(composed.runs_dir).load(name)
    run_settings = composed.of_run(run).read(Train)
    from quantamm_cli.workflows.selection import chooser

    selected = chooser(run_settings, options.selection)(run)
    changed = composed.changing_run(run).but(params=selected.params, grid=composed.tree["grid"])
    result = _simulate(changed, True, options, monitor)
    if options.dry_run:
        return result
    from quantamm_cli.workflows.simulate import SimulationOfRun

    return SimulationOfRun(result, run, selected)


def _simulate(
    composed: "Composed", stored: bool, options: "Options", monitor: "Monitor"
) -> "Result":
    """``stored``: the parameters come from a run; a grid may replace them."""
    from quantamm_cli.settings.run import Simulate

    settings = composed.read(Simulate)
    if options.dry_run:
        from quantamm_cli.workflows.plans import plan_simulation

        return plan_simulation(settings, composed.tree, stored)
    if composed.group("grid"):
        from quantamm_cli.workflows.grid import grid

        return grid(settings, composed.tree, stored, options.plots, monitor)
    from quantamm_cli.workflows.simulate import simulate

    return simulate(settings, options.plots, monitor)
