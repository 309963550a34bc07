"""Settings of a run: one frozen tree, and the part of it that names the run."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.component import Component, Settings, component
from quantamm_cli.settings.digest import fields, sha256
from quantamm_cli.settings.history import IDENTITY, named_meanings, since
from quantamm_cli.settings.json_tree import Json
from quantamm_cli.settings.objective import Objective
from quantamm_cli.settings.precision import check_numbers
from quantamm_cli.settings.scoring import Scoring
from quantamm_cli.settings.split import DAY, Holdout, Split, WalkForward
from quantamm_cli.settings.types import Count, Date, Natural, Positive, Tokens, date_text, minute

Numbers = (
    float
    | tuple[float, ...]
    | tuple[tuple[float, ...], ...]
    | tuple[tuple[tuple[float, ...], ...], ...]
)


class Output(Settings):
    """Settings of the written files; they do not change what is computed."""

    every: Count = Field(1, description="minutes between rows of trajectory.npz")
    readouts: bool = Field(
        False,
        description="true: the estimators' state at every chunk, too (unix_chunk, readout_NAME)",
    )


class Simulate(Settings):
    """One pool with given parameters over [start, end)."""

    not_identity: ClassVar[frozenset[str]] = frozenset(
        {"runs_dir", "plugins", "output", "test_end"}
    )

    tokens: Tokens = ("BTC", "ETH", "USDC")
    start: Date = "2023-01-01"
    end: Date = "2023-06-01"
    test_end: Date | None = "2023-08-01"
    initial_pool_value: Positive = Field(1e6, description="numeraire")
    initial_reserves: tuple[Positive, ...] | None = Field(
        None, description="amounts to open with instead of a value; one a token"
    )
    initial_state: dict[str, Numbers] = Field(
        default_factory=dict, description="state of all the rule's estimators at start, by name"
    )
    state: str | None = Field(
        None,
        description="a JSON file with the final of a run, which a simulation goes on from",
        json_schema_extra=since(2),
    )
    precision: Literal["float64", "float32"] = "float64"
    data: Component
    pool: Component
    fees: Component
    trades: Component = Field(default_factory=lambda: component("trades", "none")())
    params: dict[str, Numbers] = Field(default_factory=dict)
    scoring: Scoring = Field(default_factory=Scoring, json_schema_extra=since(2))
    plugins: tuple[str, ...] = ()
    runs_dir: str = "runs"
    output: Output = Field(default_factory=Output)

    @model_validator(mode="after")
    def _together(self) -> Self:
        if minute(self.end) <= minute(self.start):
            raise ConfigError("end", f"{self.end} is not after start ({self.start})")
        if self.initial_reserves is not None and len(self.initial_reserves) != len(self.tokens):
            raise ConfigError(
                "initial_reserves",
                f"{len(self.initial_reserves)} amounts for {len(self.tokens)} tokens; expected "
                "one a token",
            )
        for place in ("data", "pool", "fees", "trades"):
            getattr(self, place).check(self.tokens, place)
        for place in ("initial_pool_value", "initial_reserves"):
            check_numbers(place, getattr(self, place), self.precision, amounts=True)
        for place in ("pool", "fees", "initial_state"):
            check_numbers(place, getattr(self, place), self.precision)
        return self

    @property
    def rows(self) -> int:
        """Minutes in [start, end)."""
        return minute(self.end) - minute(self.start)

    def identity(self) -> dict[str, Json]:
        """The plain tree whose SHA-256 names the run."""
        return {"schema": IDENTITY, **fields(self, self.not_identity)}

    @property
    def fingerprint(self) -> str:
        """64 hex digits naming the run."""
        return sha256(self.identity())


class WarmStart(Settings):
    """The parameter set of another run that a training begins with; ``params`` has its numbers."""

    run: str
    step: Natural
    set: Natural


class Train(Simulate):
    """A pool fitted to a metric; ``evaluate`` of the same settings is the same run."""

    not_identity: ClassVar[frozenset[str]] = frozenset({"runs_dir", "plugins", "output"})

    metric: Component
    objective: Objective = Field(default_factory=Objective)
    practice: Component
    fit: Component
    warm_start: WarmStart | None = None
    split: Split

    @model_validator(mode="after")
    def _periods(self) -> Self:
        if self.state is not None:
            raise ConfigError(
                "state", "is for qsim simulate; a training opens a pool in each window"
            )
        if self.test_end is not None and minute(self.test_end) <= minute(self.end):
            raise ConfigError(
                "test_end",
                f"{self.test_end} is not after end ({self.end}); null means no test period",
            )
        if self.fitted_rows < 1:
            raise ConfigError(
                "split.embargo_days",
                f"{self.split.embargo_days} of the {self.rows // DAY} days from {self.start} leave "
                "none to train",
            )
        if self.window_rows < 2:
            most = self.train_rows - 2
            raise ConfigError(
                "split.bout_offset",
                f"{self.split.bout_offset} minutes leave no training window in the "
                f"{self.train_rows} minutes from {self.start}; take at most {most}, or more days",
            )
        self.objective.parts(self.window_rows)
        for place in ("metric", "practice", "fit", "split"):
            getattr(self, place).check(self.tokens, place)
        _ = self.cycles
        return self

    def identity(self) -> dict[str, Json]:
        """As of a simulation, with the meaning of the selecting metric, of which the settings have
        the name only.
        """
        tree = super().identity()
        if self.split.selection_metric is not None:
            meanings = named_meanings([f"metric/{self.split.selection_metric}"])
            if meanings:
                tree["meanings"] = meanings
        return tree

    @property
    def cycles(self) -> tuple["Train", ...]:
        """The holdouts of a walk-forward in order of time, or these settings alone.

        Raises:
            ConfigError: there is no test period to divide into blocks, or they would be too short.
        """
        if not isinstance(self.split, WalkForward):
            return (self,)
        if self.test_end is None:
            raise ConfigError(
                "test_end",
                "null, but split=walk_forward tests on blocks of [end, test_end); set it, "
                "or take split=holdout",
            )
        split = Holdout(**{name: getattr(self.split, name) for name in Holdout.model_fields})
        fields = {name: getattr(self, name) for name in type(self).model_fields} | {"split": split}
        cycles: list[Train] = []
        for block in self.split.blocks(*map(minute, (self.start, self.end, self.test_end))):
            dates = {name: date_text(minutes) for name, minutes in block._asdict().items()}
            cycles.append(type(self)(**fields | dates))
        return tuple(cycles)

    @property
    def selection_metric(self) -> str:
        """The metric that selects: ``split.selection_metric``, or else the training metric."""
        return self.split.selection_metric or self.metric.kind

    @property
    def selection_period(self) -> str:
        """The period that selects by default."""
        return "validation" if "validation" in self.periods else "train"

    @property
    def fitted_rows(self) -> int:
        """Minutes of [start, end) that train or validate: all but the embargo."""
        return self.rows - self.split.embargo_days * DAY

    @property
    def validation_rows(self) -> int:
        """Minutes that validate, the last of ``fitted_rows``."""
        return int(self.split.validation_fraction * self.fitted_rows)

    @property
    def train_rows(self) -> int:
        """Minutes at the start of [start, end) that train."""
        return self.fitted_rows - self.validation_rows

    @property
    def window_rows(self) -> int:
        """Length of a training window in minutes."""
        return self.train_rows - self.split.bout_offset

    @property
    def test_rows(self) -> int:
        """Minutes of [end, test_end)."""
        return 0 if self.test_end is None else minute(self.test_end) - minute(self.end)

    @property
    def periods(self) -> dict[str, tuple[int, int]]:
        """First row and row after the last of each period that has rows, from ``start`` on."""
        spans = {
            "train": (0, self.train_rows),
            "validation": (self.train_rows, self.fitted_rows),
            "test": (self.rows, self.rows + self.test_rows),
        }
        return {name: (first, last) for name, (first, last) in spans.items() if last > first}

    @property
    def spans(self) -> tuple[tuple[str, int, int], ...]:
        """The periods as a hashable value: name, first row, row after the last."""
        return tuple((name, first, last) for name, (first, last) in self.periods.items())
