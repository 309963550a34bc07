"""Why a metric does not exist on a window."""

import math
from collections.abc import Iterable, Mapping

from quantamm_cli.core.types import DAY
from quantamm_cli.metrics.base import LARGEST, METRICS

SHORT = 30 * DAY
"""Yearly numbers of windows shorter than this are marked."""


def marked(scores: Mapping[str, float], exists: Mapping[str, bool]) -> dict[str, float]:
    """``metrics.unmarked`` and ``metrics.existing`` of a window as its ``metrics.score``."""
    return {name: _marked(name, score, exists.get(name, True)) for name, score in scores.items()}


def _marked(name: str, score: float, exists: bool) -> float:
    if not exists:
        return math.nan
    return math.copysign(math.inf, score) if abs(score) > METRICS[name].largest else score


def lack(name: str, minutes: int) -> str | None:
    """What a window of so many minutes is too short for; ``None`` if the metric can exist there."""
    needed = METRICS[name].minutes
    if minutes >= needed:
        return None
    return f"needs {duration(needed)}, got {duration(minutes)}"


def reason(name: str, score: float, minutes: int) -> str | None:
    """Why a score of a window of so many minutes does not exist; ``None`` if it does."""
    if math.isfinite(score):
        return None
    too_short = lack(name, minutes)
    if too_short is not None:
        return too_short
    if math.isnan(score):
        return METRICS[name].lacks
    beyond = f"is beyond {LARGEST:g}"
    return f"{beyond} as a yearly number of {duration(minutes)}" if METRICS[name].yearly else beyond


def reasons(
    scores: Mapping[str, Mapping[str, float]], spans: Iterable[tuple[str, int, int]]
) -> dict[str, str]:
    """The reason of every score that does not exist, by ``period.metric``, of the scores of periods
    (name, first row, row after the last).
    """
    absent: dict[str, str] = {}
    for period, first, last in spans:
        for name, why in reasons_of_period(scores[period], last - first).items():
            absent[f"{period}.{name}"] = why
    return absent


def reasons_of_period(scores: Mapping[str, float], minutes: int) -> dict[str, str]:
    """The reason of every score of one period that does not exist, by metric.

    A return exists on two minutes and more: without one the pool has no value.
    """
    lost = minutes > 1 and not math.isfinite(scores.get("returns", 0.0))
    absent: dict[str, str] = {}
    for name, score in scores.items():
        why = reason(name, score, minutes)
        if why is not None:
            absent[name] = why if not lost else "the pool's value is not finite"
    return absent


def short_periods(spans: Iterable[tuple[str, int, int]]) -> dict[str, float]:
    """The days of each period that is shorter than ``SHORT``: a yearly number of it says little."""
    days = {name: (last - first) / DAY for name, first, last in spans}
    return {name: length for name, length in days.items() if length < SHORT / DAY}


def duration(minutes: int) -> str:
    """Minutes as text, in days from one day on."""
    if minutes < DAY:
        return f"{minutes} minute{'s' * (minutes != 1)}"
    days, rest = divmod(minutes, DAY)
    text = f"{days} day{'s' * (days != 1)}"
    return f"{text} and {duration(rest)}" if rest else text
