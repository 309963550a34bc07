"""The help texts, made from the declarations that the parser uses."""

from quantamm_cli.cli.command import Command
from quantamm_cli.cli.commands import COMMANDS
from quantamm_cli.cli.parse import flags_of, verbs_of

_EXIT = (
    "exit codes: 0 done, 1 our defect, 2 settings, 3 data, 4 runs and files, 5 diverged, "
    "130 Ctrl-C, 143 SIGTERM"
)


def overview() -> str:
    """``qsim --help``."""
    commands = "\n".join(f"  {command.name:<10} {command.summary}" for command in COMMANDS.values())
    return f"""usage: qsim COMMAND [conf=NAME|FILE.yaml] [key=value ...] [options]

{commands}

qsim COMMAND --help   the options of a command
qsim help             the manual: topics, pages, and what a word means (qsim help worst week)
qsim train            needs no settings: trains on the embedded synthetic market
qsim train -m fit.seed=0,1,2 metric=daily_log_sharpe,returns   runs every combination
tab completion: eval "$(qsim -sc install=bash)" (zsh too; fish: qsim -sc install=fish | source)

{_EXIT}"""


def of(command: Command) -> str:
    """``qsim COMMAND --help``."""
    lines = [f"usage: qsim {command.name} {command.usage}", "", command.summary, ""]
    if verbs := verbs_of(command):
        lines += [f"  one of: {', '.join(verbs)}", ""]
    for flag in flags_of(command):
        left = " ".join(filter(None, [", ".join(flag.names), flag.metavar]))
        lines.append(f"  {left:<22} {flag.text}")
    if command.notes:
        lines += ["", *command.notes]
    if command.composed:
        choices = "|".join(verbs_of(COMMANDS["show"]))
        lines += ["", f"settings: qsim {command.name} --cfg job   choices: qsim show {choices}"]
    return "\n".join(lines)
