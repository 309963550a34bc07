"""Settings composed from YAML and overrides, as on the command line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from quantamm_cli.config.competition import read_competition
from quantamm_cli.config.compose import Composer
from quantamm_cli.config.overrides import override_value
from quantamm_cli.config.read import read_settings
from quantamm_cli.config.state import refuse_start
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
    """As on the command line, including ``conf=NAME``."""
    config_dir: str | None = None
    entrants: tuple["Entrant", ...] = ()
    """The entrants of a competition, if Python code gives them."""
    market: "MemoryMarket | None" = None
    """Prices from Python code; they live as long as these settings."""

    def __getstate__(self) -> dict[str, Any]:
        """The fields without cached values, which another process composes again."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def tree(self) -> JsonObject:
        """The plain tree that the overrides compose."""
        return Composer(self.command, self.overrides, self.config_dir).tree()

    @cached_property
    def values(self) -> Simulate | Train | Compete:
        """The typed settings. Raises ConfigError with one line for the first mistake."""
        if self.command == "compete":
            return read_competition(self.tree, self.overrides, self.config_dir, self.entrants)
        if self.command == "simulate":
            refuse_start(self.tree, self.overrides)
            return read_settings(Simulate, self.tree)
        return read_settings(Train, self.tree)

    @property
    def fingerprint(self) -> str:
        """64 hex digits that name the run of these settings."""
        return self.values.fingerprint

    def but(self, *overrides: "Override") -> "Settings":
        """The same settings with further overrides; a later override wins."""
        words = _words(self.command, overrides, self.config_dir)
        return _checked(replace(self, overrides=(*self.overrides, *words)))

    def line_up(self, strategies: Sequence["Entrant"]) -> "Settings":
        """The same competition between other strategies.

        Each is a name, ``"FILE.py:Class"``, a mapping with a ``kind``, an object, a class or a
        pool.
        """
        if isinstance(strategies, str) or not strategies:
            raise ArgumentError("strategies", f"are {strategies!r}; expected a list of one or more")
        return _checked(replace(self.of("compete"), entrants=tuple(strategies)))

    def on(self, market: "MemoryMarket | None") -> "Settings":
        """The same settings on a market of :func:`quantamm_cli.market`.

        Its prices, fees, trades and series replace those chosen before.
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
        of_files = _keys(self.overrides, "data.") - Memory.model_fields.keys()
        dropped = {*chosen, *(f"data.{name}" for name in of_files)}
        # settings of another market in memory, with its recorded fees and trades
        of_memory = [word for word in self.overrides if SCHEME in word]
        groups = {_key(word).partition(".")[0] for word in of_memory}
        dropped |= groups - {"data"}
        remaining = [
            word for word in self.overrides if _key(word) not in dropped and word not in of_memory
        ]
        added = [f"{name}={value}" for name, value in chosen.items()]
        return _checked(replace(self, overrides=(*remaining, *added), market=market))

    def of(self, command: str) -> "Settings":
        """The same overrides for another command."""
        return _checked(replace(self, command=command))

    def simulation(self) -> Simulate:
        """The settings of a pool's run. Raises ArgumentError for those of a competition."""
        if isinstance(self.values, Compete):
            raise ArgumentError(
                "settings",
                f"are those of {self.command}; expected those of a pool: "
                "compose('simulate', ...) or 'train'",
            )
        return self.values

    def training(self) -> Train:
        """The settings of a training. Raises ArgumentError for those of another command."""
        if not isinstance(self.values, Train):
            raise ArgumentError(
                "settings",
                f"are those of {self.command}; expected those of a training: compose('train', ...)",
            )
        return self.values

    def competition(self) -> Compete:
        """The settings of a competition. Raises ArgumentError for those of another command."""
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
    """Overrides as words of the command line."""
    words: list[str] = []
    for override in overrides:
        if isinstance(override, str):
            words.append(override)
            continue
        if not isinstance(override, Mapping):
            raise ArgumentError(
                "overrides",
                f"{override!r} is neither a word such as 'fit.steps=200' nor a mapping "
                "from names to values",
            )
        loader = Composer(command, (), config_dir).loader
        for name, value in override.items():
            if not isinstance(name, str):
                raise ArgumentError(
                    "overrides",
                    f"{name!r} is not the name of a setting; expected a text such as 'fit.steps'",
                )
            group, plain = name.replace(".", "/"), _plain(value)
            chooses = isinstance(plain, str) and plain in loader.options(group)
            words.append(f"{group if chooses else name}={override_value(plain)}")
    return tuple(words)


def _plain(value: Any) -> Any:
    """Values of numpy and dates as plain values of settings."""
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
    """Settings on a market. Raises ArgumentError if an argument has another type."""
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
    """The setting or group that an override sets."""
    return word.partition("=")[0].lstrip("+~")


def _keys(words: Sequence[str], prefix: str) -> set[str]:
    keys = map(_key, words)
    return {key.removeprefix(prefix) for key in keys if key.startswith(prefix)}


def compose(
    command: str,
    *overrides: "Override",
    market: "MemoryMarket | None" = None,
    config_dir: str | None = None,
) -> Settings:
    """The settings of a command with overrides, as on the command line:
    ``"pool/rule=momentum"``, ``"conf=demo"``.

    Args:
        overrides: words, or mappings from dotted names to values:
            ``{"fit.steps": 200, "tokens": ["BTC", "ETH"]}``.
        market: prices that replace files, as in ``settings.on(market)``.
        config_dir: a folder of YAML to search before ``./conf``.

    Raises:
        ConfigError: an unknown setting, with the nearest name, or an invalid value.
    """
    if command not in COMMANDS:
        raise ArgumentError("command", f"'{command}' is not one of {', '.join(COMMANDS)}")
    settings = Settings(command, _words(command, overrides, config_dir), config_dir)
    return _checked(settings) if market is None else settings.on(market)


def _checked(settings: Settings) -> Settings:
    """The settings, validated, so that a mistake fails where they are made."""
    _ = settings.values
    return settings
