"""What a command declares of itself: its words, its help and its flags.

Light: help and typos are answered by this alone.
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
"""What stands after a command that runs on settings."""
CYCLES = (
    (
        "split=walk_forward                              cycles through time, and whether "
        "it works out of sample"
    ),
)
NAMED = (
    "RUN is 6 or more digits of a name in qsim runs list, with its kind before them (walk_3f9a2c) "
    "or without, or a path"
)


@dataclass(frozen=True)
class Flag:
    """One option. ``metavar`` None is a switch; ``optional`` may stand without its value."""

    field: str
    names: tuple[str, ...]
    text: str
    metavar: str | None = None
    choices: tuple[str, ...] = ()
    optional: str | None = None
    short: Mapping[str, str] = dataclasses.field(default_factory=dict, hash=False)
    """Other spellings of choices."""
    number: bool = False
    """Whether its value is one; a number may be negative."""
    instead: str = ""
    """Of the flags with the same of it one at a time makes sense."""
    argument: str = ""
    """The argument of a workflow that it gives, if that has another name than the field."""

    @property
    def name(self) -> str:
        """As messages spell it."""
        return max(self.names, key=len)


@dataclass(frozen=True)
class Command:
    """One word after ``qsim``. ``verbs`` are the words that may follow it;
    a composed command has none.
    """

    name: str
    summary: str
    usage: str
    place: int
    """Commands are listed by it: what one begins with comes first."""
    run: "Callable[[Composed, Options, Monitor], Result]"
    flags: tuple[Flag, ...] = ()
    verbs: tuple[str, ...] | Callable[[], tuple[str, ...]] = ()
    """A function where they are looked for on the disk."""
    takes: str = ""
    """What its one word is, for a command without verbs; one that runs on
    settings can do without it.
    """
    notes: tuple[str, ...] = ()
    """More lines of its help."""
    settings: Literal["composed", "base", "none"] = "composed"
    """What it runs on: conf/<name>.yaml, folders and plugins only, or nothing that is composed."""
    beside: tuple[str, ...] = ()
    """Words that a composed command may have: something else to do with its settings."""
    names: "Callable[[Loader, str], Sequence[str]] | None" = None
    """What completion offers behind a verb."""

    @property
    def composed(self) -> bool:
        """Whether the command runs on conf/<name>.yaml."""
        return self.settings == "composed"
