"""The verdict on a walk-forward: whether it shows that a strategy works, and why."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from quantamm_cli.evaluation.bootstrap import Interval
from quantamm_cli.evaluation.robustness import Robustness
from quantamm_cli.evaluation.sharpe import ANNUAL, Deflated

Finding = Literal["effective", "not effective", "not enough data"]


class Verdict(NamedTuple):
    """The finding with its reasons: all checks if it is effective, otherwise the checks that failed
    or could not be made.
    """

    finding: Finding
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Standards:
    """The requirements for an effective strategy."""

    cycles: int = 2
    """The least number of cycles with scores."""
    days: int = 60
    """The least number of out-of-sample daily returns, if there are daily returns."""
    efficiency: float = 0.5
    """The least share of the in-sample score that remains out of sample."""
    worst: float = 0.0
    """Every cycle's out-of-sample score must be above it."""
    probability: float = 0.95
    """The least probability that the Sharpe ratio is above the best of as many trials without
    skill.
    """


class _Check(NamedTuple):
    passed: bool | None
    """``None``: unknown."""
    text: str


def verdict(
    cycles: Robustness,
    deflated: Deflated | None = None,
    interval: Interval | None = None,
    adjusted: float | None = None,
    standards: Standards = Standards(),
    measured: str = "",
) -> Verdict:
    """Judge a walk-forward by its cycles and by further statistics, if they are known.

    ``deflated`` and ``interval`` are of the out-of-sample daily returns. The interval is of a
    number that must be above zero: a Sharpe ratio, or a difference from a benchmark, which
    ``measured`` names. ``adjusted`` is a Sharpe ratio after its haircut. ``None``: that check is
    not made. A failed check outweighs an unknown one; with too few cycles or days no check is made.
    """
    days = [sample.days for sample in (deflated, interval) if sample is not None]
    missing = tuple(_missing(cycles, days, standards))
    if missing:
        return Verdict("not enough data", missing)
    checks = list(_checks(cycles, deflated, interval, adjusted, standards, measured))
    if failed := _texts(checks, False):
        return Verdict("not effective", failed)
    if unknown := _texts(checks, None):
        return Verdict("not enough data", unknown)
    return Verdict("effective", _texts(checks, True))


def _texts(checks: list[_Check], passed: bool | None) -> tuple[str, ...]:
    return tuple(check.text for check in checks if check.passed is passed)


def _missing(cycles: Robustness, days: list[int], standards: Standards) -> Iterator[str]:
    if cycles.scored < standards.cycles:
        yield (
            f"{cycles.scored} of {cycles.cycles} cycles have scores in and out of sample; at least "
            f"{standards.cycles} are needed."
        )
    if days and min(days) < standards.days:
        yield f"There are {min(days)} out-of-sample days; at least {standards.days} are needed."


def _checks(
    cycles: Robustness,
    deflated: Deflated | None,
    interval: Interval | None,
    adjusted: float | None,
    standards: Standards,
    measured: str,
) -> Iterator[_Check]:
    if cycles.scored < cycles.cycles:
        yield _Check(
            None, f"{cycles.cycles - cycles.scored} of {cycles.cycles} cycles have no score."
        )
    yield _efficiency(cycles, standards.efficiency)
    worst = (
        f"The worst out-of-sample score is {cycles.worst:.3g} (cycle "
        f"{(cycles.worst_cycle or 0) + 1}); it must be above {standards.worst:g}."
    )
    yield _Check(cycles.worst > standards.worst, worst)
    if deflated is not None:
        yield _deflated_sharpe(deflated, standards.probability)
    if interval is not None:
        yield _sampling(interval, measured)
    if adjusted is not None:
        yield _haircut(adjusted)


def _efficiency(cycles: Robustness, least: float) -> _Check:
    scores = f"The mean score is {cycles.inside:.3g} in sample and {cycles.outside:.3g} out of it"
    if math.isnan(cycles.efficiency):
        return _Check(False, f"{scores}: the score in sample is not positive.")
    share = f"{cycles.efficiency:.0%} of it remains, at least {least:.0%} must"
    return _Check(cycles.efficiency >= least, f"{scores}: {share}.")


def _deflated_sharpe(deflated: Deflated, least: float) -> _Check:
    if math.isnan(deflated.probability):
        return _Check(None, f"There is no deflated Sharpe ratio: {deflated.reason}.")
    return _Check(
        deflated.probability >= least,
        f"The yearly Sharpe ratio of {ANNUAL * deflated.sharpe:.3g} is above the "
        f"{ANNUAL * deflated.benchmark:.3g} that the best of {deflated.trials} trials reaches by "
        f"chance, with probability {deflated.probability:.1%}; it must be {least:.0%}.",
    )


def _sampling(interval: Interval, measured: str) -> _Check:
    of = f"of {measured} {interval.estimate:.3g}".replace("  ", " ")
    if math.isnan(interval.low):
        number = f" {of}" if measured else ""
        return _Check(None, f"There is no bootstrap interval{number}: {interval.reason}.")
    text = (
        f"The bootstrap interval {of} is {interval.low:.3g} to {interval.high:.3g}; it must be "
        "above 0."
    )
    return _Check(interval.low > 0, text)


def _haircut(adjusted: float) -> _Check:
    if math.isnan(adjusted):
        return _Check(None, "There is no Sharpe ratio after a haircut.")
    return _Check(
        adjusted > 0,
        f"The Sharpe ratio after its haircut is {adjusted:.3g}; it must be above 0.",
    )
