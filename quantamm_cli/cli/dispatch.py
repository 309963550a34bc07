"""Runs a command and shows its result."""

from quantamm_cli.cli.commands import COMMANDS
from quantamm_cli.cli.console import Console
from quantamm_cli.cli.options import Options
from quantamm_cli.cli.signals import uninterrupted
from quantamm_cli.config.composed import Composed
from quantamm_cli.settings.json_tree import JsonObject


def call(composed: Composed, options: Options, console: Console) -> JsonObject:
    """Run a command on composed settings, show its result and return the JSON object."""
    from quantamm_cli.cli.log_bridge import forward_logs
    from quantamm_cli.cli.monitor import ConsoleMonitor
    from quantamm_cli.config.components import guard_imports

    guard_imports(uninterrupted)
    with forward_logs(console):
        result = COMMANDS[options.command].run(composed, options, ConsoleMonitor(console))
        console.show(*result.tables())
        for line in result.notes():
            console.note(line)
        result.refuse()
    return {"command": options.command, **result.to_dict()}
