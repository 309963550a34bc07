"""What is written of competitions, by key: scores, sweeps and receipts.

A number that is not finite is ``null`` in a file.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NotRequired, TypedDict, final

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.settings.json_tree import JsonObject

Number = float | None
Columns = dict[str, NDArray[np.float64] | NDArray[np.int64] | list[str]]
"""Of a data frame, by name, all of one length."""


class Seeds(TypedDict):
    """Seeds in a row."""

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
    """How far the leader is above the one it is least surely above."""

    leader: str
    over: str
    decided: bool


class BreachInputs(TypedDict):
    """What a strategy was asked, and what it answered."""

    side: str
    amount: Number
    reserves: Sequence[Number]
    answer: Number


class BreachRecord(TypedDict):
    """How often a strategy broke a rule, and where first."""

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
    """An entrant's row: numbers as in ``Standing``. What is not known,
    or means nothing of the normaliser, is absent.
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
    """Means over seeds, an epoch each, by entrant."""

    edge: Mapping[str, Sequence[Number]]
    score: Mapping[str, Sequence[Number]]
    weight: Mapping[str, Sequence[Number]]


class Solver(TypedDict):
    """Orders whose split was checked, and those for which another would have paid more."""

    checked: int
    worse: int


@final
class CompetitionScores(TypedDict):
    """What the seeds of a competition come to; the highest edge first, the normaliser last."""

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
    """The strategy that is swept, and the values of its settings."""

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
    """What the points of a sweep come to."""

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
"""A strategy and the digest of its source; ``file`` and ``class`` are of a user's own."""


class Receipt(TypedDict):
    """What another machine needs to check a competition."""

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
