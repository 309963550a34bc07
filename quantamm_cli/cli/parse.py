"""Parses the words after ``qsim``: commands, flags of qsim and of Hydra, and overrides.

Hydra's parser refuses unknown flags, accepts prefixes of known ones, and requires all overrides on
one side of them. So flags are removed here, by their exact spelling and at any position.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from itertools import chain
from typing import Any

from quantamm_cli.cli.command import Command, Flag
from quantamm_cli.cli.commands import COMMANDS
from quantamm_cli.cli.flags import ALWAYS, COMPOSING
from quantamm_cli.cli.options import Options, Value
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.suggestions import did_you_mean

_SHARED = {field.name for field in fields(Options)}


def find_command(name: str) -> Command:
    """The command of that name. Raises ConfigError with the nearest name."""
    if name not in COMMANDS:
        kind, known = "command", tuple(COMMANDS)
        if name.startswith("-"):
            kind, known = "option", ("--help", "--version", "-sc")
        near = did_you_mean(name, known)
        raise ConfigError(name, f"no such {kind}{near}; qsim --help lists them")
    return COMMANDS[name]


def verbs_of(command: Command) -> tuple[str, ...]:
    """The words of which one must follow a command; empty for a command without verbs."""
    return command.verbs() if callable(command.verbs) else command.verbs


def flags_of(command: Command) -> tuple[Flag, ...]:
    """The options of a command."""
    composing = COMPOSING if command.composed else ()
    return (*command.flags, *composing, *ALWAYS)


def every_flag() -> list[Flag]:
    """The options of all commands, each once."""
    return list(dict.fromkeys(chain.from_iterable(map(flags_of, COMMANDS.values()))))


def as_flag(argument: str, value: object = None) -> str:
    """An argument of a workflow, and its value, as the flag that sets it.

    An argument that no flag sets is returned unchanged.
    """
    flag = next((flag for flag in every_flag() if argument == (flag.argument or flag.field)), None)
    if flag is None:
        return argument
    return flag.name if value is None or flag.metavar is None else f"{flag.name} {value}"


def parse(command: Command, words: Sequence[str]) -> Options:
    """Parse the words after a command. Raises ConfigError for the first wrong word."""
    if not {"-h", "--help"}.isdisjoint(words):
        return Options(command.name, help=True)
    known = {name: flag for flag in flags_of(command) for name in flag.names}
    values: dict[str, Value] = {}
    rest: list[str] = []
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            rest += waiting
            break
        if not word.startswith("-") or word == "-":
            rest.append(word)
            continue
        name, *joined = word.split("=", 1)
        flag = known.get(name)
        if flag is None:
            raise ConfigError(name, _unknown(name, command.name, known))
        values[flag.field] = _value(flag, name, joined, waiting)
    _check_combination(flags_of(command), values)
    words, overrides = _sorted(command, rest)
    if command.takes and command.composed and words:
        values["run"] = words[0]
    shared: dict[str, Any] = {name: values.pop(name) for name in _SHARED & values.keys()}
    return Options(command.name, **shared, specific=values, words=words, overrides=overrides)


def _check_combination(flags: Sequence[Flag], values: Mapping[str, Value]) -> None:
    """Raise ConfigError for flags that exclude each other, or one that needs another."""
    if values.get("package") and not values.get("cfg"):
        raise ConfigError("-p", "needs --cfg job")
    first: dict[str, Flag] = {}
    for flag in flags:
        if flag.field in values and flag.exclusive:
            other = first.setdefault(flag.exclusive, flag)
            if other is not flag:
                raise ConfigError(flag.name, f"cannot be combined with {other.name}")


def _unknown(name: str, command: str, known: Mapping[str, Flag]) -> str:
    if any(name in flag.names for flag in every_flag()):
        return f"is not an option of qsim {command}; qsim {command} --help lists them"
    return f"no such option{did_you_mean(name, known)}; qsim {command} --help lists them"


def _value(flag: Flag, name: str, joined: list[str], waiting: list[str]) -> Value:
    """The value of a flag: ``joined`` to it by ``=``, or the next word, which is then removed."""
    if flag.metavar is None:
        if joined:
            raise ConfigError(name, f"takes no value, got '{joined[0]}'")
        return True
    choices = (*flag.choices, *flag.short)
    value = flag.optional
    if joined:
        value = joined[0]
    elif waiting and _is_value(waiting[0], flag, choices):
        value = waiting.pop(0)
    if not value:
        raise ConfigError(name, f"needs a value: {flag.text}")
    if flag.number:
        return _number(name, value)
    if choices and value not in choices:
        near = did_you_mean(value, choices)
        raise ConfigError(name, f"'{value}' is not one of {', '.join(flag.choices)}{near}")
    return flag.short.get(value, value)


def _is_value(word: str, flag: Flag, choices: Sequence[str]) -> bool:
    """Whether the word after a flag is its value."""
    if word in choices:
        return True
    return flag.optional is None and (flag.number or not word.startswith("-"))


def _number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ConfigError(name, f"'{text}' is not a number")
    return number


def _sorted(command: Command, rest: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Separate words from overrides. Raises ConfigError for words the command does not take."""
    overrides = tuple(word for word in rest if "=" in word or word.startswith("~"))
    words = tuple(word for word in rest if word not in overrides)
    if command.optional_verbs and words and words[0] not in command.optional_verbs:
        if near := did_you_mean(words[0], command.optional_verbs):
            raise ConfigError(words[0], _expected(command, command.optional_verbs, near))
        raise ConfigError(words[0], _stray(words[0], command.name))
    if command.composed and words and not (command.takes or command.optional_verbs):
        raise ConfigError(words[0], _stray(words[0], command.name))
    if command.takes and len(words) != 1 and (words or not command.composed):
        usage = f"qsim {command.name} {command.takes}"
        raise ConfigError(" ".join(words[1:]), f"give one {command.takes}: {usage}")
    if verbs := verbs_of(command):
        if not words:
            raise ConfigError("", f"needs a verb: qsim {command.name} {' | '.join(verbs)}")
        if words[0] not in verbs:
            near = did_you_mean(words[0], verbs)
            raise ConfigError(words[0], _expected(command, verbs, near))
    return words, overrides


def _expected(command: Command, verbs: Sequence[str], near: str) -> str:
    return f"qsim {command.name} takes {', '.join(verbs)}{near}"


def _stray(word: str, command: str) -> str:
    if word.endswith((".yaml", ".yml")):
        return f"is not key=value; for a file of settings write conf={word}"
    if word in COMMANDS:
        return f"is a second command; give one at a time, this is qsim {command}"
    name = (word.split() or ["NAME"])[0]
    return f"is not key=value; for an experiment write conf={name}"
