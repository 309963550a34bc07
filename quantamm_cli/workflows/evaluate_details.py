"""Scores of a chosen set on the user's own dates, and of the other sets of its step."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from quantamm_cli.engine.feed import feed
from quantamm_cli.engine.forward import Spans
from quantamm_cli.errors import ArgumentError
from quantamm_cli.evaluation.assess import continuous, fresh
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.types import date_text
from quantamm_cli.store.runs import Entry, Run
from quantamm_cli.workflows.assessment import Forms, Scored, both_forms
from quantamm_cli.workflows.custom_periods import Dates, Given


class PeriodScores(NamedTuple):
    """Every metric of the pool from ``start``, where it opens, to ``end``."""

    start: str
    end: str
    metrics: dict[str, float]


class SetScores(NamedTuple):
    """Every metric of a parameter set by period, and its parameters."""

    set: int
    metrics: dict[str, dict[str, float]]
    params: Forms


def custom_periods(
    dates: Sequence[Dates], settings: Train, scored: Scored, own: Sequence[Given]
) -> dict[str, PeriodScores]:
    """By name, in the order they were asked for."""
    found: dict[str, dict[str, float]] = {}
    for given in own:
        here = scored.feed if given.settings is settings else feed(given.settings, given.market)
        found |= fresh(scored.pool, scored.raw, here, given.spans)
    return {
        name: PeriodScores(date_text(start), date_text(end), found[name])
        for name, start, end in dates
    }


def check_sets(sets: Sequence[int] | str, run: Run) -> tuple[int, ...]:
    """Numbers, text of them between commas, or ``all``, each once.

    Raises ArgumentError for a set that the run does not have.
    """
    known = {str(index): index for index in range(number_of_sets(run))}
    if not isinstance(sets, Sequence):
        raise ArgumentError("sets", f"is {sets!r}; expected numbers of parameter sets, or 'all'")
    if sets == "all":
        return tuple(known.values())
    names = (
        [name.strip() for name in sets.split(",")]
        if isinstance(sets, str)
        else [str(each) for each in sets]
    )
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None:
        raise ArgumentError(
            "sets",
            f"'{unknown}' is not a parameter set; this run has {', '.join(known)}: write "
            "some of them, or all",
        )
    return tuple(dict.fromkeys(known[name] for name in names))


def number_of_sets(run: Run) -> int:
    """How many parameter sets a run trains."""
    return len(next(iter(run.entries[-1]["params"].values())))


def other_sets(
    run: Run, step: int, sets: Sequence[int], scored: Scored, spans: Spans
) -> tuple[SetScores, ...]:
    """The sets of a step, each run over all periods."""
    if not sets:
        return ()
    entry = next(each for each in chain(run.entries, _history(run)) if each["step"] == step)
    found = []
    for index in sets:
        raw = {name: np.asarray(values[index], float) for name, values in entry["params"].items()}
        metrics = continuous(scored.pool, raw, scored.feed, spans)
        found.append(SetScores(index, metrics, both_forms(scored.specs, raw)))
    return tuple(found)


def _history(run: Run) -> Iterator[Entry]:
    """Every entry, read only if one is asked for: a checkpoint holds those
    that most selections choose.
    """
    yield from run.history()
