"""The keys of a stored walk-forward that are read again.

A number that is not finite is ``null``.
"""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

from quantamm_cli.settings.json_tree import JsonObject

Number = float | None
Scores = Mapping[str, Mapping[str, Number]]
"""By period and metric."""


class IntervalRecord(TypedDict):
    """A statistic with its interval; ``positive``: the share of resamples above zero."""

    estimate: Number
    low: Number
    high: Number
    positive: Number
    days: int
    reason: str
    """Why there is no interval, if there is none."""


class Differences(TypedDict):
    """Yearly differences between the pool and a benchmark."""

    mean: IntervalRecord
    sharpe: IntervalRecord


class SelectionRecord(TypedDict):
    """The set that was chosen, and the rule by which it was."""

    load: str
    step: int
    set: int


class RegimeRecord(TypedDict):
    """The market regime of a test block."""

    trend: str
    volatility: str


class Beaten(TypedDict):
    """The share of random parameter sets with lower scores than the pool."""

    beaten: Number


class CycleRecord(TypedDict):
    """A cycle: scores by period and metric, dates, and the regime of its test block."""

    cycle: int
    run: str
    selection: SelectionRecord
    start: str
    end: str
    test_end: str
    metrics: Scores
    benchmarks: Mapping[str, Scores]
    regime: RegimeRecord
    random: Mapping[str, Beaten]
    efficiency: Number
    gap: Number


class DeflatedRecord(TypedDict):
    """The deflated Sharpe ratio; ``benchmark``: the yearly Sharpe ratio reached by chance alone."""

    probability: Number
    benchmark: Number
    trials: int
    days: int


class HaircutRecord(TypedDict):
    """The yearly Sharpe ratio after its haircut, and its lower bound."""

    adjusted: Number
    bound: Number


class Trials(TypedDict):
    """The number of parameter sets that were tried, and that of independent ones in effect."""

    total: int
    effective: float


class Intervals(TypedDict):
    """Intervals of the Sharpe ratio and of the differences to benchmarks."""

    block_days: float
    sharpe: IntervalRecord
    hodl: NotRequired[Differences]
    uniform_hodl: NotRequired[Differences]
    constant_weight: NotRequired[Differences]


class AggregateRecord(TypedDict):
    """Statistics of all cycles together."""

    metric: str
    metrics: Scores
    """Means over the cycles."""
    inside: Number
    outside: Number
    efficiency: Number
    gap: Number
    worst: Number
    worst_cycle: int | None
    trials: Trials
    random: Mapping[str, Beaten]
    haircut: HaircutRecord
    deflated_sharpe: DeflatedRecord
    intervals: Intervals


class VerdictRecord(TypedDict):
    """The finding and its reasons; ``out_of_sample``: whether the test blocks chose nothing."""

    finding: str
    reasons: Sequence[str]
    out_of_sample: bool


class WalkDocument(TypedDict):
    """A stored walk-forward."""

    run: str
    fingerprint: str
    cycles: Sequence[CycleRecord]
    aggregate: AggregateRecord
    verdict: VerdictRecord
    settings: NotRequired[JsonObject]
    meanings: NotRequired[Mapping[str, int]]
    """The metrics' meanings that are above 1."""
