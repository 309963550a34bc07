"""What the training loop and the fitters hand to each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from jax import Array
from jax.sharding import Mesh
from numpy.typing import NDArray

from quantamm_cli.core.types import Feed, Params
from quantamm_cli.engine.devices import SETS, SHARED, WINDOWS, place_on
from quantamm_cli.engine.forward import Spans
from quantamm_cli.engine.objective import Aim, Weights
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.training.reinitialise import Draw
from quantamm_cli.training.settings import FitSettings
from quantamm_cli.training.weight_averaging import Average
from quantamm_cli.training.windows import Bank, starts

Column = NDArray[np.float64]
Numbers = Mapping[str, Array]
"""Settings of a fitter that programs take traced, by name."""
Extras = Mapping[str, Array | Column | Sequence[str | None]]
"""What a fitter says of each set, by name: a number or a reason a set."""


@dataclass(frozen=True)
class Problem:
    """What is to be fitted, to what, on which rows."""

    pool: AbstractPool
    feed: Feed
    fit: FitSettings
    aim: Aim
    weights: Weights
    bout_offset: int
    spans: Spans
    tracked: tuple[str, ...]
    watched: tuple[str, str]
    """Period and metric whose best value early stopping waits for."""
    draw: Draw
    """What takes the place of a set that diverged."""
    bank: Bank | None = None
    """Other paths of prices for the training windows; ``None``: they are cut from the feed."""

    @property
    def practice(self) -> Feed:
        """The market of the training windows."""
        return self.feed if self.bank is None else self.bank.feed

    def starts(self, step: int) -> NDArray[np.int32]:
        """First rows of a step's windows in ``practice``."""
        draw = step if self.fit.new_windows else 0
        rows = starts(self.fit.seed, draw, self.fit.batch_size, self.bout_offset, self.fit.sampling)
        return (
            rows
            if self.bank is None
            else rows + self.bank.paths(self.fit.seed, draw, self.fit.batch_size)
        )

    def given(self, step: int) -> "Given":
        """What the programs of a step take."""
        other = None if self.bank is None else self.bank.feed
        return Given(self.pool, self.weights, self.feed, other, self.starts(step))

    def on(self, mesh: Mesh | None) -> "Problem":
        """The same where the devices that share the work read it."""
        bank = (
            None
            if self.bank is None
            else replace(self.bank, feed=place_on(mesh, SHARED, self.bank.feed))
        )
        return replace(
            self,
            feed=place_on(mesh, SHARED, self.feed),
            weights=place_on(mesh, SHARED, self.weights),
            bank=bank,
        )


class Given(NamedTuple):
    """Of a problem, what the programs of a step take."""

    pool: AbstractPool
    weights: Weights
    feed: Feed
    other: Feed | None
    """The market of the training windows where it is not the feed: programs take either once."""
    starts: Any
    """First rows of the windows ``(w,)`` in ``practice``."""

    @property
    def practice(self) -> Feed:
        """The market of the training windows."""
        return self.feed if self.other is None else self.other


SHARDING: Any = Given._make((SHARED, SHARED, SHARED, SHARED, WINDOWS))
"""How it lies on the devices that share the work."""


@dataclass(frozen=True)
class Progress:
    """Everything the next step depends on."""

    step: int
    params: Mapping[str, Array]
    optimiser: Any
    """What the fitter remembers: arrays ``(sets, …)``."""
    objective: Column
    """Of each set at the step before: a set goes on if it is finite."""
    redrawn: NDArray[np.int64]
    """How often each set was."""
    best: float = -np.inf
    since_improvement: int = 0
    average: Average | None = None
    """With averaging only, until the entry of the averages, which is the last."""
    finite: bool = False
    """Whether any objective ever was."""

    def on(self, mesh: Mesh | None) -> "Progress":
        """The same where the devices that share the work read it."""
        return replace(
            self,
            params=place_on(mesh, SETS, self.params),
            optimiser=place_on(mesh, SETS, self.optimiser),
        )


@dataclass(frozen=True)
class Report:
    """Step t: the parameters then, and their own scores."""

    step: int
    params: Mapping[str, Column]
    objective: Column
    metrics: Mapping[str, Mapping[str, Column]]
    learning_rate: float
    """NaN where there is none."""
    since_improvement: int
    redrawn: NDArray[np.int64] | None = None
    """How often each set was drawn anew so far; ``None``: none ever was."""
    extras: Extras = field(default_factory=dict)
    """What else the fitter says of each set, by name."""


class StepResult(NamedTuple):
    """What a step of a fitter leaves: scores of the parameters it began with,
    all on the host, and what comes next.
    """

    objective: Column
    metrics: Mapping[str, Mapping[str, Column]]
    params: Mapping[str, Array]
    optimiser: Any
    extras: Extras = {}  # noqa: RUF012 - never written to
    learning_rate: float = np.nan
    alive: Column | None = None
    """What must be finite for a set to go on; ``None``: the objective."""


@dataclass(frozen=True)
class Shape:
    """What shapes the program of a step; ``method`` is the fitter's part of it."""

    aim: Aim
    spans: Spans
    tracked: tuple[str, ...]
    mesh: Mesh | None
    method: Any = None


def shape(problem: Problem, on: Mesh | None, method: Any = None) -> Shape:
    """Of the programs that work on a problem."""
    return Shape(problem.aim, problem.spans, problem.tracked, on, method)


def moving(params: Mapping[str, Array], trains: frozenset[str]) -> Params:
    """The parameters an optimiser sees: what does not train neither moves nor decays."""
    return {name: value for name, value in params.items() if name in trains}
