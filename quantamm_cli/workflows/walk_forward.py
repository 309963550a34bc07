"""``split=walk_forward``: train, select and test in successive cycles, and assess them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from quantamm_cli.errors import StoreError
from quantamm_cli.evaluation.sharpe import ANNUAL
from quantamm_cli.evaluation.verdict import Verdict
from quantamm_cli.evaluation.walk_document import WalkDocument
from quantamm_cli.evaluation.walk_forward import Aggregate, aggregate, verdict_of
from quantamm_cli.metrics import METRICS
from quantamm_cli.reporting.table import Table
from quantamm_cli.reporting.walk_tables import cycles_table, together_table, verdict_lines
from quantamm_cli.settings.digest import sha256
from quantamm_cli.settings.history import DOCUMENT, Older, older_json, oldest_meanings
from quantamm_cli.settings.json_tree import Json, finite, without
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.signs import signs
from quantamm_cli.settings.split import WalkForward
from quantamm_cli.settings.types import minute
from quantamm_cli.store.advice import start_over
from quantamm_cli.store.inputs import Inputs, differences, of_document
from quantamm_cli.store.runs import Store
from quantamm_cli.store.walks import WalkPlace, read_walk
from quantamm_cli.workflows.cycle import Cycle, cycle, named
from quantamm_cli.workflows.inputs import check_planned, stored_run
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.refusals import check_training
from quantamm_cli.workflows.results import Result, Watch
from quantamm_cli.workflows.runtime import start_jax
from quantamm_cli.workflows.selection import USUAL, Selection
from quantamm_cli.workflows.warm_start import with_selected_params

_DAY = 86_400_000
"""Milliseconds."""


@dataclass(frozen=True)
class WalkForwardResult(Result):
    """All cycles, their aggregate, and the verdict."""

    place: WalkPlace
    cycles: tuple[Cycle, ...]
    aggregate: Aggregate
    verdict: Verdict
    out_of_sample: bool
    """``False`` if the selection rule used the test blocks."""
    seconds: dict[str, float]

    @property
    def status(self) -> str:
        """``new`` or ``reused`` if all cycles are, else ``resumed``."""
        statuses = {each.training.status for each in self.cycles}
        return statuses.pop() if len(statuses) == 1 else "resumed"

    @property
    def files(self) -> dict[str, str]:
        """Paths by name."""
        return files(self.place)

    @property
    def older(self) -> tuple[Older, ...]:
        """The definitions that stored cycles were made by and that have changed since."""
        return tuple({change: None for each in self.cycles for change in each.run.older})

    @cached_property
    def document(self) -> WalkDocument:
        """Cycles, aggregate and verdict as the result file has them."""
        document: WalkDocument = finite(self._content())
        return document

    def to_dict(self) -> dict[str, Json]:
        return {
            **self._content(),
            "signs": signs(METRICS),
            **older_json(self.older),
            "status": self.status,
            "seconds": self.seconds,
            "files": self.files,
        }

    def tables(self) -> Sequence[Table | str]:
        walk = self.document
        older = map(str, self.older)
        return [*older, cycles_table(walk), together_table(walk), *verdict_lines(walk)]

    def _content(self) -> dict[str, Json]:
        return {
            "run": self.place.name,
            "fingerprint": self.place.fingerprint,
            "cycles": [
                _with_shares(number, each, self.aggregate)
                for number, each in enumerate(self.cycles, 1)
            ],
            "aggregate": _aggregate(self.aggregate, self.cycles),
            "verdict": {**self.verdict._asdict(), "out_of_sample": self.out_of_sample},
            "data": _inputs(self.cycles).to_dict(),
        }


def walk_forward(
    settings: Train,
    selection: Selection = USUAL,
    fresh: bool = False,
    monitor: Monitor | None = None,
    other_data: bool = False,
) -> WalkForwardResult:
    """Train the cycles that are not trained yet, assess all together, and write the result.

    ``other_data``: where a stored result was made from other inputs, write beside it.

    Raises:
        DataError: a stored cycle, or the result, was made from other inputs.
    """
    monitor, watch = monitor or Monitor(), Watch()
    start_jax()
    place = walk_place(settings, selection)
    done = tuple(cycles(settings, selection, fresh, monitor, other_data))
    watch.lap("cycles")
    total = aggregate([each.outcome for each in done], settings.selection_metric)
    on_test = next((each.selected.method for each in done if "test" in each.selected.method), None)
    verdict = verdict_of(total, f"--load {on_test}" if on_test else None)
    place = _bound_place(place, _inputs(done), other_data or fresh)
    result = WalkForwardResult(place, done, total, verdict, on_test is None, watch.seconds)
    place.write(_stored_document(settings, result), _days(done, total))
    watch.lap("judge")
    return result


def _inputs(done: Sequence[Cycle]) -> Inputs:
    """What all cycles were made from; each reads its own rows."""
    digest = sha256([each.training.bound.inputs.sha256 for each in done])
    return Inputs(digest, {"cycles": digest})


def _bound_place(place: WalkPlace, now: Inputs, other_data: bool) -> WalkPlace:
    """The place, or one beside it if its result was made from other inputs.

    Raises DataError if it was, unless ``other_data``.
    """
    if not place.result.exists():
        return place
    try:
        data = read_walk(place).result.get("data")
    except StoreError:  # a damaged result is written again
        return place
    if data is None:
        return place
    apart = differences(of_document(data), now)
    if not other_data:
        apart.refuse(str(place.result))
    return replace(place, beside=now.suffix) if apart.changes else place


def _stored_document(settings: Train, result: WalkForwardResult) -> dict[str, Json]:
    """What is written: ``document`` with settings and meanings, without the status of cycles."""
    walk = result.document
    head = {
        "schema": DOCUMENT,
        "run": walk["run"],
        "fingerprint": walk["fingerprint"],
        "settings": settings.identity(),
    }
    meanings = oldest_meanings(each.run.provenance for each in result.cycles)
    if meanings:
        head["meanings"] = meanings
    stored = [without(each, "status") for each in walk["cycles"]]
    document: dict[str, Json] = finite({**head, **walk, "cycles": stored})
    return document


def cycles(
    settings: Train,
    selection: Selection,
    fresh: bool,
    monitor: Monitor,
    other_data: bool = False,
) -> Iterator[Cycle]:
    """Every cycle in order of time, each trained before the next begins.

    With ``split.warm_start`` a cycle begins with the parameters that the one before selected.
    """
    split, holdouts = WalkForward.typed(settings.split), settings.cycles
    if settings.warm_start is not None:
        # the selection chose what the first cycle begins with; it does not choose its result
        selection = USUAL
    note = untested_days(settings)
    if note is not None:
        monitor.note(note)
    before: Cycle | None = None
    for number, cold in enumerate(holdouts, 1):
        one = cold
        if before is not None and split.warm_start:
            one = with_selected_params(cold, before.run, before.selected)
        name = f"cycle {number} of {len(holdouts)}"
        monitor.note(f"{name}: trains from {one.start}, tests from {one.end} to {one.test_end}")
        with named(name):
            before = cycle(one, cold, selection, fresh, monitor.child(name), other_data)
        yield before


class PlannedCycle(NamedTuple):
    """A cycle with its dates; ``run`` is ``None`` if its parameters come from the cycle before."""

    cycle: int
    run: str | None
    start: str
    end: str
    test_end: str | None

    def to_dict(self) -> dict[str, Json]:
        """``run`` is left out where it is ``None``."""
        tree = self._asdict()
        return without(tree, "run") if self.run is None else tree


@dataclass(frozen=True)
class PlannedWalkForward(Result):
    """The cycles that would be trained; nothing is written."""

    settings: Train
    place: WalkPlace

    def _cycles(self) -> list[PlannedCycle]:
        cycles, warm = self.settings.cycles, WalkForward.typed(self.settings.split).warm_start
        planned = []
        for number, one in enumerate(cycles, 1):
            run = None if warm and number > 1 else f"run_{one.fingerprint}"
            planned.append(PlannedCycle(number, run, one.start, one.end, one.test_end))
        return planned

    def to_dict(self) -> dict[str, Json]:
        return {
            "run": self.place.name,
            "fingerprint": self.place.fingerprint,
            "cycles": [each.to_dict() for each in self._cycles()],
            "settings": self.settings.identity(),
            "files": files(self.place),
        }

    def tables(self) -> Sequence[Table | str]:
        store = Store(self.settings.runs_dir)
        rows = [
            [each.cycle, each.start, each.end, each.test_end, _run_text(store, each.run)]
            for each in self._cycles()
        ]
        columns = ["cycle", "trains from", "tests from", "to", "run"]
        return [Table.of(self.place.name, columns, rows)]

    def notes(self) -> Sequence[str]:
        note = untested_days(self.settings)
        return [] if note is None else [note]


def plan_walk(
    settings: Train, selection: Selection, monitor: Monitor, anew: bool = False
) -> PlannedWalkForward:
    """The cycles; refuses what ``walk_forward`` would before its first step.

    ``anew``: cycles are trained although stored ones were made from other inputs.

    Raises:
        ConfigError, DataError, StoreError: as ``walk_forward`` does, of the same settings.
    """
    start_jax()
    place = walk_place(settings, selection)
    for each in settings.cycles:
        check_planned(each, monitor, None if anew else stored_run(each), start_over())
    return PlannedWalkForward(settings, place)


def walk_place(settings: Train, selection: Selection) -> WalkPlace:
    """The files of a walk-forward; each selection but the default one has other names.

    Raises ConfigError if a cycle cannot be trained, or nothing could be selected of it.
    """
    chosen = selection if settings.warm_start is None else USUAL
    for each in settings.cycles:
        check_training(each, chosen)
    return WalkPlace(Path(settings.runs_dir), settings.fingerprint, chosen.suffix)


def files(place: WalkPlace) -> dict[str, str]:
    """Paths by name."""
    return {"result": str(place.result), "daily": str(place.daily)}


def untested_days(settings: Train) -> str | None:
    """A note on days at the end that fill no test block; ``None`` if there are none."""
    tested = settings.cycles[-1].test_end
    if tested is None or settings.test_end is None:
        return None
    rest = minute(settings.test_end) - minute(tested)
    if not rest:
        return None
    return f"{rest / 1440:.4g} days from {tested} on fill no test block; they are not tested"


def _run_text(store: Store, run: str | None) -> str:
    if run is None:
        return "begins with the parameters of the cycle before"
    return run[:16] + " (exists)" * store.path(run[4:]).exists()


def _with_shares(number: int, each: Cycle, total: Aggregate) -> dict[str, Json]:
    return {
        "cycle": number,
        **each.to_dict(),
        "efficiency": total.cycles.efficiencies[number - 1],
        "gap": total.cycles.gaps[number - 1],
    }


def _aggregate(total: Aggregate, done: Sequence[Cycle]) -> dict[str, Json]:
    """The aggregate as JSON; Sharpe ratios a year."""
    cycles = without(asdict(total.cycles), "efficiencies", "gaps")
    if total.cycles.worst_cycle is not None:
        cycles["worst_cycle"] = total.cycles.worst_cycle + 1
    biases = [each.outcome.bias for each in done]
    random = {}
    for name in done[0].random:
        beaten = [each.random[name].beaten for each in done]
        random[name] = {"beaten": float(np.mean(beaten))}
    intervals: dict[str, Json] = {"block_days": total.block, "sharpe": total.sharpe._asdict()}
    for name, each in total.differences.items():
        intervals[name] = {"mean": each.mean._asdict(), "sharpe": each.sharpe._asdict()}
    deflated = total.deflated._asdict()
    for name in ("sharpe", "benchmark"):
        deflated[name] *= ANNUAL
    return {
        "metric": total.metric,
        **cycles,
        "metrics": total.means,
        "lowest": total.worst,
        "trials": {
            "total": sum(each.trials for each in biases),
            "effective": max(each.effective for each in biases),
        },
        "random": random,
        "rademacher": float(np.mean([each.complexity for each in biases])),
        "haircut": {"adjusted": total.adjusted, "bound": total.bound},
        "deflated_sharpe": deflated,
        "intervals": intervals,
        "least_above": total.hardest,
    }


def _days(cycles: Sequence[Cycle], total: Aggregate) -> Mapping[str, np.ndarray]:
    """Daily returns out of sample by strategy, with the midnight of each day (``unix``, ms since
    1970 UTC) and its cycle, and the riskless returns unless they are zero.
    """
    days, lengths = [], []
    for each in cycles:
        length = len(each.outcome.returns["pool"])
        days.append(each.first_day + np.arange(length))
        lengths.append(length)
    columns = {
        "unix": np.concatenate(days) * _DAY,
        "cycle": np.repeat(np.arange(1, len(cycles) + 1), lengths),
        **total.returns,
    }
    if total.riskless is not None:
        columns["riskless"] = total.riskless
    return columns
