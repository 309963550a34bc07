"""The help texts, made from the declarations that the parser uses."""

import re
from collections.abc import Iterable
from textwrap import wrap

from quantamm_cli.cli.command import Command
from quantamm_cli.cli.commands import COMMANDS
from quantamm_cli.cli.parse import flags_of, verbs_of

WIDTH = 80
"""Columns of every help text, in a pipe too."""
_COLUMNS = re.compile(r"\s*\S.*?\s{2,}(?=\S)")
"""The first of two columns."""
_EXIT = (
    "exit codes: 0 done, 1 our defect, 2 settings, 3 data, 4 runs and files, 5 diverged, "
    "130 Ctrl-C, 143 SIGTERM"
)


def overview() -> str:
    """``qsim --help``."""
    commands = "\n".join(f"  {command.name:<9}  {command.summary}" for command in COMMANDS.values())
    text = f"""usage: qsim COMMAND [conf=NAME|FILE.yaml] [key=value ...] [options]

{commands}

qsim COMMAND --help   the options of a command
qsim help             the manual: topics, pages, what a word means
qsim train            needs no settings: trains on the embedded synthetic market
qsim train -m fit.seed=0,1,2 metric=daily_log_sharpe,returns   runs every combination
tab completion: eval "$(qsim -sc install=bash)" (zsh too; fish: qsim -sc install=fish | source)

{_EXIT}"""
    return _wrapped(text.splitlines())


def of(command: Command) -> str:
    """``qsim COMMAND --help``."""
    lines = [f"usage: qsim {command.name} {command.usage}", "", command.summary, ""]
    if verbs := verbs_of(command):
        lines += [f"  one of: {', '.join(verbs)}", ""]
    for flag in flags_of(command):
        left = " ".join(filter(None, [", ".join(flag.names), flag.metavar]))
        lines.append(f"  {left:<21}  {flag.text}")
    if command.notes:
        lines += ["", *command.notes]
    if command.composed:
        choices = " | ".join(verbs_of(COMMANDS["show"]))
        lines += [
            "",
            f"settings:  qsim {command.name} --cfg job",
            f"choices:   qsim show {choices}",
        ]
    return _wrapped(lines)


def _wrapped(lines: Iterable[str]) -> str:
    """Lines that are too long go on below their second column, or a little indented."""
    return "\n".join(part for line in lines for part in _parts(line))


def _parts(line: str) -> list[str]:
    if len(line) <= WIDTH:
        return [line]
    columns = _COLUMNS.match(line)
    indent = columns.end() if columns else len(line) - len(line.lstrip()) + 4
    if columns and indent > WIDTH // 2:  # too little room beside the first column
        return [columns[0].rstrip(), *_parts(f"    {line[indent:]}")]
    return wrap(
        line,
        WIDTH,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
