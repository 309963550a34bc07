"""From a command's name to its module, imported when it is called."""

from importlib import import_module
from typing import Any

from quantamm_cli.cli.console import Console
from quantamm_cli.cli.options import Options
from quantamm_cli.cli.signals import uninterrupted


def call(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """Import a command and run it on composed settings."""
    from quantamm_cli.cli.heard import heard
    from quantamm_cli.config.components import guard_imports

    guard_imports(uninterrupted)
    with heard(console):
        result: dict[str, Any] = import_module(f"quantamm_cli.cli.commands.{options.command}").run(tree, options, console)
    return result
