"""From a command's name to its module, imported when it is called, and what comes of it shown."""

from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from quantamm_cli.cli.console import Console
from quantamm_cli.cli.options import Options
from quantamm_cli.cli.signals import uninterrupted
from quantamm_cli.config.composed import Composed
from quantamm_cli.settings.json_tree import JsonObject

if TYPE_CHECKING:
    from quantamm_cli.workflows.monitor import Monitor
    from quantamm_cli.workflows.results import Result


class Run(Protocol):
    """What every module of a command has: its flags, one call of a workflow."""

    def __call__(self, composed: Composed, options: Options, monitor: "Monitor") -> "Result": ...


def call(composed: Composed, options: Options, console: Console) -> JsonObject:
    """Import a command, run it on composed settings and show what comes of it; the JSON object."""
    from quantamm_cli.cli.heard import heard
    from quantamm_cli.cli.monitor import ConsoleMonitor
    from quantamm_cli.config.components import guard_imports

    guard_imports(uninterrupted)
    with heard(console):
        run: Run = import_module(f"quantamm_cli.cli.commands.{options.command}").run
        result = run(composed, options, ConsoleMonitor(console))
        console.show(*result.tables())
        for line in result.notes():
            console.note(line)
        result.refuse()
    return {"command": options.command, **result.to_dict()}
