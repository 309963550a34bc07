"""Settings of ``qsim compete``: who competes, in which markets, for how long, and how capital
moves among the strategies.
"""

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.component import Component, Settings
from quantamm_cli.settings.digest import fields, plain, sha256
from quantamm_cli.settings.history import IDENTITY
from quantamm_cli.settings.json_tree import Json
from quantamm_cli.settings.types import Count, Natural, NonNegative, Positive, Share

MOST_ENTRANTS = 16
NORMALISER = "normaliser"
"""The name of the reference pool of every competition; no strategy can have it."""
STEPS, EPOCH = 10_000, 1000


class Epoch(Settings):
    """When capital moves among the strategies, and how much."""

    length: Count | Literal["auto"] | None = Field(
        "auto", description="steps; auto: 1000, or all of a shorter simulation; null: never"
    )
    temperature: Positive | Literal["auto"] = Field(
        "auto", description="of the softmax, in units of the score; auto: its standard error"
    )
    floor: Share = Field(0.02, description="least share of capital of each strategy")
    risk_aversion: NonNegative = Field(
        2.0, description="how much more than its edge a losing epoch costs in score"
    )
    score: Literal["per_capital", "absolute"] = Field(
        "per_capital", description="bps of the epoch's first capital | Y"
    )
    weights: Literal["softmax", "spread"] = Field(
        "softmax", description="spread: the temperature grows with the scores' spread"
    )


class Optimise(Settings):
    """How --optimise trains the first strategy."""

    method: Literal["auto", "gradient", "search"] = Field(
        "auto", description="auto: gradient where a finite difference agrees with it"
    )
    parameters: tuple[str, ...] | None = Field(
        None, description="float settings to train; null: all"
    )
    steps: Count = Field(60, description="of the gradient, or generations of the search")
    learning_rate: Positive = Field(0.1, description="in coordinates: about a share of the setting")
    batch: Count = Field(64, description="seeds a step")
    train_simulations: Count = Field(
        256, description="seeds of the training block; the test block has simulations of them"
    )


class Played(Component, group="market"):
    """The part of a market's settings that is part of a competition's fingerprint."""

    def identity(self) -> dict[str, Json]:
        """The inputs of a market besides seeds and steps, as a plain tree."""
        return {"settings": plain(self)}


class Entry(Settings):
    """One strategy of a line-up, under its name in every table."""

    name: str
    strategy: Component
    source: str | None = Field(None, description="SHA-256 of the user's file it is from")
    file: str | None = Field(None, description="where that file was")

    def identity(self) -> dict[str, Json]:
        """Name, strategy and digest of its source, without the path of its file."""
        tree: dict[str, Json] = {"name": self.name, "strategy": plain(self.strategy)}
        if self.source is not None:
            tree["source"] = self.source
        return tree


class Compete(Settings):
    """Strategies that share one flow of orders with a normaliser pool, seed by seed."""

    not_identity: ClassVar[frozenset[str]] = frozenset(
        {"simulations", "most_simulations", "optimise", "runs_dir", "plugins"}
    )

    strategies: tuple[Entry, ...]
    simulations: Count = 1000
    most_simulations: Count = Field(20_000, description="where --until-decided gives up")
    steps: Count = STEPS
    seed: Natural = 0
    compat: Literal["challenge"] | None = None
    market: Played
    epoch: Epoch = Field(default_factory=Epoch)
    reference: str | None = Field(None, description="the entrant that the others are compared with")
    optimise: Optimise = Field(default_factory=Optimise)
    runs_dir: str = "runs"
    plugins: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _length(cls, values: Mapping[str, object]) -> Mapping[str, object]:
        """Replaces the length ``auto`` of an epoch by a number, which the fingerprint needs."""
        epoch, steps = values.get("epoch", {}), values.get("steps", STEPS)
        if not isinstance(epoch, Mapping | Epoch):
            return values
        settings = dict(epoch)
        if settings.get("length", "auto") != "auto":
            return values
        if not isinstance(steps, int | float) or steps < 1:
            return values
        return {**values, "epoch": settings | {"length": int(min(EPOCH, steps))}}

    @model_validator(mode="after")
    def _together(self) -> Self:
        count = len(self.strategies)
        if not 1 <= count <= MOST_ENTRANTS:
            raise ConfigError("strategies", f"has {count}; expected 1 to {MOST_ENTRANTS}")
        if self.reference is not None and self.reference not in self.names:
            raise ConfigError(
                "reference",
                f"'{self.reference}' does not compete (there are: {', '.join(self.names)})",
            )
        if self.compat is None:
            self._epochs(count)
        return self

    def _epochs(self, count: int) -> None:
        epoch = self.epoch
        assert epoch.length != "auto"
        if epoch.length is None:
            return
        if epoch.length > self.steps:
            raise ConfigError(
                "epoch.length",
                f"{epoch.length} steps are more than the simulation has ({self.steps}); leave it "
                "out, or write null to move no capital",
            )
        if count * epoch.floor >= 1 and count > 1:
            raise ConfigError(
                "epoch.floor",
                f"{epoch.floor:g} for each of {count} strategies leaves no capital to move; take "
                f"less than {1 / count:.4g}",
            )

    @property
    def names(self) -> tuple[str, ...]:
        """The strategies' names, in order."""
        return tuple(entrant.name for entrant in self.strategies)

    @property
    def against(self) -> int:
        """Index of the reference in the line-up."""
        return 0 if self.reference is None else self.names.index(self.reference)

    @property
    def seeds(self) -> range:
        """The seeds to simulate."""
        return range(self.seed, self.seed + self.simulations)

    def configuration(self) -> dict[str, Json]:
        """All that strategies meet: receipts of one configuration can be ranked together."""
        shared = fields(self, self.not_identity | {"strategies", "reference", "seed"})
        tree: dict[str, Json] = {"schema": IDENTITY, **shared}
        made_from = dict(self.market.identity())
        made_from.pop("settings", None)
        if made_from:
            tree["made_from"] = made_from
        return tree

    def identity(self) -> dict[str, Json]:
        """The plain tree whose SHA-256 names the competition; it is the same for any seeds."""
        strategies: list[Json] = [entrant.identity() for entrant in self.strategies]
        return self.configuration() | {"strategies": strategies}

    @property
    def fingerprint(self) -> str:
        """64 hex digits naming the competition."""
        return sha256(self.identity())
