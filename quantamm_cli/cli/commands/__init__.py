"""The commands, a file each: its flags, one call of a workflow. A file here is a command; nothing else lists it.

Each is imported to answer ``qsim --help``, so what a command needs is imported where it runs.
"""

import pkgutil
from importlib import import_module

from quantamm_cli.cli.command import Command


def _found() -> dict[str, Command]:
    modules = [
        import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)
    ]
    commands: list[Command] = [module.COMMAND for module in modules]
    return {
        command.name: command for command in sorted(commands, key=lambda command: command.place)
    }


COMMANDS = _found()
"""By name, in the order in which they are listed."""
