"""Who calls reads the words he wrote: arguments in Python, flags on the command line."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from figures import modules

from quantamm_cli.cli.parse import as_flag, every_flag
from quantamm_cli.errors import ArgumentError, argument, spelling
from quantamm_cli.training.selection import rule_name

NAMES = sorted(name for flag in every_flag() for name in flag.names if name.startswith("--"))
FLAG = re.compile(rf"(?<![\w-])(?:{'|'.join(NAMES)})(?![\w-])")
COMMAND = re.compile(r"qsim [a-z][^;`]*$")
"""What makes a flag part of a command line that is written out."""
EXCEPTIONS = {
    "quantamm_cli.errors": "argument() says what both read",
    "quantamm_cli.settings.compete": "help texts, which are in the JSON schema of the command",
    "quantamm_cli.workflows.walk_forward": "a reason of a verdict, which is in stored results",
}


def flags_in(path: Path) -> Iterator[str]:
    """Every text of a module with a flag in it, but for written command lines."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for flag in FLAG.finditer(node.value):
                if not COMMAND.search(node.value[: flag.start()]):
                    yield f"{path}:{node.lineno}: {flag[0]} in {node.value[:80]!r}"


def test_only_the_command_line_speaks_of_flags(root: Path) -> None:
    """A Python caller has none.

    Below the command line write argument("fresh", True), or raise ArgumentError.
    """
    files = {
        name: path
        for name, path in modules(root).items()
        if not name.startswith("quantamm_cli.cli")
    }
    spoken = {name: list(flags_in(path)) for name, path in files.items()}
    wrong = [line for name, lines in spoken.items() if name not in EXCEPTIONS for line in lines]
    assert not wrong, "\n".join(wrong)
    assert all(spoken[name] for name in EXCEPTIONS), "an exception that is none any more"


def test_an_argument_is_spelt_as_the_caller_wrote_it() -> None:
    assert (argument("fresh", True), argument("load", "last"), argument("load")) == (
        "fresh=True",
        "load='last'",
        "load",
    )
    with spelling(as_flag):
        assert (argument("fresh", True), argument("load", "last"), argument("load")) == (
            "--fresh",
            "--load last",
            "--load",
        )
        assert (argument("shorter"), argument("until_decided", True), argument("minimum")) == (
            "--continue",
            "--until-decided",
            "--min",
        )
        assert argument("settings") == "settings"
    assert argument("fresh", True) == "fresh=True"


def test_an_argument_that_is_wrong_is_named() -> None:
    with pytest.raises(
        ArgumentError,
        match=r"^load: no selection rule is called 'best_tset' \(did you mean 'best_test'",
    ):
        rule_name("best_tset")
    with spelling(as_flag), pytest.raises(ArgumentError, match=r"^--load: no selection rule"):
        rule_name("best_tset")
