"""The data types that the training loop and the fitters exchange."""

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
"""Further outputs of a fitter, by name: a number or a reason for each set."""


@dataclass(frozen=True)
class Problem:
    """What is fitted: pool, market, objective, periods."""

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
    """Draws a replacement for a set that diverged."""
    bank: Bank | None = None
    """Other paths of prices for the training windows; ``None``: the windows come from the feed."""

    @property
    def practice(self) -> Feed:
        """The market of the training windows."""
        return self.feed if self.bank is None else self.bank.feed

    def starts(self, step: int) -> NDArray[np.int32]:
        """First rows of a step's windows in ``practice``."""
        draw = step if self.fit.new_windows else 0
        rows = starts(self.fit.seed, draw, self.fit.batch_size, self.bout_offset, self.fit.sampling)
        if self.bank is None:
            return rows
        return rows + self.bank.paths(self.fit.seed, draw, self.fit.batch_size)

    def inputs(self, step: int) -> "StepInputs":
        """The inputs of the programs of a step."""
        other = None if self.bank is None else self.bank.feed
        return StepInputs(self.pool, self.weights, self.feed, other, self.starts(step))

    def on(self, mesh: Mesh | None) -> "Problem":
        """The same with its arrays on the devices that share the work."""
        bank = self.bank
        if bank is not None:
            bank = replace(bank, feed=place_on(mesh, SHARED, bank.feed))
        feed, weights = place_on(mesh, SHARED, (self.feed, self.weights))
        return replace(self, feed=feed, weights=weights, bank=bank)


class StepInputs(NamedTuple):
    """The inputs of the programs of a step."""

    pool: AbstractPool
    weights: Weights
    feed: Feed
    other: Feed | None
    """The market of the training windows if it is not the feed; no market is passed twice."""
    starts: Any
    """First rows of the windows ``(w,)`` in ``practice``."""

    @property
    def practice(self) -> Feed:
        """The market of the training windows."""
        return self.feed if self.other is None else self.other


SHARDING: Any = StepInputs._make((SHARED, SHARED, SHARED, SHARED, WINDOWS))
"""The sharding of the inputs over the devices that share the work."""


@dataclass(frozen=True)
class Progress:
    """The state from which the next step follows."""

    step: int
    params: Mapping[str, Array]
    optimiser: Any
    """The state of the fitter: arrays ``(sets, …)``."""
    objective: Column
    """The objective of each set at the step before, or zero where it had no window; a set that is
    not finite is drawn anew.
    """
    redrawn: NDArray[np.int64]
    """How often each set was drawn anew."""
    best: float = -np.inf
    since_improvement: int = 0
    average: Average | None = None
    """Only with averaging, and until the entry of the averages, which is the last."""
    finite: bool = False
    """Whether any set was ever finite."""

    def on(self, mesh: Mesh | None) -> "Progress":
        """The same with its arrays on the devices that share the work."""
        params, optimiser = place_on(mesh, SETS, (self.params, self.optimiser))
        return replace(self, params=params, optimiser=optimiser)


@dataclass(frozen=True)
class Report:
    """A step: the parameters at it, and their scores."""

    step: int
    params: Mapping[str, Column]
    objective: Column
    metrics: Mapping[str, Mapping[str, Column]]
    learning_rate: float
    """NaN without a learning rate."""
    since_improvement: int
    redrawn: NDArray[np.int64] | None = None
    """How often each set was drawn anew so far; ``None``: none was."""
    undefined: NDArray[np.int64] | None = None
    """How many windows of each set were left out, as the metric does not exist there; ``None``:
    none.
    """
    extras: Extras = field(default_factory=dict)
    """Further outputs of the fitter."""


class StepResult(NamedTuple):
    """The result of a step of a fitter: scores of the parameters before it, on the host, and the
    next parameters and state.
    """

    objective: Column
    metrics: Mapping[str, Mapping[str, Column]]
    params: Mapping[str, Array]
    optimiser: Any
    extras: Extras = {}  # noqa: RUF012 - never written to
    learning_rate: float = np.nan
    alive: Column | None = None
    """A set continues while this is finite; ``None``: while the objective is, or has no window."""

    windows: Column | None = None
    """The windows of each set on which the metric exists; ``None``: all."""

    @property
    def continues(self) -> Column:
        """What is not finite of sets that diverged. A metric that does not exist is no divergence:
        zero of a set without a window.
        """
        if self.alive is not None:
            return self.alive
        if self.windows is None:
            return self.objective
        return np.where(self.windows > 0, self.objective, 0.0)


@dataclass(frozen=True)
class Shape:
    """The static inputs of the program of a step; ``method`` is the fitter's own part."""

    aim: Aim
    spans: Spans
    tracked: tuple[str, ...]
    mesh: Mesh | None
    method: Any = None


def shape(problem: Problem, on: Mesh | None, method: Any = None) -> Shape:
    """The static inputs of the programs of a problem."""
    return Shape(problem.aim, problem.spans, problem.tracked, on, method)


def moving(params: Mapping[str, Array], trains: frozenset[str]) -> Params:
    """The parameters that train; an optimiser neither moves nor decays the others."""
    return {name: value for name, value in params.items() if name in trains}
