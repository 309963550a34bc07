"""``qsim help``: the manual."""

from typing import TYPE_CHECKING

from quantamm_cli.cli.command import Command

if TYPE_CHECKING:
    from quantamm_cli.cli.options import Options
    from quantamm_cli.config.composed import Composed
    from quantamm_cli.workflows.monitor import Monitor
    from quantamm_cli.workflows.results import Result


def run(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    """List the topics, show a page, or look up words."""
    from quantamm_cli.cli.commands import COMMANDS
    from quantamm_cli.workflows.manual import manual

    return manual((*options.words, *options.overrides), tuple(COMMANDS))


COMMAND = Command(
    "help",
    "show the manual: its topics, a page, or what a word means",
    "[TOPIC|WORDS|COMMAND]",
    place=12,
    run=run,
    settings="none",
)
