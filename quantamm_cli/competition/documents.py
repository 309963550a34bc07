"""The documents of competitions by key: scores, sweeps and receipts.

A number that is not finite is ``null`` in a file.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NotRequired, TypedDict, final

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.settings.json_tree import JsonObject

Number = float | None
Columns = dict[str, NDArray[np.float64] | NDArray[np.int64] | list[str]]
"""The columns of a data frame by name, all of one length."""


class Seeds(TypedDict):
    """Consecutive seeds."""

    first: int
    count: int


class EstimateRecord(TypedDict):
    """A mean over seeds with its standard error and its interval."""

    mean: Number
    error: Number
    low: Number
    high: Number
    seeds: int


class GapRecord(EstimateRecord):
    """The leader's lead over the entrant for which its lower bound is lowest."""

    leader: str
    over: str
    decided: bool


class BreachInputs(TypedDict):
    """A strategy's input, and its answer."""

    side: str
    amount: Number
    reserves: Sequence[Number]
    answer: Number


class BreachRecord(TypedDict):
    """The number of seeds on which a strategy broke a rule, and the first case."""

    seeds: int
    seed: int
    step: int
    rule: str
    inputs: BreachInputs


StandingNumber = Literal[
    "arb_edge",
    "retail_edge",
    "volume",
    "flow_share",
    "edge_per_volume",
    "edge_per_capital",
    "beats_reference",
    "wins",
    "capital_share",
    "fills",
    "mean_over_std",
    "probability_best",
]


class StandingRow(TypedDict):
    """An entrant's row: numbers as in ``Standing``. Numbers that are unknown, or have no meaning
    for the normaliser, are absent.
    """

    name: str
    edge: EstimateRecord
    arb_edge: NotRequired[Number]
    retail_edge: NotRequired[Number]
    volume: NotRequired[Number]
    flow_share: NotRequired[Number]
    edge_per_volume: NotRequired[Number]
    edge_per_capital: NotRequired[Number]
    over_normaliser: NotRequired[EstimateRecord]
    over_reference: NotRequired[EstimateRecord]
    beats_reference: NotRequired[Number]
    wins: NotRequired[Number]
    capital_share: NotRequired[Number]
    fills: NotRequired[Number]
    breach: NotRequired[BreachRecord]
    mean_over_std: NotRequired[Number]
    probability_best: NotRequired[Number]
    valid: NotRequired[bool]


class Epochs(TypedDict):
    """Means over seeds, one an epoch, by entrant."""

    edge: Mapping[str, Sequence[Number]]
    score: Mapping[str, Sequence[Number]]
    weight: Mapping[str, Sequence[Number]]


class Solver(TypedDict):
    """Number of orders whose split was checked, and of those for which another split pays more."""

    checked: int
    worse: int


@final
class CompetitionScores(TypedDict):
    """The scores of a competition; the highest edge first, the normaliser last."""

    run: str
    fingerprint: str
    configuration: str
    seeds: Seeds
    steps: int
    reference: str
    standings: Sequence[StandingRow]
    epochs: Epochs
    solver: Solver
    gap: NotRequired[GapRecord]


class Swept(TypedDict):
    """The strategy of a sweep, and the values of its settings."""

    strategy: str
    axes: Mapping[str, Sequence[float]]


class PointRow(TypedDict):
    """A point of a sweep."""

    values: Mapping[str, float]
    edge: EstimateRecord
    flow_share: Number
    edge_per_volume: Number
    tied: bool
    probability_best: Number
    behind: NotRequired[EstimateRecord]


@final
class SweepScores(TypedDict):
    """The scores of the points of a sweep."""

    run: str
    fingerprint: str
    configuration: str
    seeds: Seeds
    sweep: Swept
    points: Sequence[PointRow]
    best: PointRow
    at_the_edge: Sequence[str]


Scores = CompetitionScores | SweepScores


StrategyRecord = TypedDict(
    "StrategyRecord",
    {
        "name": str,
        "settings": JsonObject,
        "source": str | None,
        "file": NotRequired[str],
        "class": NotRequired[str],
    },
)
"""A strategy and the digest of its source; a user's strategy has ``file`` and ``class``."""


class Receipt(TypedDict):
    """All that another machine needs to check a competition."""

    schema: int
    fingerprint: str
    configuration: str
    settings: JsonObject
    strategies: Sequence[StrategyRecord]
    reference: str
    seeds: Seeds
    standings: Sequence[StandingRow]
    edges: Mapping[str, Sequence[Number]]
    versions: Mapping[str, str]
    places: NotRequired[Mapping[str, str]]
    sha256: NotRequired[str]
