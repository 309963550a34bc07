"""Train, evaluate and report with ``split=walk_forward``."""

from typing import TYPE_CHECKING

from quantamm_cli.cli.options import Options
from quantamm_cli.config.composed import Composed
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.run import Train
from quantamm_cli.store.runs import Store

if TYPE_CHECKING:
    from quantamm_cli.workflows.monitor import Monitor
    from quantamm_cli.workflows.walk_forward import PlannedWalkForward


def evaluated_settings(composed: Composed, options: Options) -> Train:
    """The composed settings, or those of the run of ``--run`` with the overrides applied."""
    for name in ("periods", "sets", "curvature", "plots"):
        if options.on(name) or (name == "plots" and options.plots):
            raise ConfigError(
                f"--{name}",
                "cannot be combined with split=walk_forward; "
                "evaluate the run of one cycle instead: --run RUN",
            )
    if options.run is not None:
        composed = composed.changing_run(Store(composed.runs_dir).load(options.run))
    return composed.read(Train)


def planned_walk(settings: Train, options: Options, monitor: "Monitor") -> "PlannedWalkForward":
    """The cycles that would run; nothing is written."""
    from quantamm_cli.workflows.walk_forward import plan_walk

    anew = options.fresh or options.on("other_data")
    return plan_walk(settings, options.selection, monitor, anew)
