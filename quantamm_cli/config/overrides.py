"""Hydra's override grammar, and Hydra's complaints in our words."""

import re
from dataclasses import replace
from functools import lru_cache

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, ValueType
from hydra.errors import HydraException

from quantamm_cli.errors import ConfigError

_PAIRS = {"[": "]", "{": "}", "(": ")"}


def read(loader: ConfigLoader, word: str) -> Override:
    """One override. Raises ConfigError with what is wrong with it."""
    key, equals, value = word.partition("=")
    name = key.lstrip("+~")
    if not word.startswith("~") and (not equals or not name):
        raise ConfigError(word, "not key=value")
    if equals and not value and not word.startswith("~"):
        raise ConfigError(
            word, f"no value; write {key}=null for none, or {key}=\"''\" for an empty text"
        )
    try:
        return replace(_parsed(word), config_loader=loader)
    except (HydraException, ValueError, RecursionError) as failure:
        raise ConfigError(word, _explain(key, value, failure)) from None


@lru_cache(maxsize=1024)
def _parsed(word: str) -> Override:
    """A study composes the same words for each of its trials."""
    return OverridesParser.create().parse_overrides([word])[0]


def as_list(override: Override) -> str:
    """The other thing ``key=a,b`` may have meant."""
    key, _, value = str(override.input_line).partition("=")
    return (
        f", or write {key}=[{value}] for a list"
        if override.value_type == ValueType.SIMPLE_CHOICE_SWEEP
        else ""
    )


def _explain(key: str, value: str, failure: BaseException) -> str:
    if any(blank in key for blank in " \t\n"):
        return "the key has a blank in it; write key=value, one word each"
    if (
        not all(part for part in key.lstrip("+~").split("."))
        or not key.isascii()
        or any(sign in key for sign in "[]{}()'\"")
    ):
        return "the key cannot be read; keys are names joined by single dots, such as fees.fee"
    unclosed = _unclosed(value)
    if unclosed:
        return f"'{unclosed}' is not closed (in a shell, put the whole word in quotes)"
    return f"""the value cannot be read; put text with special signs in quotes: {key}='"..."'"""


def _unclosed(value: str) -> str:
    """The bracket or quote that lacks its partner."""
    stack: list[str] = []
    quote = ""
    for sign in value:
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign in _PAIRS:
            stack.append(sign)
        elif sign in _PAIRS.values() and (not stack or _PAIRS[stack.pop()] != sign):
            return sign
    return quote or (stack[-1] if stack else "")


def _key(word: Override) -> str:
    """The key with its package, as a pattern."""
    return re.escape(word.get_key_element().lstrip("+~"))


def translated(failure: BaseException, parsed: list[Override]) -> ConfigError:
    """What Hydra says about a composition that failed, on one line."""
    text = str(failure) or str(failure.__cause__ or type(failure).__name__)
    line = text.strip().splitlines()[0] if text.strip() else type(failure).__name__
    named = [word for word in parsed if re.search(rf"(?<![\w.]){_key(word)}(?![\w.]*\w)", line)]
    place = str(max(named, key=lambda word: len(_key(word))).input_line) if named else ""
    if "appears more than once" in line or line.startswith("Multiple values for"):
        return ConfigError(
            place,
            f"{line}; each group is chosen once: leave out the '+', or write 'override' before "
            "it in a defaults list",
        )
    if "No match in the defaults list" in text:
        return ConfigError(
            place,
            f"{line.split(' No match')[0]} It is not one of the groups of this command (in a file, "
            "write '- override /group: name')",
        )
    if line.startswith("Could not append"):
        return ConfigError(place, "is there already; leave out the '+'")
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
