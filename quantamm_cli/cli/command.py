"""What a command declares: its words, its help and its flags.

Cheap to import: help and typos need nothing else.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from quantamm_cli.cli.options import Options
    from quantamm_cli.config.composed import Composed
    from quantamm_cli.config.loader import Loader
    from quantamm_cli.workflows.monitor import Monitor
    from quantamm_cli.workflows.results import Result

RUNS = "[conf=NAME|FILE.yaml] [key=value ...] [options]"
"""The arguments of a command that runs on composed settings."""
CYCLES = (
    "split=walk_forward                              train and test in cycles through time, "
    "with a verdict",
)
NAMED = (
    "RUN is a path, or 6 or more digits of a name in qsim runs list, "
    "with or without its kind (walk_3f9a2c)"
)


@dataclass(frozen=True)
class Flag:
    """One option. A flag without ``metavar`` is a switch.

    ``optional`` is the value of a flag that is written without one.
    """

    field: str
    names: tuple[str, ...]
    text: str
    metavar: str | None = None
    choices: tuple[str, ...] = ()
    optional: str | None = None
    short: Mapping[str, str] = dataclasses.field(default_factory=dict, hash=False)
    """Other spellings of choices, with the choice that each stands for."""
    number: bool = False
    """Whether the value is a number, which may be negative."""
    exclusive: str = ""
    """A group of flags of which one at a time may be used; empty: the flag is in no group."""
    argument: str = ""
    """The argument of a workflow that the flag sets, if its name is not ``field``."""

    @property
    def name(self) -> str:
        """The longest spelling, which messages use."""
        return max(self.names, key=len)


@dataclass(frozen=True)
class Command:
    """One word after ``qsim``. A command that runs on composed settings has no ``verbs``."""

    name: str
    summary: str
    usage: str
    place: int
    """The position in the list of commands: the lowest comes first."""
    run: "Callable[[Composed, Options, Monitor], Result]"
    flags: tuple[Flag, ...] = ()
    verbs: tuple[str, ...] | Callable[[], tuple[str, ...]] = ()
    """The words of which one must follow; a function if the disk must be read to know them."""
    takes: str = ""
    """What the single word of a command without verbs is, such as RUN.

    A command that runs on composed settings may be called without it.
    """
    notes: tuple[str, ...] = ()
    """Further lines of the help text."""
    settings: Literal["composed", "base", "none"] = "composed"
    """What the command runs on: conf/<name>.yaml, folders and plugins only, or no settings."""
    optional_verbs: tuple[str, ...] = ()
    """Verbs that a command on composed settings may have: other things to do with them."""
    names: "Callable[[Loader, str], Sequence[str]] | None" = None
    """The names that completion offers after a verb."""

    @property
    def composed(self) -> bool:
        """Whether the command runs on conf/<name>.yaml."""
        return self.settings == "composed"
