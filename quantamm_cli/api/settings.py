"""Settings composed of YAML and overrides, as the command line composes them."""

from dataclasses import dataclass
from functools import cached_property

from quantamm_cli.config.competition import read_competition
from quantamm_cli.config.compose import Composer
from quantamm_cli.config.read import read_settings
from quantamm_cli.errors import ArgumentError
from quantamm_cli.settings.compete import Compete
from quantamm_cli.settings.json_tree import JsonObject
from quantamm_cli.settings.run import Simulate, Train

COMMANDS = ("simulate", "train", "evaluate", "tune", "compete")


@dataclass(frozen=True)
class Settings:
    """All settings of a command: frozen, validated, named by a fingerprint.

    >>> settings = compose("train", "pool/rule=momentum", "fees=flat", "fees.fee=0.003", "fit.steps=200")
    >>> longer = settings.but("fit.steps=2000")
    """

    command: str
    overrides: tuple[str, ...]
    """As they stand on a command line, ``conf=NAME`` too."""
    config_dir: str | None = None

    @cached_property
    def tree(self) -> JsonObject:
        """The plain tree that the overrides compose."""
        return Composer(self.command, self.overrides, self.config_dir).tree()

    @cached_property
    def values(self) -> Simulate | Train | Compete:
        """The typed settings. Raises ConfigError: one line for the first thing wrong."""
        if self.command == "compete":
            return read_competition(self.tree, self.overrides, self.config_dir)
        return read_settings(Simulate if self.command == "simulate" else Train, self.tree)

    @property
    def fingerprint(self) -> str:
        """64 hex digits that name the run of these settings."""
        return self.values.fingerprint

    def but(self, *overrides: str) -> "Settings":
        """The same with further overrides, of which later ones come before earlier ones."""
        return compose(self.command, *self.overrides, *overrides, config_dir=self.config_dir)

    def of(self, command: str) -> "Settings":
        """The same words for another command."""
        return compose(command, *self.overrides, config_dir=self.config_dir)

    def training(self) -> Train:
        """Those of a training. Raises ArgumentError if they are another command's."""
        if not isinstance(self.values, Train):
            raise ArgumentError("settings", f"are those of {self.command}; expected those of a training: compose('train', ...)")
        return self.values

    def __repr__(self) -> str:
        return f"compose({', '.join(map(repr, (self.command, *self.overrides)))})"


def compose(command: str, *overrides: str, config_dir: str | None = None) -> Settings:
    """The settings of a command with some changed, as on the command line: ``"pool/rule=momentum"``, ``"conf=demo"``.

    Args:
        config_dir: a folder of YAML searched before ``./conf``.

    Raises:
        ConfigError: what is no setting, or not a value of it, with the nearest right name.
    """
    if command not in COMMANDS:
        raise ArgumentError("command", f"'{command}' is not one of {', '.join(COMMANDS)}")
    settings = Settings(command, overrides, config_dir)
    _ = settings.values
    return settings
