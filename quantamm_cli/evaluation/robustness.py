"""Out-of-sample scores compared with in-sample ones: walk-forward efficiency, gap, worst cycle."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Robustness:
    """In-sample and out-of-sample scores of the cycles of a walk-forward, compared."""

    cycles: int
    scored: int
    """Cycles with finite scores both in and out of sample; all fields below but the last two are of
    these cycles.
    """
    inside: float
    outside: float
    """Mean scores in and out of sample."""
    efficiency: float
    gap: float
    """Mean in-sample less out-of-sample score."""
    deviation: float
    """Standard deviation (ddof 0) of the out-of-sample scores; a key of the stored JSON."""
    worst: float
    worst_cycle: int | None
    """The first cycle with the lowest out-of-sample score, counted from zero."""
    efficiencies: tuple[float, ...]
    gaps: tuple[float, ...]
    """Of each cycle."""


def efficiency(inside: float, outside: float) -> float:
    """Walk-forward efficiency: the out-of-sample score over the in-sample score. [Pardo, 2008]

    Both must be yearly rates (annualised returns, or Sharpe ratios), as the periods differ in
    length. NaN if the in-sample score is not positive: the ratio would have no meaning.
    """
    return outside / inside if 0 < inside < math.inf and math.isfinite(outside) else math.nan


def robustness(inside: Sequence[float], outside: Sequence[float]) -> Robustness:
    """Compare scores by cycle, which are yearly rates where higher is better.

    The overall efficiency is that of the mean scores, as published: a mean of the cycles'
    efficiencies is dominated by a cycle whose in-sample score is near zero.
    """
    scores = np.array(list(zip(inside, outside, strict=True)), np.float64).reshape(-1, 2)
    is_scored = np.isfinite(scores).all(axis=1)
    scored = np.flatnonzero(is_scored).tolist()
    within = beyond = lowest = deviation = math.nan
    if scored:
        within, beyond = map(float, scores[scored].mean(axis=0))
        lowest = float(scores[scored, 1].min())
        deviation = float(scores[scored, 1].std())
    worst = min(scored, key=lambda cycle: float(scores[cycle, 1]), default=None)
    with np.errstate(invalid="ignore"):
        gaps = np.where(is_scored, scores[:, 0] - scores[:, 1], math.nan)
    return Robustness(
        cycles=len(scores),
        scored=len(scored),
        inside=within,
        outside=beyond,
        efficiency=efficiency(within, beyond),
        gap=within - beyond,
        deviation=deviation,
        worst=lowest,
        worst_cycle=worst,
        efficiencies=tuple(efficiency(*pair) for pair in scores.tolist()),
        gaps=tuple(gaps.tolist()),
    )
