"""``qsim export RUN``: writes a run's parameters in the form of the contracts."""

from typing import TYPE_CHECKING

from quantamm_cli.cli import flags
from quantamm_cli.cli.command import Command

if TYPE_CHECKING:
    from quantamm_cli.cli.options import Options
    from quantamm_cli.config.composed import Composed
    from quantamm_cli.workflows.monitor import Monitor
    from quantamm_cli.workflows.results import Result


def run(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    """Select parameters by a rule and write them in both forms."""
    from quantamm_cli.settings.run import Train
    from quantamm_cli.store.runs import Store
    from quantamm_cli.workflows.runtime import start_jax

    start_jax()
    stored = Store(composed.runs_dir).load(options.words[0])
    settings = composed.of_run(stored).decoded(Train)
    from quantamm_cli.workflows.evaluate import choose
    from quantamm_cli.workflows.export import export

    chosen = choose(settings, stored, options.selection, settings)
    return export(chosen, options.on("other_data"), monitor)


COMMAND = Command(
    "export",
    "write a run's parameters in the form of the contracts, 18 decimals",
    "RUN [options]",
    place=8,
    run=run,
    flags=(flags.LOAD, flags.MINIMUM, flags.BY, flags.OTHER_DATA),
    takes="RUN",
    settings="base",
)
