"""What ``qsim evaluate`` says beyond the scores that end a training."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from quantamm_cli.cli.chance import chance
from quantamm_cli.cli.console import Console
from quantamm_cli.cli.dates import Given
from quantamm_cli.cli.tables import show_parts, show_periods, show_sets
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.types import date_text
from quantamm_cli.store.runs import Run

if TYPE_CHECKING:
    from quantamm_cli.cli.evaluate import Asked
    from quantamm_cli.cli.result import Scored, Watch


def whole(asked: "Asked", scored: "Scored", own: Sequence[Given], console: Console, watch: "Watch") -> dict[str, Any]:
    """Fresh starts, the parts of the return, random parameters; own periods and other parameter sets where they are asked for."""
    from quantamm_cli.evaluation.assess import fresh
    from quantamm_cli.evaluation.decomposition import decomposition

    pool, raw, feed, assessment = scored[1:]
    spans = asked.settings.spans
    told: dict[str, Any] = {
        "fresh": fresh(pool, raw, feed, spans),
        "decomposition": decomposition(pool, raw, feed, spans, assessment.trajectory),
    }
    show_periods(console, "each period from a fresh start", told["fresh"])
    show_parts(console, told["decomposition"])
    told |= chance(asked, scored, console)
    if asked.dates:
        told["periods"] = _periods(asked, scored, own)
        scores = {name: each["metrics"] for name, each in told["periods"].items()}
        said = ", ".join(f"{name} {each['start']} to {each['end']}" for name, each in told["periods"].items())
        show_periods(console, f"own periods, each from a fresh start\n{said}", scores)
    if asked.sets:
        told["sets"] = _sets(asked, scored)
        named = [(_called(each["set"], asked), each["metrics"]) for each in told["sets"]]
        show_sets(console, f"parameter sets of step {asked.selected.step}", named)
    watch.lap("run")
    return told


def _periods(asked: "Asked", scored: "Scored", own: Sequence[Given]) -> dict[str, Any]:
    """By name, in the order of the command line: ``start``, ``end`` and every metric of the pool from a fresh start."""
    from quantamm_cli.engine.feed import feed
    from quantamm_cli.evaluation.assess import fresh

    found: dict[str, dict[str, float]] = {}
    for given in own:
        here = scored.feed if given.settings is asked.settings else feed(given.settings, given.market)
        found |= fresh(scored.pool, scored.raw, here, given.spans)
    return {name: {"start": date_text(start), "end": date_text(end), "metrics": found[name]} for name, start, end in asked.dates}


def read_sets(text: str | None, run: Run) -> tuple[int, ...]:
    """The parameter sets that ``--sets`` names.

    Raises:
        ConfigError: what is not one of the run's.
    """
    if text is None:
        return ()
    count = len(next(iter(run.entries[-1]["params"].values())))
    if text == "all":
        return tuple(range(count))
    known = {str(index): index for index in range(count)}
    for word in (words := [word.strip() for word in text.split(",")]):
        if word not in known:
            raise ConfigError("--sets", f"'{word}' is not a parameter set; this run has {', '.join(known)}: write some of them, or all")
    return tuple(dict.fromkeys(known[word] for word in words))


def _sets(asked: "Asked", scored: "Scored") -> list[dict[str, Any]]:
    """``set``, ``metrics`` by period and ``params`` of each set that is asked for, of the chosen step."""
    from quantamm_cli.cli.result import both_forms
    from quantamm_cli.evaluation.assess import continuous

    step, run = asked.selected.step, asked.found
    entry = next(each for each in chain(run.entries, _history(run)) if each["step"] == step)
    specs = scored.pool.parameters(len(asked.settings.tokens))
    found = []
    for index in asked.sets:
        raw = {name: np.asarray(values[index], float) for name, values in entry["params"].items()}
        metrics = continuous(scored.pool, raw, scored.feed, asked.settings.spans)
        found.append({"set": index, "metrics": metrics, "params": both_forms(specs, raw)})
    return found


def _history(run: Run) -> Iterator[dict[str, Any]]:
    """Every entry, read only if one is asked for: a checkpoint holds those that most selections choose."""
    yield from run.history()


def _called(index: int, asked: "Asked") -> str:
    return f"{index} (chosen)" if index == asked.selected.set else str(index)
