"""The blocks of code and the commands that pages, YAML comments and help texts show."""

import ast
import doctest
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from quantamm_cli.cli.commands import COMMANDS

_FENCE = re.compile(
    r"(?:^<!-- not run: (?P<reason>[^>]+) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
_SPAN = re.compile(r"`(qsim [^`]+)`")
_WORD = re.compile(r"(?<![\w./@=])([+~]?[a-z][\w/@.]*=(?:\[[^]]*\]|\{[^}]*\}|[^\s=,;)'\[{]+))")
"""A ``key=value`` in running text."""


class Block(NamedTuple):
    """A fenced block: ``reason`` says why it is not run, if it is not."""

    language: str
    text: str
    reason: str


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a page."""
    found = [
        Block(each["language"], each["text"], each["reason"] or "")
        for each in _FENCE.finditer(text)
    ]
    assert len(found) * 2 == len(re.findall(r"^```", text, re.MULTILINE)), "a block without an end"
    return found


def lines(text: str) -> list[list[str]]:
    """The words of each command line of a block; comments are left out."""
    joined = text.replace("\\\n", " ")
    parsed = (shlex.split(line, comments=True) for line in joined.splitlines())
    return [words for words in parsed if words]


def commands(text: str) -> list[list[str]]:
    """The words of all command lines of a page: in blocks for a shell, and in running text."""
    shown = [
        words
        for block in blocks(text)
        if block.language == "sh" and not block.reason
        for words in lines(block.text)
    ]
    prose = _FENCE.sub("", text)
    return shown + [shlex.split(span) for span in _SPAN.findall(prose)]


def of_yaml(path: Path) -> Iterator[str]:
    """The comments of a file of settings, a text each."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if "#" in line:
            yield line.partition("#")[2].strip()


def settings_in(text: str) -> list[str]:
    """The ``key=value`` words of a running text."""
    return [
        word.rstrip(".:") for word in _WORD.findall(text) if "..." not in word and "…" not in word
    ]


def helps() -> Iterator[tuple[str, str]]:
    """Command and line of the notes in the help texts."""
    for command in COMMANDS.values():
        for note in command.notes:
            yield command.name, note


def examples(path: Path) -> Iterator[str]:
    """The code of each docstring of a module that shows any (``>>>``)."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            shown = doctest.DocTestParser().get_examples(ast.get_docstring(node) or "")
            if shown:
                yield "".join(each.source for each in shown)


def commands_of_docstrings(path: Path) -> Iterator[list[str]]:
    """The words of the commands that docstrings of a module name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            for span in re.findall(r"``(qsim [^`]+)``", ast.get_docstring(node) or ""):
                yield span.split()
