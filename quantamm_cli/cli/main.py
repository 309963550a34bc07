"""The entry point: from the words after ``qsim`` to an exit code.

Help and misspelt words are answered before JAX or Hydra is imported.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from quantamm_cli.cli import usage
from quantamm_cli.cli.commands import COMMANDS, join_installed
from quantamm_cli.cli.console import Console, replace_what_cannot_be_printed
from quantamm_cli.cli.dispatch import call
from quantamm_cli.cli.error_handling import guarded
from quantamm_cli.cli.options import Options
from quantamm_cli.cli.parse import as_flag, find_command, parse
from quantamm_cli.cli.signals import Stop
from quantamm_cli.config.composed import Composed
from quantamm_cli.errors import ConfigError, StoreError, spelling

if TYPE_CHECKING:
    from quantamm_cli.config.compose import Composer


_NO_COMMAND = ("--version", "-sc", "--shell-completion")
"""First words that are no command; installed packages are not searched for them."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code; prints errors as one line."""
    replace_what_cannot_be_printed()
    words = list(sys.argv[1:] if argv is None else argv)
    console = Console(json="--json" in words, quiet="-q" in words)
    with spelling(as_flag):
        return guarded(console, lambda: _dispatch(words, console))


def _dispatch(words: list[str], console: Console) -> int:
    if "\0" in "".join(words):
        raise ConfigError("", "an argument contains a NUL character; remove it")
    if words[:1] == ["help"] and words[1:] and words[1] in COMMANDS:
        words = [words[1], "--help"]
    if not words or (words[0] not in COMMANDS and words[0] not in _NO_COMMAND):
        for line in join_installed():
            console.warn(line)
    if not words or words[0] in ("-h", "--help"):
        Console().say(usage.overview())
        return 0
    if words[0] == "--version":
        from quantamm_cli.version import __version__

        Console().say(f"qsim {__version__}")
        return 0
    if words[0] in _NO_COMMAND:
        from quantamm_cli.cli.complete import shell

        return shell(words[1:])
    command = find_command(words[0])
    console.command = command.name
    options = parse(command, words[1:])
    if options.help:
        Console().say(usage.of(command))
        return 0
    console = Console(command.name, json=options.json, quiet=options.quiet, verbose=options.verbose)
    with Stop(lambda: "stopped", console.stopped, eager=True):
        return _run(options, console)


def _run(options: Options, console: Console) -> int:
    if COMMANDS[options.command].settings == "none":
        composed = Composed({}, options.overrides, options.config_dir)
        console.result(call(composed, options, console))
        return 0
    from quantamm_cli.config import compose

    if options.run is not None:
        options = replace(options, implied=_components_of_run(options))
    command = COMMANDS[options.command]
    name = options.command if command.composed else "base"
    overrides = (*options.implied, *options.overrides)
    composer = compose.Composer(name, overrides, options.config_dir)
    if options.cfg or options.info:
        return _show(composer, options, console)
    if options.multirun:
        if options.words and options.words[0] in command.optional_verbs:
            where = f"qsim {options.command} {options.words[0]}"
            raise ConfigError("--multirun", f"is not an option of {where}")
        from quantamm_cli.cli.sweep import sweep

        return sweep(composer, options, console)
    composed = Composed(composer.tree(), options.overrides, options.config_dir)
    console.result(call(composed, options, console))
    return 0


def _components_of_run(options: Options) -> tuple[str, ...]:
    """The components of the result that ``--run`` names, as overrides.

    The command line then changes the settings of that result.
    """
    from quantamm_cli.config.compose import Composer
    from quantamm_cli.config.composed import Composed
    from quantamm_cli.config.stored_settings import choices
    from quantamm_cli.store.origin import origin
    from quantamm_cli.store.runs import Store

    overrides = options.overrides
    place = tuple(word for word in overrides if word.lstrip("+").startswith("runs_dir="))
    composer = Composer(options.command, place, options.config_dir)
    try:
        stored = origin(Store(Composed(composer.tree()).runs_dir).named(options.run or ""))
    except StoreError:
        return ()  # the command reports it
    return () if stored is None else choices(stored, overrides, composer.loader.options)


def _show(composer: "Composer", options: Options, console: Console) -> int:
    """Print what ``--cfg`` or ``--info`` requests."""
    if options.info:
        console.say(composer.info(options.info).rstrip("\n"))
    elif options.json:
        console.result({"command": options.command, "config": composer.part(options.package)})
    else:
        console.say(composer.yaml(options.cfg, options.package, options.resolve).rstrip("\n"))
    return 0
