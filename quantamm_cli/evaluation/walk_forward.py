"""What the cycles of a walk-forward come to: how much of the score is kept, how sure it is,
and whether it is effective.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.evaluation.blocks import block_length
from quantamm_cli.evaluation.bootstrap import Bootstrap, Interval
from quantamm_cli.evaluation.robustness import Robustness, robustness
from quantamm_cli.evaluation.selection_bias import Luck
from quantamm_cli.evaluation.sharpe import Deflated, deflated_sharpe
from quantamm_cli.evaluation.verdict import Verdict, verdict
from quantamm_cli.metrics import METRICS

Numbers = NDArray[np.float64]
Scores = Mapping[str, Mapping[str, float]]
POOL = "pool"
BENCHMARKS = {"hodl": "HODL", "uniform_hodl": "uniform HODL", "constant_weight": "constant weights"}
_SHARPE = "1/sqrt(year)"
_RATES = (_SHARPE, "1/year", "fraction a year")
_DEFAULT = "daily_log_sharpe"


@dataclass(frozen=True)
class Outcome:
    """One cycle: scores by period and metric, daily returns ``(days,)`` of its test block by
    strategy, and what luck it had.
    """

    scores: Scores
    returns: Mapping[str, Numbers]
    luck: Luck


@dataclass(frozen=True)
class Difference:
    """What the pool earned above a benchmark on the same days, a year:
    of means, and of Sharpe ratios.
    """

    mean: Interval
    sharpe: Interval


@dataclass(frozen=True)
class Aggregate:
    """All cycles together. Daily returns are those of the test blocks, one after the other."""

    metric: str
    """By which cycles are compared, a yearly rate."""
    cycles: Robustness
    means: Scores
    """Mean scores over the cycles, by period and metric, of those that are finite."""
    worst: Mapping[str, float]
    """The lowest out-of-sample score of any cycle, by metric."""
    returns: Mapping[str, Numbers]
    deflated: Deflated
    sharpe: Interval
    differences: Mapping[str, Difference]
    block: float
    """Days of a block of the bootstrap of the pool's returns."""
    adjusted: float
    bound: float
    """Means over cycles of the yearly Sharpe ratio after its haircut,
    and of what it exceeds for sure.
    """

    @property
    def hardest(self) -> str:
        """The benchmark that the pool is least above: by its Sharpe ratio if that is what cycles
        are compared by, else by its mean.
        """
        return min(self.differences, key=lambda name: _or(self.margin(name).estimate, math.inf))

    def margin(self, benchmark: str) -> Interval:
        """What the pool is above a benchmark, in what cycles are compared by."""
        found = self.differences[benchmark]
        return found.sharpe if METRICS[self.metric].unit == _SHARPE else found.mean


def yearly(metric: str) -> str:
    """The metric by which periods of different length are compared: itself if it is a yearly rate,
    else its yearly form, if any.
    """
    if METRICS[metric].unit in _RATES:
        return metric
    return f"annualised_{metric}" if f"annualised_{metric}" in METRICS else _DEFAULT


def aggregate(outcomes: Sequence[Outcome], metric: str) -> Aggregate:
    """``metric`` selects; the cycles' training and test periods are compared by its yearly form."""
    compared = yearly(metric)
    cycles = robustness(
        *([each.scores[period][compared] for each in outcomes] for period in ("train", "test"))
    )
    returns = {
        name: np.concatenate([each.returns[name] for each in outcomes])
        for name in outcomes[0].returns
    }
    own, block = returns[POOL], block_length(returns[POOL])
    lucks = [each.luck for each in outcomes]
    variance = float(np.mean([each.variance for each in lucks]))
    most = max(
        each.effective for each in lucks
    )  # each day was earned by the best of so many, if not fewer
    return Aggregate(
        metric=compared,
        cycles=cycles,
        means={period: _each(outcomes, period, np.mean) for period in outcomes[0].scores},
        worst=_each(outcomes, "test", np.min),
        returns=returns,
        deflated=deflated_sharpe(
            own, math.ceil(most - 1e-9), variance if math.isfinite(variance) else None
        ),
        sharpe=Bootstrap(block=block).sharpe(own),
        differences={name: difference(own, returns[name]) for name in BENCHMARKS},
        block=block,
        adjusted=float(np.mean([each.adjusted for each in lucks])),
        bound=float(np.mean([each.bound for each in lucks])),
    )


def difference(own: Numbers, other: Numbers) -> Difference:
    """What one strategy earned above another on the same days, with intervals; blocks are as long
    as their difference asks.
    """
    drawn = Bootstrap(block=block_length(own - other) if len(own) == len(other) else 1.0)
    return Difference(drawn.mean_difference(own, other), drawn.sharpe_difference(own, other))


def judged(found: Aggregate, seen: str | None = None) -> Verdict:
    """Whether the cycles show that the strategy works better than what it is least above.

    ``seen``: the selection rule that looked at the test blocks, if it did.
    """
    if seen is not None:
        told = (
            f"Parameters were chosen by what they earned in the test blocks ({seen}): nothing "
            "here is out of sample."
        )
        return Verdict("not enough data", (told,))
    unit = "yearly Sharpe ratio" if METRICS[found.metric].unit == _SHARPE else "yearly return"
    measured = f"a {unit} above that of {BENCHMARKS[found.hardest]} by"
    return verdict(
        found.cycles, found.deflated, found.margin(found.hardest), found.adjusted, measured=measured
    )


def _each(
    outcomes: Sequence[Outcome], period: str, of: Callable[[list[float]], np.floating]
) -> dict[str, float]:
    """A number of the cycles' scores in a period, by metric; those that
    are not finite are left out.
    """
    found = {}
    for name in outcomes[0].scores[period]:
        known = [score for each in outcomes if math.isfinite(score := each.scores[period][name])]
        found[name] = float(of(known)) if known else math.nan
    return found


def _or(number: float, other: float) -> float:
    return other if math.isnan(number) else number
