"""``split=walk_forward``: train, select and test in cycles through time,
and say what it all shows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from quantamm_cli.evaluation.sharpe import ANNUAL
from quantamm_cli.evaluation.verdict import Verdict
from quantamm_cli.evaluation.walk_document import WalkDocument
from quantamm_cli.evaluation.walk_forward import Aggregate, aggregate, judged
from quantamm_cli.reporting.table import Table
from quantamm_cli.reporting.walk_tables import cycles_table, together_table, verdict_lines
from quantamm_cli.settings.history import DOCUMENT, Older, older_json, oldest_meanings
from quantamm_cli.settings.json_tree import Json, finite
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.split import WalkForward
from quantamm_cli.settings.types import minute
from quantamm_cli.store.runs import Store
from quantamm_cli.store.walks import WalkPlace
from quantamm_cli.workflows.cycle import Cycle, cycle, named
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.results import Result, Watch
from quantamm_cli.workflows.runtime import start_jax
from quantamm_cli.workflows.selection import USUAL, Selection, chooser, selection_metric
from quantamm_cli.workflows.warm_start import warmed

_DAY = 86_400_000
"""Milliseconds."""


@dataclass(frozen=True)
class WalkForwardResult(Result):
    """All cycles, what they come to together, and the verdict."""

    place: WalkPlace
    cycles: tuple[Cycle, ...]
    aggregate: Aggregate
    verdict: Verdict
    out_of_sample: bool
    """Whether nothing was chosen on the test blocks."""
    seconds: dict[str, float]

    @property
    def status(self) -> str:
        """``new`` or ``reused`` if every cycle is, else ``resumed``."""
        statuses = {each.training.status for each in self.cycles}
        return statuses.pop() if len(statuses) == 1 else "resumed"

    @property
    def files(self) -> dict[str, str]:
        """Paths by name."""
        return files(self.place)

    @property
    def older(self) -> tuple[Older, ...]:
        """What a cycle that was trained before was made by and has changed since."""
        return tuple({change: None for each in self.cycles for change in each.run.older})

    @cached_property
    def document(self) -> WalkDocument:
        """Cycles, aggregate and verdict as they are written."""
        document: WalkDocument = finite(self._findings())
        return document

    def to_dict(self) -> dict[str, Json]:
        return {
            **self._findings(),
            **older_json(self.older),
            "status": self.status,
            "seconds": self.seconds,
            "files": self.files,
        }

    def tables(self) -> Sequence[Table | str]:
        walk = self.document
        marks = map(str, self.older)
        return [*marks, cycles_table(walk), together_table(walk), *verdict_lines(walk)]

    def _findings(self) -> dict[str, Json]:
        return {
            "run": self.place.name,
            "fingerprint": self.place.fingerprint,
            "cycles": [
                _with_shares(number, each, self.aggregate)
                for number, each in enumerate(self.cycles, 1)
            ],
            "aggregate": _aggregate(self.aggregate, self.cycles),
            "verdict": {**self.verdict._asdict(), "out_of_sample": self.out_of_sample},
        }


def walk_forward(
    settings: Train,
    selection: Selection = USUAL,
    fresh: bool = False,
    monitor: Monitor | None = None,
) -> WalkForwardResult:
    """Train every cycle that is not trained, judge them together, and write what they come to."""
    monitor, watch = monitor or Monitor(), Watch()
    place = walk_place(settings, selection)
    start_jax()
    done = tuple(cycles(settings, selection, fresh, monitor))
    watch.lap("cycles")
    found = aggregate([each.outcome for each in done], selection_metric(settings))
    seen = next((each.selected.method for each in done if "test" in each.selected.method), None)
    verdict = judged(found, f"--load {seen}" if seen else None)
    result = WalkForwardResult(place, done, found, verdict, seen is None, watch.seconds)
    walk = result.document
    stored = [
        {key: value for key, value in each.items() if key != "status"} for each in walk["cycles"]
    ]
    meanings = oldest_meanings(each.run.provenance for each in done)
    head = {
        "schema": DOCUMENT,
        "run": walk["run"],
        "fingerprint": walk["fingerprint"],
        "settings": settings.identity(),
        **({"meanings": meanings} if meanings else {}),
    }
    place.write(finite({**head, **walk, "cycles": stored}), _days(done, found))
    watch.lap("judge")
    return result


def cycles(settings: Train, selection: Selection, fresh: bool, monitor: Monitor) -> Iterator[Cycle]:
    """Every cycle in time, each trained before the next begins;
    with warm starts each begins where the one before ended.
    """
    split, holdouts = WalkForward.typed(settings.split), settings.cycles
    if (
        settings.warm_start is not None
    ):  # the selection chose where the first cycle begins, not what comes of it
        selection = USUAL
    if (rest := untested(settings)) is not None:
        monitor.note(rest)
    before: Cycle | None = None
    for number, given in enumerate(holdouts, 1):
        one = (
            given
            if before is None or not split.warm_start
            else warmed(given, before.run, before.selected)
        )
        name = f"cycle {number} of {len(holdouts)}"
        monitor.note(f"{name}: trains from {one.start}, tests from {one.end} to {one.test_end}")
        with named(name):
            before = cycle(one, given, selection, fresh, monitor.child(name))
        yield before


class PlannedCycle(NamedTuple):
    """A cycle with its dates; ``run`` is ``None`` where the cycle
    before it says where it begins.
    """

    cycle: int
    run: str | None
    start: str
    end: str
    test_end: str | None

    def to_dict(self) -> dict[str, Json]:
        """A name that is not known is absent."""
        run = {} if self.run is None else {"run": self.run}
        return {
            "cycle": self.cycle,
            **run,
            "start": self.start,
            "end": self.end,
            "test_end": self.test_end,
        }


@dataclass(frozen=True)
class PlannedWalkForward(Result):
    """Which cycles there would be, and where; nothing is touched."""

    settings: Train
    place: WalkPlace

    def _cycles(self) -> list[PlannedCycle]:
        cycles, warm = self.settings.cycles, WalkForward.typed(self.settings.split).warm_start
        runs = [
            f"run_{each.fingerprint}" if number == 0 or not warm else None
            for number, each in enumerate(cycles)
        ]
        numbered = enumerate(zip(runs, cycles, strict=True), 1)
        return [
            PlannedCycle(number, run, one.start, one.end, one.test_end)
            for number, (run, one) in numbered
        ]

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
            [each.cycle, each.start, each.end, each.test_end, _there(store, each.run)]
            for each in self._cycles()
        ]
        return [
            Table.of(self.place.name, ["cycle", "trains from", "tests from", "to", "run"], rows)
        ]

    def notes(self) -> Sequence[str]:
        rest = untested(self.settings)
        return [] if rest is None else [rest]


def walk_place(settings: Train, selection: Selection) -> WalkPlace:
    """Where a walk-forward is kept; another selection than the usual one has files of its own.

    Raises ConfigError if there is none.
    """
    chooser(settings.cycles[0], selection)
    chosen = selection if settings.warm_start is None else USUAL
    return WalkPlace(Path(settings.runs_dir), settings.fingerprint, chosen.suffix)


def files(place: WalkPlace) -> dict[str, str]:
    """Paths by name."""
    return {"result": str(place.result), "daily": str(place.daily)}


def untested(settings: Train) -> str | None:
    """What to say of days at the end that fill no block."""
    tested = settings.cycles[-1].test_end
    if (
        tested is None
        or settings.test_end is None
        or not (rest := minute(settings.test_end) - minute(tested))
    ):
        return None
    return f"{rest / 1440:.4g} days from {tested} on fill no block; they are not tested"


def _there(store: Store, run: str | None) -> str:
    if run is None:
        return "begins where the one before ends"
    return f"{run[:16]}{' (exists)' if store.path(run[4:]).exists() else ''}"


def _with_shares(number: int, each: Cycle, found: Aggregate) -> dict[str, Json]:
    shares = {
        "efficiency": found.cycles.efficiencies[number - 1],
        "gap": found.cycles.gaps[number - 1],
    }
    return {"cycle": number, **each.to_dict(), **shares}


def _aggregate(found: Aggregate, done: Sequence[Cycle]) -> dict[str, Json]:
    """Sharpe ratios a year."""
    cycles = {
        name: value
        for name, value in asdict(found.cycles).items()
        if name not in ("efficiencies", "gaps")
    }
    cycles["worst_cycle"] = (
        None if found.cycles.worst_cycle is None else found.cycles.worst_cycle + 1
    )
    lucks, random = [each.outcome.luck for each in done], [each.random for each in done]
    trials = {
        "total": sum(each.trials for each in lucks),
        "effective": max(each.effective for each in lucks),
    }
    between = {
        name: {"mean": each.mean._asdict(), "sharpe": each.sharpe._asdict()}
        for name, each in found.differences.items()
    }
    return {
        "metric": found.metric,
        **cycles,
        "metrics": found.means,
        "lowest": found.worst,
        "trials": trials,
        "random": {
            name: {"beaten": float(np.mean([each[name].beaten for each in random]))}
            for name in random[0]
        },
        "rademacher": float(np.mean([each.complexity for each in lucks])),
        "haircut": {"adjusted": found.adjusted, "bound": found.bound},
        "deflated_sharpe": found.deflated._asdict()
        | {name: ANNUAL * getattr(found.deflated, name) for name in ("sharpe", "benchmark")},
        "intervals": {"block_days": found.block, "sharpe": found.sharpe._asdict()} | between,
        "least_above": found.hardest,
    }


def _days(cycles: Sequence[Cycle], found: Aggregate) -> Mapping[str, np.ndarray]:
    """Daily returns out of sample by strategy, with the day (its midnight,
    in ms since 1970) and the cycle of each.
    """
    lengths = [len(each.outcome.returns["pool"]) for each in cycles]
    days = [
        each.first_day + np.arange(length) for each, length in zip(cycles, lengths, strict=True)
    ]
    return {
        "unix": np.concatenate(days) * _DAY,
        "cycle": np.repeat(np.arange(1, len(cycles) + 1), lengths),
        **found.returns,
    }
