"""``qsim simulate``: simulates one pool with fixed parameters over [start, end)."""

from typing import TYPE_CHECKING

from quantamm_cli.cli import flags
from quantamm_cli.cli.command import RUNS, Command, Flag
from quantamm_cli.errors import ConfigError

if TYPE_CHECKING:
    from quantamm_cli.cli.options import Options
    from quantamm_cli.config.composed import Composed
    from quantamm_cli.settings.run import Train
    from quantamm_cli.workflows.monitor import Monitor
    from quantamm_cli.workflows.results import Result
    from quantamm_cli.workflows.selection import Selected


def run(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    """Simulate with the parameters of the settings, or with those of a stored run."""
    from quantamm_cli.config.state import refuse_start

    refuse_start(composed.tree, composed.overrides)
    if options.run is not None:
        return _of_run(options.run, composed, options, monitor)
    if options.on("continue_run"):
        raise ConfigError("--continue", "needs --run RUN, the run whose pool goes on")
    for flag, value in (("--load", options.load), ("--by", options.by_metric)):
        if value is not None:
            raise ConfigError(
                flag,
                "needs --run RUN, the run to load from; to set parameters write params.NAME=...",
            )
    return _simulate(composed, False, options, monitor)


_CONTINUE = Flag(
    "continue_run",
    ("--continue",),
    "with --run: go on with its pool from start= (default: its last date) to end=",
)
COMMAND = Command(
    "simulate",
    "simulate one pool with fixed parameters over a market",
    RUNS,
    place=1,
    flags=(
        flags.LOAD,
        flags.RUN,
        flags.MINIMUM,
        flags.BY,
        flags.PLOTS,
        _CONTINUE,
        flags.DRY_RUN,
        flags.OTHER_DATA,
        flags.OUT,
    ),
    run=run,
)


def _of_run(name: str, composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    from quantamm_cli.settings.run import Train
    from quantamm_cli.store.runs import Store

    run = Store(composed.runs_dir).load(name)
    run_settings = composed.but(state=None).of_run(run).read(Train)
    from quantamm_cli.cli.run_selection import run_selection
    from quantamm_cli.workflows.selection import chooser, report_missed

    changed, selection = run_selection(composed, run, options)
    selected = chooser(run_settings, selection)(run)
    report_missed(selected, run_settings, monitor)
    changed = changed.but(params=selected.params, grid=composed.tree["grid"])
    from quantamm_cli.settings.run import Simulate
    from quantamm_cli.workflows.inputs import check_run
    from quantamm_cli.workflows.simulate import SimulationOfRun

    settings = changed.read(Simulate)
    changes = check_run(run, run_settings, settings, options.on("other_data"), monitor)
    if options.on("continue_run"):
        changed = _going_on(changed, run_settings, selected, options)
    result = _simulate(changed, True, options, monitor)
    return result if options.dry_run else SimulationOfRun(result, run, selected, changes)


def _going_on(
    composed: "Composed", run_settings: "Train", selected: "Selected", options: "Options"
) -> "Composed":
    """The settings of a simulation that takes up the pool of a run."""
    from quantamm_cli.settings.run import Simulate
    from quantamm_cli.workflows.going_on import state_at

    names = [word.partition("=")[0] for word in options.overrides]
    if "end" not in names:
        raise ConfigError("--continue", "needs end=DATE, until when the pool goes on")
    if "state" in names:
        raise ConfigError("state", "is of another run than --run goes on with; give one of them")
    start = composed.read(Simulate).start if "start" in names else None
    return composed.but(state=state_at(run_settings, selected.params, start))


def _simulate(
    composed: "Composed", stored: bool, options: "Options", monitor: "Monitor"
) -> "Result":
    """``stored``: the parameters come from a run; a grid may replace them."""
    from quantamm_cli.settings.run import Simulate

    settings, out = composed.read(Simulate), options.text("out")
    if options.dry_run:
        from quantamm_cli.workflows.plans import plan_simulation

        return plan_simulation(settings, composed.tree, stored, monitor)
    if composed.group("grid"):
        from quantamm_cli.workflows.grid import grid

        return grid(settings, composed.tree, stored, options.plots, monitor, out)
    from quantamm_cli.workflows.simulate import simulate

    return simulate(settings, options.plots, monitor, out)
