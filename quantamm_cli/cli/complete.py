"""Tab completion.

The shells call ``qsim -sc query=SHELL`` with the line so far in COMP_LINE, as Hydra's scripts do.

Hydra completes groups, choices and keys; commands, verbs, flags and ``conf=`` are ours.
"""

import os
from collections.abc import Sequence
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
            f"takes one of install, uninstall, query and a shell ({', '.join(SHELLS)}): "
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
    """What may stand where the line ends."""
    words = line.split()[1:]
    last = words.pop() if words and not line[-1].isspace() else ""
    if not words or words[0] not in COMMANDS:
        join_installed()
    if not words:
        return [name for name in (*COMMANDS, "--help", "--version") if name.startswith(last)]
    command = COMMANDS.get(words[0])
    if command is None:
        return []
    flag = next((flag for flag in flags_of(command) if words[-1] in flag.names), None)
    if flag is not None and flag.choices:
        return [name for name in flag.choices if name.startswith(last)]
    if last.startswith("-"):
        return [name for flag in flags_of(command) for name in flag.names if name.startswith(last)]
    verbs = [
        verb
        for verb in (verbs_of(command) or command.beside)
        if len(words) == 1 and verb.startswith(last)
    ]
    if not command.composed and len(words) == 1:
        return verbs
    return verbs + _settings(command, words[1:], last)


def _settings(command: Command, words: list[str], last: str) -> list[str]:
    """Hydra's candidates for an override, experiments and files for
    ``conf=``, and names behind a verb.
    """
    from quantamm_cli.cli.parse import parse
    from quantamm_cli.config import completion
    from quantamm_cli.config.compose import Composer

    try:
        options = parse(command, words)
        composer = Composer(
            command.name if command.composed else "train", options.overrides, options.config_dir
        )
        if last.startswith("conf="):
            files = sorted(str(path) for path in Path().glob("*.yaml"))
            return [
                f"conf={name}"
                for name in composer.experiments() + files
                if f"conf={name}".startswith(last)
            ]
        if command.names is not None and len(options.words) == 1 and "=" not in last:
            known = command.names(composer.loader, options.words[0])
            return [name for name in known if name.startswith(last)]
        found = completion.candidates(composer, last)
    except (QsimError, SystemExit):
        # what stands on the line already is wrong: no guess, and no noise in the middle of typing
        return []
    own = (
        [name for name in found if not name.startswith(("hydra", "experiment"))]
        if not last.startswith(("hydra", "experiment"))
        else found
    )
    return own + ["conf="] * "conf=".startswith(last)


def _point(line: str) -> int:
    """Where the cursor is."""
    text = os.environ.get("COMP_POINT", "")
    return int(text) if text.isdigit() else len(line)
