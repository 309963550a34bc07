"""The commands, one file each: its flags and one call of a workflow.

Every file here is a command; there is no other list.

``qsim --help`` imports all of them, so a command imports what it needs when it runs. Installed
packages add commands by the entry point ``qsim.commands``.
"""

import pkgutil
from functools import cache
from importlib import import_module

from quantamm_cli.cli.command import Command
from quantamm_cli.settings.plugins import command_modules


def _built_in() -> dict[str, Command]:
    names = [f"{__name__}.{module.name}" for module in pkgutil.iter_modules(__path__)]
    commands: list[Command] = [import_module(name).COMMAND for name in names]
    commands.sort(key=lambda command: command.place)
    return {command.name: command for command in commands}


COMMANDS = _built_in()
"""By name, in the order of the list; those of installed packages come last, once added."""


@cache
def join_installed() -> tuple[str, ...]:
    """Add the commands of installed packages; returns warnings about those that cannot be added."""
    modules, warnings = command_modules()
    for name, module in modules.items():
        command = getattr(module, "COMMAND", None)
        if not isinstance(command, Command):
            expected = "COMMAND, a quantamm_cli.cli.command.Command"
            warnings.append(f"the plugin {name} ({module.__name__}) does not define {expected}")
        elif command.name in COMMANDS:
            warnings.append(
                f"the plugin {name} ({module.__name__}) defines the command {command.name}, "
                "which exists; the existing one stays"
            )
        else:
            COMMANDS[command.name] = command
    return tuple(warnings)
