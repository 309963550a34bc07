"""Settings composed of YAML and overrides, as the command line composes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from quantamm_cli.config.competition import read_competition
from quantamm_cli.config.compose import Composer
from quantamm_cli.config.read import read_settings
from quantamm_cli.config.search_space import spelt
from quantamm_cli.errors import ArgumentError
from quantamm_cli.settings.compete import Compete
from quantamm_cli.settings.json_tree import JsonObject
from quantamm_cli.settings.run import Simulate, Train
from quantamm_cli.workflows.monitor import Monitor

if TYPE_CHECKING:
    from quantamm_cli.competition.strategy import Strategy
    from quantamm_cli.market.content import MemoryMarket
    from quantamm_cli.pools.base import AbstractPool

Override: TypeAlias = "str | Mapping[str, Any]"
Entrant: TypeAlias = "str | Mapping[str, Any] | Strategy | type[Strategy] | AbstractPool"
COMMANDS = ("simulate", "train", "evaluate", "tune", "compete")


@dataclass(frozen=True)
class Settings:
    """All settings of a command: frozen, validated, named by a fingerprint.

    >>> settings = compose("train", "pool/rule=momentum", "fees=flat", "fees.fee=0.003")
    >>> longer = settings.but("fit.steps=2000")
    """

    command: str
    overrides: tuple[str, ...]
    """As they stand on a command line, ``conf=NAME`` too."""
    config_dir: str | None = None
    entrants: tuple["Entrant", ...] = ()
    """Who competes, where Python code says so."""
    market: "MemoryMarket | None" = None
    """Prices that Python code gave, held for as long as these settings are."""

    def __getstate__(self) -> dict[str, Any]:
        """Without what was composed: another process composes it again."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @cached_property
    def tree(self) -> JsonObject:
        """The plain tree that the overrides compose."""
        return Composer(self.command, self.overrides, self.config_dir).tree()

    @cached_property
    def values(self) -> Simulate | Train | Compete:
        """The typed settings. Raises ConfigError: one line for the first thing wrong."""
        if self.command == "compete":
            return read_competition(self.tree, self.overrides, self.config_dir, self.entrants)
        return read_settings(Simulate if self.command == "simulate" else Train, self.tree)

    @property
    def fingerprint(self) -> str:
        """64 hex digits that name the run of these settings."""
        return self.values.fingerprint

    def but(self, *overrides: "Override") -> "Settings":
        """The same with further overrides, of which later ones come before earlier ones."""
        return _checked(
            replace(
                self, overrides=(*self.overrides, *_words(self.command, overrides, self.config_dir))
            )
        )

    def line_up(self, strategies: Sequence["Entrant"]) -> "Settings":
        """The same competition of other strategies.

        They are names, ``"FILE.py:Class"``, mappings with a ``kind``, objects, classes or pools.
        """
        if isinstance(strategies, str) or not strategies:
            raise ArgumentError("strategies", f"are {strategies!r}; expected a list of one or more")
        return _checked(replace(self.of("compete"), entrants=tuple(strategies)))

    def on(self, market: "MemoryMarket | None") -> "Settings":
        """The same with the prices, fees, trades and series of a market of
        :func:`quantamm_cli.market`, whatever was chosen before.
        """
        if market is None:
            return self
        from quantamm_cli.market.content import SCHEME, MemoryMarket
        from quantamm_cli.market.memory import Memory

        if not isinstance(market, MemoryMarket):
            raise ArgumentError(
                "market", f"is of type {type(market).__name__}; expected qsim.market(...)"
            )

        chosen = market.overrides
        replaced = {
            *chosen,
            *(
                f"data.{name}"
                for name in _keys(self.overrides, "data.") - Memory.model_fields.keys()
            ),
        }
        words = [
            word for word in self.overrides if _key(word) not in replaced and SCHEME not in word
        ]
        dropped = {_key(word).partition(".")[0] for word in self.overrides if SCHEME in word} - {
            "data",
            *chosen,
        }
        words = [
            word for word in words if _key(word) not in dropped
        ]  # recorded fees and trades of another market
        return _checked(
            replace(
                self,
                overrides=(*words, *(f"{name}={value}" for name, value in chosen.items())),
                market=market,
            )
        )

    def of(self, command: str) -> "Settings":
        """The same words for another command."""
        return _checked(replace(self, command=command))

    def simulation(self) -> Simulate:
        """Those of a pool's run. Raises ArgumentError if they are a competition's."""
        if isinstance(self.values, Compete):
            raise ArgumentError(
                "settings",
                f"are those of {self.command}; expected those of a pool: "
                "compose('simulate', ...) or 'train'",
            )
        return self.values

    def training(self) -> Train:
        """Those of a training. Raises ArgumentError if they are another command's."""
        if not isinstance(self.values, Train):
            raise ArgumentError(
                "settings",
                f"are those of {self.command}; expected those of a training: compose('train', ...)",
            )
        return self.values

    def competition(self) -> Compete:
        """Those of a competition. Raises ArgumentError if they are another command's."""
        if not isinstance(self.values, Compete):
            raise ArgumentError(
                "settings",
                f"are those of {self.command}; expected those of a competition: "
                "compose('compete', ...)",
            )
        return self.values

    def __repr__(self) -> str:
        return f"compose({', '.join(map(repr, (self.command, *self.overrides)))})"


def _words(
    command: str, overrides: "Sequence[Override]", config_dir: str | None
) -> tuple[str, ...]:
    """Overrides as they stand on a command line."""
    words: list[str] = []
    for override in overrides:
        if isinstance(override, str):
            words.append(override)
            continue
        if not isinstance(override, Mapping):
            raise ArgumentError(
                "overrides",
                f"{override!r} is neither a word such as 'fit.steps=200' nor a "
                "mapping of values by name",
            )
        groups = Composer(command, (), config_dir).loader
        for name, value in override.items():
            if not isinstance(name, str):
                raise ArgumentError(
                    "overrides",
                    f"{name!r} is no name of a setting; expected a text such as 'fit.steps'",
                )
            place = name.replace(".", "/")
            plain = _plain(value)
            words.append(
                f"{place if isinstance(plain, str) and plain in groups.options(place) else name}="
                f"{spelt(plain)}"
            )
    return tuple(words)


def _plain(value: Any) -> Any:
    """Numbers of numpy and times as settings have them."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    return value.tolist() if hasattr(value, "tolist") else value


def checked(
    settings: Settings, market: "MemoryMarket | None" = None, monitor: object = None
) -> Settings:
    """Settings on a market. Raises ArgumentError if one of the three is of another type."""
    if not isinstance(settings, Settings):
        raise ArgumentError(
            "settings", f"is of type {type(settings).__name__}; expected qsim.compose(...)"
        )
    if not isinstance(monitor, Monitor | None):
        raise ArgumentError(
            "monitor",
            f"is of type {type(monitor).__name__}; expected an object of a class "
            "derived from qsim.Monitor",
        )
    return settings.on(market)


def _key(word: str) -> str:
    """The setting or group that an override chooses."""
    return word.partition("=")[0].lstrip("+~")


def _keys(words: Sequence[str], prefix: str) -> set[str]:
    return {_key(word).removeprefix(prefix) for word in words if _key(word).startswith(prefix)}


def compose(
    command: str,
    *overrides: "Override",
    market: "MemoryMarket | None" = None,
    config_dir: str | None = None,
) -> Settings:
    """The settings of a command with some changed, as on the command line:
    ``"pool/rule=momentum"``, ``"conf=demo"``.

    Args:
        overrides: words, or mappings of values by dotted name:
            ``{"fit.steps": 200, "tokens": ["BTC", "ETH"]}``.
        market: prices in the place of files, as ``settings.on(market)`` has them.
        config_dir: a folder of YAML searched before ``./conf``.

    Raises:
        ConfigError: what is no setting, or not a value of it, with the nearest right name.
    """
    if command not in COMMANDS:
        raise ArgumentError("command", f"'{command}' is not one of {', '.join(COMMANDS)}")
    settings = Settings(command, _words(command, overrides, config_dir), config_dir)
    return _checked(settings) if market is None else settings.on(market)


def _checked(settings: Settings) -> Settings:
    """Settings whose first mistake is found where they are made."""
    _ = settings.values
    return settings
