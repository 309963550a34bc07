"""What is written of a walk-forward, by key, as far as it is read again.

A number that is not finite is ``null``.
"""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

from quantamm_cli.settings.json_tree import JsonObject

Number = float | None
Scores = Mapping[str, Mapping[str, Number]]
"""By period and metric."""


class IntervalRecord(TypedDict):
    """A number of a sample with its interval; ``positive``: the share of resamples above zero."""

    estimate: Number
    low: Number
    high: Number
    positive: Number
    days: int
    reason: str
    """Why there is no interval, where there is none."""


class Differences(TypedDict):
    """What the pool earned above a benchmark, a year."""

    mean: IntervalRecord
    sharpe: IntervalRecord


class SelectionRecord(TypedDict):
    """Which set was chosen, by which rule."""

    load: str
    step: int
    set: int


class RegimeRecord(TypedDict):
    """The market of a test block, in names."""

    trend: str
    volatility: str


class Beaten(TypedDict):
    """The share of random parameters that the pool is above."""

    beaten: Number


class CycleRecord(TypedDict):
    """A cycle: scores by period and metric, dates, and what the test block was like."""

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
    """The deflated Sharpe ratio; ``benchmark``: what luck alone brings, a year."""

    probability: Number
    benchmark: Number
    trials: int
    days: int


class HaircutRecord(TypedDict):
    """The yearly Sharpe ratio after its haircut, and what it exceeds for sure."""

    adjusted: Number
    bound: Number


class Trials(TypedDict):
    """Parameter sets that were tried, and as how many independent ones they count."""

    total: int
    effective: float


class Intervals(TypedDict):
    block_days: float
    sharpe: IntervalRecord
    hodl: NotRequired[Differences]
    uniform_hodl: NotRequired[Differences]
    constant_weight: NotRequired[Differences]


"""The Sharpe ratio's, and those of the differences to benchmarks."""


class AggregateRecord(TypedDict):
    """What the cycles come to."""

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
    """The finding and its reasons; ``out_of_sample``: nothing was chosen on the test blocks."""

    finding: str
    reasons: Sequence[str]
    out_of_sample: bool


class WalkDocument(TypedDict):
    """A walk-forward as it is written."""

    run: str
    fingerprint: str
    cycles: Sequence[CycleRecord]
    aggregate: AggregateRecord
    verdict: VerdictRecord
    settings: NotRequired[JsonObject]
    meanings: NotRequired[Mapping[str, int]]
    """Those above 1 of the metrics."""
