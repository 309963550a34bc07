"""What the words after a command said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quantamm_cli.workflows.selection import Selection

Value = str | float | bool


@dataclass(frozen=True)
class Options:
    """Flags that several commands have by name, those of one command in ``own``.

    ``words`` are verbs and names, ``overrides`` are Hydra's ``key=value``;
    ``implied`` come before them.
    """

    command: str
    load: str | None = None
    run: str | None = None
    minimum: float = 0.0
    plots: bool = False
    json: bool = False
    dry_run: bool = False
    fresh: bool = False
    quiet: bool = False
    verbose: bool = False
    help: bool = False
    multirun: bool = False
    cfg: str | None = None
    package: str | None = None
    resolve: bool = False
    info: str | None = None
    config_dir: str | None = None
    own: Mapping[str, Value] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    implied: tuple[str, ...] = ()

    @property
    def selection(self) -> "Selection":
        """What ``--load`` and ``--min`` ask for."""
        from quantamm_cli.workflows.selection import Selection

        return Selection(self.load, self.minimum)

    def text(self, name: str) -> str | None:
        """The value of one of the command's own flags, if it was given."""
        return None if name not in self.own else str(self.own[name])

    def on(self, name: str) -> bool:
        """Whether one of the command's own flags was given."""
        return name in self.own
