"""The commands, a file each: its flags, one call of a workflow.

A file here is a command; nothing else lists it.

Each is imported to answer ``qsim --help``, so what a command needs is imported where it runs.
Installed packages bring more of them, by the entry point ``qsim.commands``.
"""

import pkgutil
from functools import cache
from importlib import import_module

from quantamm_cli.cli.command import Command
from quantamm_cli.settings.plugins import command_modules


def _found() -> dict[str, Command]:
    modules = [
        import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)
    ]
    commands: list[Command] = [module.COMMAND for module in modules]
    return {
        command.name: command for command in sorted(commands, key=lambda command: command.place)
    }


COMMANDS = _found()
"""By name, in the order in which they are listed.

Those of packages behind ours, once they joined.
"""


@cache
def join_installed() -> tuple[str, ...]:
    """Let the commands of installed packages join ours; warnings about those that cannot."""
    modules, warnings = command_modules()
    for name, module in modules.items():
        command = getattr(module, "COMMAND", None)
        if not isinstance(command, Command):
            expected = "COMMAND, a quantamm_cli.cli.command.Command"
            warnings.append(f"the plugin {name} ({module.__name__}) has no {expected}")
        elif command.name in COMMANDS:
            warnings.append(
                f"the plugin {name} ({module.__name__}) has a command {command.name};"
                " there is one already, which stays"
            )
        else:
            COMMANDS[command.name] = command
    return tuple(warnings)
