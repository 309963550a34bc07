"""The words after ``qsim``: commands, our flags, Hydra's flags,
and what is left for Hydra's overrides.

Hydra's parser refuses flags it does not know, accepts prefixes of those it knows, and wants all
overrides on one side of them; so flags are taken out here, exactly as spelt, wherever they stand.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from quantamm_cli.cli.command import Command, Flag
from quantamm_cli.cli.commands import COMMANDS
from quantamm_cli.cli.flags import ALWAYS, COMPOSING
from quantamm_cli.cli.options import Options, Value
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.suggestions import did_you_mean

_SHARED = {field.name for field in fields(Options)}


def find_command(name: str) -> Command:
    """The command of that name. Raises ConfigError with the nearest one."""
    if name not in COMMANDS:
        kind = "option" if name.startswith("-") else "command"
        known = ("--help", "--version", "-sc") if kind == "option" else COMMANDS
        raise ConfigError(
            name, f"no such {kind}{did_you_mean(name, known)}; qsim --help lists them"
        )
    return COMMANDS[name]


def verbs_of(command: Command) -> tuple[str, ...]:
    """The words of which one must follow a command; empty for one that has none."""
    return command.verbs() if callable(command.verbs) else command.verbs


def flags_of(command: Command) -> tuple[Flag, ...]:
    """The options a command knows."""
    return (*command.flags, *(COMPOSING if command.composed else ()), *ALWAYS)


def every_flag() -> list[Flag]:
    """The options of all commands, each once."""
    return list(dict.fromkeys(flag for command in COMMANDS.values() for flag in flags_of(command)))


def as_flag(argument: str, value: object = None) -> str:
    """An argument of a workflow, and its value, as the flag that gives it;
    what no flag gives stays as it is.
    """
    flag = next((flag for flag in every_flag() if argument == (flag.argument or flag.field)), None)
    if flag is None:
        return argument
    return flag.name if value is None or flag.metavar is None else f"{flag.name} {value}"


def parse(command: Command, words: Sequence[str]) -> Options:
    """Sort the words after a command. Raises ConfigError for the first one that has no place."""
    if any(word in ("-h", "--help") for word in words):
        return Options(command.name, help=True)
    known = {name: flag for flag in flags_of(command) for name in flag.names}
    values: dict[str, Value] = {}
    rest: list[str] = []
    todo = list(words)
    while todo:
        word = todo.pop(0)
        if word == "--":
            rest += todo
            break
        if not word.startswith("-") or word == "-":
            rest.append(word)
            continue
        name, _, joined = word.partition("=")
        flag = known.get(name)
        if flag is None:
            raise ConfigError(name, _unknown(name, command.name, known))
        values[flag.field] = _take(flag, name, joined if "=" in word else None, todo)
    _refuse_together(flags_of(command), values)
    words, overrides = _sorted(command, rest)
    if command.takes and command.composed and words:
        values["run"] = words[0]
    own = {name: value for name, value in values.items() if name not in _SHARED}
    shared: dict[str, Any] = {name: value for name, value in values.items() if name in _SHARED}
    return Options(command.name, **shared, own=own, words=words, overrides=overrides)


def _refuse_together(flags: Sequence[Flag], values: Mapping[str, Value]) -> None:
    """Raise ConfigError for flags of which the second has no meaning beside the first, or alone."""
    if values.get("package") and not values.get("cfg"):
        raise ConfigError("-p", "goes with --cfg job")
    given = [flag for flag in flags if flag.field in values and flag.instead]
    for number, flag in enumerate(given):
        before = next((other for other in given[:number] if other.instead == flag.instead), None)
        if before is not None:
            raise ConfigError(flag.name, f"does not go with {before.name}")


def _unknown(name: str, command: str, known: Mapping[str, Flag]) -> str:
    if any(name in flag.names for flag in every_flag()):
        return f"is not an option of qsim {command}; qsim {command} --help lists them"
    return f"no such option{did_you_mean(name, known)}; qsim {command} --help lists them"


def _take(flag: Flag, name: str, joined: str | None, todo: list[str]) -> Value:
    """The value of a flag: joined by ``=``, or the next word."""
    if flag.metavar is None:
        if joined is not None:
            raise ConfigError(name, f"takes no value, came '{joined}'")
        return True
    value, choices = joined, (*flag.choices, *flag.short)
    if (
        value is None
        and todo
        and (todo[0] in choices or (flag.optional is None and (todo[0][:1] != "-" or flag.number)))
    ):
        value = todo.pop(0)
    value = flag.optional if value is None else value
    if not value:
        raise ConfigError(name, f"needs a value: {flag.text}")
    if choices and value not in choices:
        raise ConfigError(
            name, f"'{value}' is not one of {', '.join(flag.choices)}{did_you_mean(value, choices)}"
        )
    return _number(name, value) if flag.number else flag.short.get(value, value)


def _number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ConfigError(name, f"'{text}' is not a number")
    return number


def _sorted(command: Command, rest: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Words and overrides apart; a composed command has only overrides."""
    overrides = tuple(word for word in rest if "=" in word or word.startswith("~"))
    words = tuple(word for word in rest if word not in overrides)
    if command.beside and words and words[0] not in command.beside:
        near = did_you_mean(words[0], command.beside)
        known = f"qsim {command.name} knows {', '.join(command.beside)}{near}"
        raise ConfigError(words[0], known if near else _stray(words[0], command.name))
    if command.composed and words and not (command.takes or command.beside):
        raise ConfigError(words[0], _stray(words[0], command.name))
    if command.takes and len(words) != 1 and (words or not command.composed):
        raise ConfigError(
            " ".join(words[1:]),
            f"one {command.takes} at a time: qsim {command.name} {command.takes}",
        )
    if verbs := verbs_of(command):
        what = f"{' | '.join(verbs)}"
        if not words:
            raise ConfigError("", f"which one? qsim {command.name} {what}")
        if words[0] not in verbs:
            raise ConfigError(
                words[0],
                f"qsim {command.name} knows {', '.join(verbs)}{did_you_mean(words[0], verbs)}",
            )
    return words, overrides


def _stray(word: str, command: str) -> str:
    if word.endswith((".yaml", ".yml")):
        return f"not key=value; for a file of settings write conf={word}"
    if word in COMMANDS:
        return f"one command at a time; this is qsim {command}"
    return (
        f"not key=value; for an experiment write conf={word.split()[0] if word.split() else 'NAME'}"
    )
