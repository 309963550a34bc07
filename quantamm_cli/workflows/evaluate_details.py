"""Scores of a chosen set on the user's own periods, and of other sets of its step."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from quantamm_cli.engine.feed import feed
from quantamm_cli.engine.forward import Spans
from quantamm_cli.errors import ArgumentError
from quantamm_cli.evaluation.assess import continuous, fresh
from quantamm_cli.metrics.undefined import reasons, reasons_of_period
from quantamm_cli.settings.json_tree import Json, without
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.types import date_text, minute
from quantamm_cli.store.runs import Entry, Run
from quantamm_cli.workflows.assessment import Forms, Scored, both_forms, undefined_json
from quantamm_cli.workflows.custom_periods import CoveredPeriods, Dates


class PeriodScores(NamedTuple):
    """Every metric of a pool that opens at ``start`` and runs until ``end``."""

    start: str
    end: str
    metrics: dict[str, float]

    @property
    def span(self) -> tuple[int, int]:
        """Its first minute since 1970, and the minute after its last."""
        return minute(self.start), minute(self.end)

    def to_dict(self) -> dict[str, Json]:
        """As JSON, with the reasons of metrics that do not exist, by name."""
        first, last = self.span
        return self._asdict() | undefined_json(reasons_of_period(self.metrics, last - first))


class SetScores(NamedTuple):
    """Every metric of a parameter set by period, with its parameters."""

    set: int
    metrics: dict[str, dict[str, float]]
    params: Forms
    undefined: dict[str, str]
    """Why metrics do not exist, by ``period.metric``."""

    def to_dict(self) -> dict[str, Json]:
        """As JSON; ``undefined`` is absent if every metric exists."""
        return without(self._asdict(), "undefined") | undefined_json(self.undefined)


def custom_periods(
    dates: Sequence[Dates], settings: Train, scored: Scored, covered: Sequence[CoveredPeriods]
) -> dict[str, PeriodScores]:
    """Scores by name of the period, in the order of ``dates``."""
    metrics: dict[str, dict[str, float]] = {}
    for part in covered:
        inputs = scored.feed
        if part.settings is not settings:
            inputs = feed(part.settings, part.market)
        metrics |= fresh(scored.pool, scored.raw, inputs, part.spans)
    scores = {}
    for name, start, end in dates:
        scores[name] = PeriodScores(date_text(start), date_text(end), metrics[name])
    return scores


def check_sets(sets: Sequence[int] | str, run: Run) -> tuple[int, ...]:
    """The numbers of sets, each once, from numbers, comma-separated text, or ``all``.

    Raises ArgumentError for a set that the run does not have.
    """
    known = {str(index): index for index in range(number_of_sets(run))}
    if not isinstance(sets, Sequence):
        raise ArgumentError("sets", f"is {sets!r}; expected numbers of parameter sets, or 'all'")
    if sets == "all":
        return tuple(known.values())
    names = sets.split(",") if isinstance(sets, str) else map(str, sets)
    numbers = []
    for name in map(str.strip, names):
        if name not in known:
            raise ArgumentError(
                "sets",
                f"'{name}' is not a parameter set; this run has {', '.join(known)}: write "
                "some of them, or all",
            )
        numbers.append(known[name])
    return tuple(dict.fromkeys(numbers))


def number_of_sets(run: Run) -> int:
    """The number of parameter sets of a run."""
    return len(next(iter(run.entries[-1]["params"].values())))


def other_sets(
    run: Run, step: int, sets: Sequence[int], scored: Scored, spans: Spans
) -> tuple[SetScores, ...]:
    """Scores of some sets of a step over all periods."""
    if not sets:
        return ()
    entry = next(each for each in chain(run.entries, _history(run)) if each["step"] == step)
    scores = []
    for index in sets:
        raw = {name: np.asarray(values[index], float) for name, values in entry["params"].items()}
        metrics = continuous(scored.pool, raw, scored.feed, spans)
        scores.append(
            SetScores(index, metrics, both_forms(scored.specs, raw), reasons(metrics, spans))
        )
    return tuple(scores)


def _history(run: Run) -> Iterator[Entry]:
    """All entries, read only on demand: the checkpoint has those that most selections choose."""
    yield from run.history()
