"""What ``qsim compete`` is told: who competes, in which markets, for how long,
and how capital follows success.
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
"""The name of the pool that is always there, which no strategy can have."""
STEPS, EPOCH = 10_000, 1000


class Epoch(Settings):
    """When capital moves among the strategies, and how far."""

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
    """A market as far as it names a competition."""

    def identity(self) -> dict[str, Json]:
        """What a market is made from besides seeds and steps, as a plain tree."""
        return {"settings": plain(self)}


class Entry(Settings):
    """One strategy of a line-up under the name it has in every table."""

    name: str
    strategy: Component
    source: str | None = Field(None, description="SHA-256 of the user's file it is from")
    file: str | None = Field(None, description="where that file was")

    def identity(self) -> dict[str, Json]:
        """What it is, wherever its file may be."""
        source = {} if self.source is None else {"source": self.source}
        return {"name": self.name, "strategy": plain(self.strategy), **source}


class Compete(Settings):
    """Entrants that share one flow of orders with a normaliser, seed by seed."""

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
    def _length(cls, given: Mapping[str, object]) -> Mapping[str, object]:
        """The length of an epoch that nobody chose, as a number: it names the competition."""
        epoch, steps = given.get("epoch", {}), given.get("steps", STEPS)
        told = dict(epoch) if isinstance(epoch, Mapping | Epoch) else {"length": None}
        if told.get("length", "auto") != "auto" or not (
            isinstance(steps, int | float) and steps >= 1
        ):
            return given
        return {**given, "epoch": told | {"length": int(min(EPOCH, steps))}}

    @model_validator(mode="after")
    def _together(self) -> Self:
        count = len(self.strategies)
        if not 1 <= count <= MOST_ENTRANTS:
            raise ConfigError("strategies", f"{count} of them; 1 to {MOST_ENTRANTS} compete")
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
        if epoch.length is not None and epoch.length > self.steps:
            told = (
                f"{epoch.length} steps are more than the simulation has ({self.steps}); leave it "
                "out, or null keeps capital where it is"
            )
            raise ConfigError("epoch.length", told)
        if epoch.length is not None and count * epoch.floor >= 1 and count > 1:
            told = (
                f"{epoch.floor:g} for each of {count} leaves nothing to win; take less "
                f"than {1 / count:.4g}"
            )
            raise ConfigError("epoch.floor", told)

    @property
    def names(self) -> tuple[str, ...]:
        """The strategies' names, in order."""
        return tuple(entrant.name for entrant in self.strategies)

    @property
    def against(self) -> int:
        """Place of the reference in the line-up."""
        return 0 if self.reference is None else self.names.index(self.reference)

    @property
    def seeds(self) -> range:
        """The seeds that are asked for."""
        return range(self.seed, self.seed + self.simulations)

    def configuration(self) -> dict[str, Json]:
        """All that entrants meet: receipts of one configuration can be ranked together."""
        asked = fields(self, self.not_identity | {"strategies", "reference", "seed"})
        made_from = {
            key: value for key, value in self.market.identity().items() if key != "settings"
        }
        data = {"made_from": made_from} if made_from else {}
        return {"schema": IDENTITY, **asked, **data}

    def identity(self) -> dict[str, Json]:
        """The plain tree whose SHA-256 names the competition; more seeds of it
        go on, wherever they begin.
        """
        return self.configuration() | {
            "strategies": [entrant.identity() for entrant in self.strategies]
        }

    @property
    def fingerprint(self) -> str:
        """64 hex digits naming the competition."""
        return sha256(self.identity())
