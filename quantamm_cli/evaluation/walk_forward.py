"""Statistics of all cycles of a walk-forward: out-of-sample scores, their significance, and the
verdict.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.evaluation.blocks import block_length
from quantamm_cli.evaluation.bootstrap import Bootstrap, Interval
from quantamm_cli.evaluation.daily import above
from quantamm_cli.evaluation.robustness import Robustness, robustness
from quantamm_cli.evaluation.selection_bias import SelectionBias
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
    strategy, the selection bias of its choice, and the riskless returns of the same days (``None``:
    zero).
    """

    scores: Scores
    returns: Mapping[str, Numbers]
    bias: SelectionBias
    riskless: Numbers | None = None


@dataclass(frozen=True)
class Difference:
    """Yearly differences between the pool and a benchmark on the same days: of mean returns, and of
    Sharpe ratios.
    """

    mean: Interval
    sharpe: Interval


@dataclass(frozen=True)
class Aggregate:
    """All cycles together. Daily returns are those of the test blocks, one after the other; what
    is computed of them is of those above the riskless rate.
    """

    metric: str
    """The metric by which cycles are compared, a yearly rate."""
    cycles: Robustness
    means: Scores
    """Means of the cycles' finite scores, by period and metric."""
    worst: Mapping[str, float]
    """The lowest out-of-sample score of any cycle, by metric."""
    returns: Mapping[str, Numbers]
    riskless: Numbers | None
    deflated: Deflated
    sharpe: Interval
    differences: Mapping[str, Difference]
    block: float
    """Mean block length, in days, of the bootstrap of the pool's returns."""
    adjusted: float
    bound: float
    """Means over cycles of the yearly Sharpe ratio after its haircut, and of its lower bound."""

    @property
    def hardest(self) -> str:
        """The benchmark with the smallest margin."""
        return min(self.differences, key=self._order)

    def margin(self, benchmark: str) -> Interval:
        """The difference between the pool and a benchmark: of Sharpe ratios if cycles are compared
        by one, otherwise of mean returns.
        """
        difference = self.differences[benchmark]
        return difference.sharpe if METRICS[self.metric].unit == _SHARPE else difference.mean

    def _order(self, benchmark: str) -> float:
        """The margin's estimate; NaN comes last."""
        estimate = self.margin(benchmark).estimate
        return math.inf if math.isnan(estimate) else estimate


def yearly(metric: str) -> str:
    """The metric by which periods of different length are compared: ``metric`` itself if it is a
    yearly rate, or else its yearly form, or else the default.
    """
    if METRICS[metric].unit in _RATES:
        return metric
    annualised = f"annualised_{metric}"
    return annualised if annualised in METRICS else _DEFAULT


def aggregate(outcomes: Sequence[Outcome], metric: str) -> Aggregate:
    """The statistics of all cycles, whose parameters were selected by ``metric``; training and test
    periods are compared by its yearly form.
    """
    compared, returns = yearly(metric), {}
    inside, outside = _scores(outcomes, "train", compared), _scores(outcomes, "test", compared)
    for name in outcomes[0].returns:
        returns[name] = np.concatenate([outcome.returns[name] for outcome in outcomes])
    riskless = None
    if outcomes[0].riskless is not None:
        riskless = np.concatenate([outcome.riskless for outcome in outcomes])
    excess = above(returns, riskless)
    own, block = excess[POOL], block_length(excess[POOL])
    biases = [outcome.bias for outcome in outcomes]
    variance = _mean(biases, lambda bias: bias.variance)
    known_variance = variance if math.isfinite(variance) else None
    # The return of each day is that of the best of at most so many trials.
    trials = math.ceil(max(bias.effective for bias in biases) - 1e-9)
    return Aggregate(
        metric=compared,
        cycles=robustness(inside, outside),
        means={period: _by_metric(outcomes, period, np.mean) for period in outcomes[0].scores},
        worst=_by_metric(outcomes, "test", np.min),
        returns=returns,
        riskless=riskless,
        deflated=deflated_sharpe(own, trials, known_variance),
        sharpe=Bootstrap(block=block).sharpe(own),
        differences={name: difference(own, excess[name]) for name in BENCHMARKS},
        block=block,
        adjusted=_mean(biases, lambda bias: bias.adjusted),
        bound=_mean(biases, lambda bias: bias.bound),
    )


def difference(own: Numbers, other: Numbers) -> Difference:
    """Yearly differences between two strategies on the same days, with intervals; the block length
    is that of their daily difference.
    """
    block = block_length(own - other) if len(own) == len(other) else 1.0
    bootstrap = Bootstrap(block=block)
    return Difference(
        bootstrap.mean_difference(own, other), bootstrap.sharpe_difference(own, other)
    )


def verdict_of(total: Aggregate, chosen_by: str | None = None) -> Verdict:
    """Whether the cycles show that the strategy works better than its hardest benchmark.

    ``chosen_by``: the selection rule, if it used the test blocks.
    """
    if chosen_by is not None:
        reason = (
            f"Parameters were chosen by their scores in the test blocks ({chosen_by}): nothing "
            "here is out of sample."
        )
        return Verdict("not enough data", (reason,))
    unit = "yearly Sharpe ratio" if METRICS[total.metric].unit == _SHARPE else "yearly return"
    measured = f"a {unit} above that of {BENCHMARKS[total.hardest]} by"
    margin = total.margin(total.hardest)
    return verdict(total.cycles, total.deflated, margin, total.adjusted, measured=measured)


def _scores(outcomes: Sequence[Outcome], period: str, metric: str) -> list[float]:
    return [outcome.scores[period][metric] for outcome in outcomes]


def _mean(biases: Sequence[SelectionBias], number: Callable[[SelectionBias], float]) -> float:
    return float(np.mean(list(map(number, biases))))


def _by_metric(
    outcomes: Sequence[Outcome], period: str, statistic: Callable[[list[float]], np.floating]
) -> dict[str, float]:
    """A statistic of the cycles' finite scores in a period, by metric."""
    numbers = {}
    for name in outcomes[0].scores[period]:
        finite = list(filter(math.isfinite, _scores(outcomes, period, name)))
        numbers[name] = float(statistic(finite)) if finite else math.nan
    return numbers
