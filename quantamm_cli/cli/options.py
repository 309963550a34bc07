"""The parsed arguments of a command."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quantamm_cli.workflows.selection import Selection

Value = str | float | bool


@dataclass(frozen=True)
class Options:
    """Flags that several commands share have fields; those of one command are in ``specific``.

    ``words`` are verbs and names, ``overrides`` are Hydra's ``key=value``;
    ``implied`` overrides come before them.
    """

    command: str
    load: str | None = None
    run: str | None = None
    minimum: float = 0.0
    by_metric: str | None = None
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
    specific: Mapping[str, Value] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    implied: tuple[str, ...] = ()

    @property
    def selection(self) -> "Selection":
        """The selection of ``--load``, ``--min`` and ``--by``."""
        from quantamm_cli.workflows.selection import Selection

        return Selection(self.load, self.minimum, self.by_metric)

    def text(self, name: str) -> str | None:
        """The value of a flag of this command, if it was given."""
        return str(self.specific[name]) if name in self.specific else None

    def on(self, name: str) -> bool:
        """Whether a flag of this command was given."""
        return name in self.specific
