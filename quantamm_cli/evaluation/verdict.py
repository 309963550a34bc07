"""Whether a walk-forward shows that a strategy works, and why."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from quantamm_cli.evaluation.bootstrap import Interval
from quantamm_cli.evaluation.robustness import Robustness
from quantamm_cli.evaluation.sharpe import ANNUAL, Deflated

Finding = Literal["effective", "not effective", "not enough data"]


class Verdict(NamedTuple):
    """The finding with its reasons: what speaks for it, or else what is missing or wrong."""

    finding: Finding
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Standards:
    """What is asked of an effective strategy."""

    cycles: int = 2
    """Cycles with scores."""
    days: int = 60
    """Out-of-sample daily returns, where any were given."""
    efficiency: float = 0.5
    """Share of the in-sample score kept out of sample."""
    worst: float = 0.0
    """What every cycle's out-of-sample score is above."""
    probability: float = 0.95
    """That the Sharpe ratio is above the best of as many trials without skill."""


class _Check(NamedTuple):
    passed: bool | None
    """None: cannot be told."""
    told: str


def verdict(
    cycles: Robustness,
    deflated: Deflated | None = None,
    interval: Interval | None = None,
    adjusted: float | None = None,
    standards: Standards = Standards(),
    measured: str = "",
) -> Verdict:
    """Judge a walk-forward by its cycles and by whatever else is known of it.

    ``deflated`` and ``interval`` are of the out-of-sample daily returns, the interval of what must
    be above zero (a Sharpe ratio, or a difference from a benchmark: ``measured`` says of which);
    ``adjusted`` is a Sharpe ratio after its haircut. None: not asked for. A failed check outweighs
    one that cannot be told; with too few cycles or days nothing is judged.
    """
    missing = tuple(
        _missing(
            cycles, [each.days for each in (deflated, interval) if each is not None], standards
        )
    )
    if missing:
        return Verdict("not enough data", missing)
    checks = list(_checks(cycles, deflated, interval, adjusted, standards, measured))
    answers: tuple[tuple[Finding, bool | None], ...] = (
        ("not effective", False),
        ("not enough data", None),
    )
    for finding, answer in answers:
        reasons = tuple(check.told for check in checks if check.passed is answer)
        if reasons:
            return Verdict(finding, reasons)
    return Verdict("effective", tuple(check.told for check in checks))


def _missing(cycles: Robustness, days: list[int], asked: Standards) -> Iterator[str]:
    if cycles.scored < asked.cycles:
        yield (
            f"{cycles.scored} of {cycles.cycles} cycles have scores in and out of sample; at least "
            f"{asked.cycles} are needed."
        )
    if days and min(days) < asked.days:
        yield f"There are {min(days)} out-of-sample days; at least {asked.days} are needed."


def _checks(
    cycles: Robustness,
    deflated: Deflated | None,
    interval: Interval | None,
    adjusted: float | None,
    asked: Standards,
    measured: str,
) -> Iterator[_Check]:
    if cycles.scored < cycles.cycles:
        yield _Check(
            None, f"{cycles.cycles - cycles.scored} of {cycles.cycles} cycles have no score."
        )
    scores = f"The mean score is {cycles.inside:.3g} in sample and {cycles.outside:.3g} out of it"
    if math.isnan(cycles.efficiency):
        yield _Check(False, f"{scores}: nothing was earned in sample.")
    else:
        kept = (
            f"{scores}: {cycles.efficiency:.0%} is kept, at least {asked.efficiency:.0%} is asked."
        )
        yield _Check(cycles.efficiency >= asked.efficiency, kept)
    worst = (
        f"The worst out-of-sample score is {cycles.worst:.3g} (cycle "
        f"{(cycles.worst_cycle or 0) + 1})"
    )
    yield _Check(cycles.worst > asked.worst, f"{worst}; above {asked.worst:g} is asked.")
    if deflated is not None:
        yield _luck(deflated, asked.probability)
    if interval is not None:
        yield _sampling(interval, measured)
    if adjusted is not None:
        yield _haircut(adjusted)


def _luck(deflated: Deflated, asked: float) -> _Check:
    if math.isnan(deflated.probability):
        return _Check(None, f"No deflated Sharpe ratio: {deflated.reason}.")
    return _Check(
        deflated.probability >= asked,
        f"The yearly Sharpe ratio of {ANNUAL * deflated.sharpe:.3g} is above the "
        f"{ANNUAL * deflated.benchmark:.3g} that luck brings the best of {deflated.trials} tried "
        f"with probability {deflated.probability:.1%}; {asked:.0%} is asked.",
    )


def _sampling(interval: Interval, measured: str) -> _Check:
    of = f"of {measured} {interval.estimate:.3g}".replace("  ", " ")
    if math.isnan(interval.low):
        return _Check(
            None, f"No bootstrap interval{f' {of}' if measured else ''}: {interval.reason}."
        )
    told = (
        f"The bootstrap interval {of} is {interval.low:.3g} to "
        f"{interval.high:.3g}; above 0 is asked."
    )
    return _Check(interval.low > 0, told)


def _haircut(adjusted: float) -> _Check:
    if math.isnan(adjusted):
        return _Check(None, "No Sharpe ratio after a haircut.")
    return _Check(
        adjusted > 0, f"The Sharpe ratio after its haircut is {adjusted:.3g}; above 0 is asked."
    )
