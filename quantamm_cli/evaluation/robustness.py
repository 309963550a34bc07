"""What is left out of sample: walk-forward efficiency, gap and worst cycle."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Robustness:
    """In-sample and out-of-sample scores of the cycles of a walk-forward, compared."""

    cycles: int
    scored: int
    """Cycles with a finite score on both sides; the others are left out of all that
    follows but the last two.
    """
    inside: float
    outside: float
    """Mean scores in and out of sample."""
    efficiency: float
    gap: float
    """Mean in-sample less out-of-sample score."""
    worst: float
    worst_cycle: int | None
    """The first cycle with the lowest out-of-sample score, counted from zero."""
    efficiencies: tuple[float, ...]
    gaps: tuple[float, ...]
    """Of each cycle."""


def efficiency(inside: float, outside: float) -> float:
    """Walk-forward efficiency: the share of the in-sample score kept out of sample. [Pardo, 2008]

    Both must be yearly rates (annualised returns, or Sharpe ratios), as the periods differ in
    length. NaN unless something was earned in sample: a share of nothing, or of a loss, says
    nothing.
    """
    return outside / inside if 0 < inside < math.inf and math.isfinite(outside) else math.nan


def robustness(inside: Sequence[float], outside: Sequence[float]) -> Robustness:
    """Compare scores, yearly rates where higher is better, by cycle.

    The efficiency of them all is that of the mean scores, as published: a mean of the cycles' own
    is at the mercy of the cycle that earned almost nothing in sample.
    """
    pairs = list(zip(map(float, inside), map(float, outside), strict=True))
    both = [cycle for cycle, pair in enumerate(pairs) if all(map(math.isfinite, pair))]
    kept = np.array([pairs[cycle] for cycle in both]).reshape(-1, 2)
    within, beyond = map(float, kept.mean(axis=0)) if both else (math.nan, math.nan)
    worst = min(both, key=lambda cycle: pairs[cycle][1], default=None)
    return Robustness(
        cycles=len(pairs),
        scored=len(both),
        inside=within,
        outside=beyond,
        efficiency=efficiency(within, beyond),
        gap=within - beyond,
        worst=math.nan if worst is None else pairs[worst][1],
        worst_cycle=worst,
        efficiencies=tuple(efficiency(*pair) for pair in pairs),
        gaps=tuple(
            one - other if cycle in both else math.nan for cycle, (one, other) in enumerate(pairs)
        ),
    )
