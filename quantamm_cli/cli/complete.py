"""Tab completion.

The shells call ``qsim -sc query=SHELL`` with the line so far in COMP_LINE, as Hydra's scripts do.

Hydra completes groups, choices and keys; this module adds commands, verbs, flags and ``conf=``.
"""

import os
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

from quantamm_cli.cli.command import Command
from quantamm_cli.cli.commands import COMMANDS, join_installed
from quantamm_cli.cli.parse import flags_of, verbs_of
from quantamm_cli.errors import ConfigError, QsimError

SHELLS = ("bash", "zsh", "fish")


def shell(words: Sequence[str]) -> int:
    """``-sc install=SHELL``, ``uninstall=SHELL`` or ``query=SHELL``."""
    what, _, name = (words[0] if words else "").partition("=")
    if what not in ("install", "uninstall", "query") or name not in SHELLS or len(words) != 1:
        raise ConfigError(
            "-sc",
            f"expected install, uninstall or query, and a shell ({', '.join(SHELLS)}): "
            "qsim -sc install=bash",
        )
    if what == "query":
        line = os.environ.get("COMP_LINE", "")
        print(("\n" if name == "fish" else " ").join(candidates(line[: _point(line)])))
    else:
        from quantamm_cli.config.completion import script

        script(name, install=what == "install")
    return 0


def candidates(line: str) -> list[str]:
    """The words that may complete the line."""
    words = line.split()[1:]
    last = ""
    if words and not line[-1].isspace():
        last = words.pop()
    if not words or words[0] not in COMMANDS:
        join_installed()
    if not words:
        return _beginning((*COMMANDS, "--help", "--version"), last)
    command = COMMANDS.get(words[0])
    if command is None:
        return []
    flags = flags_of(command)
    flag = next((flag for flag in flags if words[-1] in flag.names), None)
    if flag is not None and flag.choices:
        return _beginning(flag.choices, last)
    if last.startswith("-"):
        return _beginning(chain.from_iterable(flag.names for flag in flags), last)
    if len(words) > 1:
        return _settings(command, words[1:], last)
    verbs = _beginning(verbs_of(command) or command.optional_verbs, last)
    return verbs + _settings(command, [], last) if command.composed else verbs


def _beginning(names: Iterable[str], start: str) -> list[str]:
    return [name for name in names if name.startswith(start)]


def _settings(command: Command, words: list[str], last: str) -> list[str]:
    """Overrides from Hydra, experiments and files for ``conf=``, and names after a verb."""
    from quantamm_cli.cli.parse import parse
    from quantamm_cli.config import completion
    from quantamm_cli.config.compose import Composer

    try:
        options = parse(command, words)
        composer = Composer(
            command.name if command.composed else "train", options.overrides, options.config_dir
        )
        if last.startswith("conf="):
            files = sorted(map(str, Path().glob("*.yaml")))
            return _beginning((f"conf={name}" for name in composer.experiments() + files), last)
        if command.names is not None and len(options.words) == 1 and "=" not in last:
            return _beginning(command.names(composer.loader, options.words[0]), last)
        names = completion.candidates(composer, last)
    except (QsimError, SystemExit):
        return []  # the line is already wrong: offer nothing, and print nothing while typing
    internal = ("hydra", "experiment")
    if not last.startswith(internal):
        names = [name for name in names if not name.startswith(internal)]
    return names + _beginning(("conf=",), last)


def _point(line: str) -> int:
    """The position of the cursor in the line."""
    text = os.environ.get("COMP_POINT", "")
    return int(text) if text.isdigit() else len(line)
