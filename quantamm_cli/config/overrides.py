"""Parses and writes overrides in Hydra's grammar, and turns Hydra's errors into one line."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, ValueType
from hydra.errors import HydraException

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.suggestions import did_you_mean

_PAIRS = {"[": "]", "{": "}", "(": ")"}


def read(loader: ConfigLoader, word: str) -> Override:
    """One override. Raises ConfigError."""
    key, equals, value = word.partition("=")
    name = key.lstrip("+~")
    if name.startswith("space."):  # space.pool/rule, which Hydra's grammar does not know
        word = f"{key.replace('/', '.')}{equals}{value}"
    if not word.startswith("~") and (not equals or not name):
        raise ConfigError(word, "is not key=value")
    if equals and not value and not word.startswith("~"):
        raise ConfigError(
            word, f"has no value; write {key}=null for none, or {key}=\"''\" for an empty text"
        )
    try:
        return replace(_parsed(word), config_loader=loader)
    except (HydraException, ValueError, RecursionError) as failure:
        raise ConfigError(word, _explain(key, value, failure)) from None


@lru_cache(maxsize=1024)
def _parsed(word: str) -> Override:
    """Cached, as a study composes the same overrides for each of its trials."""
    return OverridesParser.create().parse_overrides([word])[0]


def override_value(value: Any) -> str:
    """A value in the grammar of Hydra's overrides."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list | tuple):
        return f"[{','.join(map(override_value, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{key}:{override_value(item)}' for key, item in value.items())}}}"
    if isinstance(value, str):
        return "'" + value.replace("'", "\\'") + "'"
    return repr(value)


def as_list(override: Override) -> str:
    """The advice to write a list, if ``key=a,b`` may have meant one; else empty."""
    if override.value_type != ValueType.SIMPLE_CHOICE_SWEEP:
        return ""
    key, _, value = str(override.input_line).partition("=")
    return f", or write {key}=[{value}] for a list"


def _explain(key: str, value: str, failure: BaseException) -> str:
    if re.search(r"[ \t\n]", key):
        return "the key has a blank in it; write key=value without blanks"
    parts = key.lstrip("+~").split(".")
    if not all(parts) or not key.isascii() or re.search(r"[\[\]{}()'\"]", key):
        return "the key cannot be read; keys are names joined by single dots, such as fees.fee"
    unclosed = _unclosed(value)
    if unclosed:
        return f"'{unclosed}' is not closed (in a shell, put the whole word in quotes)"
    return f"""the value cannot be read; put text with special signs in quotes: {key}='"..."'"""


def _unclosed(value: str) -> str:
    """The bracket or quote that has no partner; empty if all have one."""
    stack: list[str] = []
    quote = ""
    for sign in value:
        if quote:
            quote = quote.replace(sign, "")
        elif sign in "'\"":
            quote = sign
        elif sign in _PAIRS:
            stack.append(sign)
        elif sign in _PAIRS.values() and (not stack or _PAIRS[stack.pop()] != sign):
            return sign
    return quote or "".join(stack[-1:])


def _key(word: Override) -> str:
    """The key with its package, as a regular expression."""
    return re.escape(word.get_key_element().lstrip("+~"))


def unknown_choice(
    failure: BaseException, options: Callable[[str], list[str]], groups: list[str]
) -> ConfigError | None:
    """The error for a group, or an option of one, that a defaults list names and that does not
    exist; ``None`` for other failures.
    """
    line = str(failure).strip().partition("\n")[0]
    group = re.search(r"Could not override '([a-z_]+)'", line)
    if group is not None and group[1] not in groups:
        near = did_you_mean(group[1], groups)
        return ConfigError(group[1], f"no such group{near} (there are: {', '.join(groups)})")
    choice = re.search(r"Could not (?:find|load) '([a-z_/]+)/([^'/]+)'", line)
    names = options(choice[1]) if choice is not None else []
    if choice is None or not names:
        return None
    near = did_you_mean(choice[2], names)
    return ConfigError(
        f"{choice[1]}={choice[2]}",
        f"no {choice[1]} is called '{choice[2]}'{near} (there are: {', '.join(names)})",
    )


_MERGING = "Error merging override "


def translated(failure: BaseException, parsed: list[Override]) -> ConfigError:
    """Hydra's error on a composition as one line, at the override that it is about."""
    text = str(failure) or str(failure.__cause__ or "")
    line = (text.strip() or type(failure).__name__).splitlines()[0]
    named = [word for word in parsed if re.search(rf"(?<![\w.]){_key(word)}(?![\w.]*\w)", line)]
    named.sort(key=lambda word: -len(_key(word)))
    place = "".join(str(word.input_line) for word in named[:1])
    if "appears more than once" in line or line.startswith("Multiple values for"):
        return ConfigError(
            place,
            f"{line}; each group is chosen once: leave out the '+', or write 'override' before "
            "it in a defaults list",
        )
    if "No match in the defaults list" in text:
        match = re.search(r"override '([a-z_/]+)", line)
        outer = match[1].rpartition("/")[0] if match else ""
        reason = "It is not one of the groups of this command"
        if outer and not outer.startswith("experiment"):
            reason = f"The {outer} that is chosen has none: leave one of the two choices out"
        return ConfigError(
            place,
            f"{line.split(' No match')[0]} {reason} (in a file, write '- override /group: name')",
        )
    if line.startswith(_MERGING):
        word, cause = line.removeprefix(_MERGING), str(failure.__cause__)
        if "object_type=list" in cause:
            key = word.partition("=")[0]
            return ConfigError(word, f"the setting is a list; write {key}=[...]")
        return ConfigError(word, (cause or line).splitlines()[0])
    if line.startswith("Could not append"):
        return ConfigError(place, "exists already; leave out the '+'")
    if re.fullmatch(r"Could not override '[^']*'\.", line):
        group, at, rest = place.partition("@")
        if at:
            return ConfigError(
                place,
                f"no {group} belongs at {rest.partition('=')[0]}; write"
                f" {group}={rest.partition('=')[2]}, or +{place} to put one there",
            )
        return ConfigError(place, f"no such setting ({line[:-1]})")
    return ConfigError(place, line)
