"""``qsim reproduce RUN``: runs a stored result again and compares it to the last bit."""

from typing import TYPE_CHECKING

from quantamm_cli.cli import flags
from quantamm_cli.cli.command import NAMED, Command
from quantamm_cli.cli.places import refuse_settings
from quantamm_cli.errors import ConfigError

if TYPE_CHECKING:
    from quantamm_cli.cli.options import Options
    from quantamm_cli.config.composed import Composed
    from quantamm_cli.settings.json_tree import JsonObject
    from quantamm_cli.store.origin import Origin
    from quantamm_cli.workflows.monitor import Monitor
    from quantamm_cli.workflows.results import Result


def run(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    """Run it again in a folder of its own, and say whether every number is the same."""
    from quantamm_cli.store.runs import Store

    if options.run is None:
        raise ConfigError("", "give one RUN: qsim reproduce RUN")
    stored = Store(composed.runs_dir).named(options.run)
    from quantamm_cli.workflows.plans import PlannedReproduction

    if stored.kind == "compete":
        if options.dry_run:
            return PlannedReproduction(stored)
        return _competition(str(stored.path / "receipt.json"), composed, monitor)
    refuse_settings(options.overrides, "is run again")
    from quantamm_cli.workflows.reproduce import check_reproduction, reproduce

    def read(made_from: "Origin") -> "JsonObject":
        return composed.changing_run(made_from).tree

    if options.dry_run:
        check_reproduction(stored, read, monitor)
        return PlannedReproduction(stored)
    return reproduce(stored, read, options.selection, monitor)


COMMAND = Command(
    "reproduce",
    "run a stored result again and compare it to the last bit",
    "RUN [options]",
    place=9,
    run=run,
    flags=(flags.LOAD, flags.MINIMUM, flags.DRY_RUN),
    takes="RUN",
    notes=(
        NAMED,
        "a difference ends with exit 4: the first place, by how many units in the last place, and "
        "which versions, processor or data are different",
    ),
)


def _competition(receipt: str, composed: "Composed", monitor: "Monitor") -> "Result":
    from pathlib import Path

    from quantamm_cli.config.components import load_strategies

    load_strategies(composed.plugins)
    from quantamm_cli.workflows.compete.verify import verify

    return verify(Path(receipt), composed.tree, monitor)
