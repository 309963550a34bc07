"""Runs a stored result again and compares it to the last bit."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

from quantamm_cli.config.read import read_settings
from quantamm_cli.errors import ConfigError, DivergedError, StoreError
from quantamm_cli.market import Source
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.json_tree import Json, JsonObject, dotted, finite, without
from quantamm_cli.settings.run import Output, Simulate, Train
from quantamm_cli.store.inputs import differences, stored_inputs
from quantamm_cli.store.origin import Origin, origin
from quantamm_cli.store.other_results import read_study
from quantamm_cli.store.recorded import GridPlace, SimulationPlace, SweepPlace
from quantamm_cli.store.result_names import KINDS, StoredResult
from quantamm_cli.store.runs import Run, Store
from quantamm_cli.store.stored_path import names_run
from quantamm_cli.store.trajectory import read_arrays
from quantamm_cli.store.walks import WalkPlace, read_walk
from quantamm_cli.workflows.bitwise import Comparison, Difference
from quantamm_cli.workflows.grid import grid
from quantamm_cli.workflows.inputs import check_planned
from quantamm_cli.workflows.monitor import Check, Monitor, Passing, Save, Step
from quantamm_cli.workflows.results import Result, Watch
from quantamm_cli.workflows.selection import Selection
from quantamm_cli.workflows.simulate import simulate
from quantamm_cli.workflows.train import train
from quantamm_cli.workflows.walk_forward import walk_forward

Read = Callable[[Origin], JsonObject]
"""The settings of a stored result as a composed tree, with the places of its files."""
_NOT_MADE_BY = ("data", "inputs", "places", "carried", "burn_in_days", "output")
"""Keys of a provenance that are no versions or machines."""


_MANY = ("study", "sweep")
"""Kinds of results that consist of others."""


class Cause(NamedTuple):
    """A version, a machine or an input that is not what it was."""

    what: str
    stored: Json
    now: Json

    def __str__(self) -> str:
        return f"{self.what} was {self.stored}, is {self.now}"


@dataclass(frozen=True)
class Part:
    """One stored result, compared with what the same settings give now."""

    result: StoredResult
    comparison: Comparison
    causes: tuple[Cause, ...]

    @property
    def same(self) -> bool:
        """Whether every number is the same to the last bit."""
        return not self.comparison.differing

    def to_dict(self) -> dict[str, Json]:
        """As JSON."""
        compared, first, largest = self.comparison, self.comparison.first, self.comparison.largest
        tree: dict[str, Json] = {
            "run": self.result.name,
            "same": self.same,
            "compared": compared.compared,
            "differing": compared.differing,
            "different": [cause._asdict() for cause in self.causes],
        }
        if first is not None and largest is not None:
            tree |= {"first": first.to_dict(), "largest": largest.to_dict()}
        return tree

    def __str__(self) -> str:
        compared = self.comparison
        if self.same:
            return (
                f"{self.result.short}…: {compared.compared:,} values are the same to the last bit"
            )
        return (
            f"{self.result.short}…: {compared.differing:,} of {compared.compared:,} values differ"
        )

    def problem(self) -> str:
        """Where it differs first and most, and what is different, in one line."""
        first, largest = self.comparison.first, self.comparison.largest
        most = "" if largest in (None, first) else f"; most {largest}"
        causes = ", ".join(map(str, self.causes)) or "versions, processor and data are the same"
        return (
            f"is not the same: {self.comparison.differing:,} of {self.comparison.compared:,} "
            f"values differ, first {first}{most}; {causes}"
        )


@dataclass(frozen=True)
class Reproduction(Result):
    """A stored result run again; of a study every trial that has a run, of a sweep every job."""

    result: StoredResult
    parts: tuple[Part, ...]
    seconds: dict[str, float]

    @property
    def same(self) -> bool:
        """Whether every number is the same to the last bit."""
        return all(part.same for part in self.parts)

    def to_dict(self) -> dict[str, Json]:
        tree: dict[str, Json] = {"kind": KINDS[self.result.kind], "seconds": self.seconds}
        if self.result.kind not in _MANY:
            return {**self.parts[0].to_dict(), **tree}
        parts: list[Json] = [part.to_dict() for part in self.parts]
        return {"run": self.result.name, "same": self.same, "parts": parts, **tree}

    def tables(self) -> Sequence[Table | str]:
        shown: list[Table | str] = []
        for part in self.parts:
            shown.append(str(part))
            where = (part.comparison.first, part.comparison.largest)
            rows = [_cells(each) for each in dict.fromkeys(where) if each is not None]
            if rows:
                shown.append(Table.of("the first and the largest difference", _COLUMNS, rows))
            if part.causes:
                rows = [[cause.what, str(cause.stored), str(cause.now)] for cause in part.causes]
                shown.append(Table.of("what is different", ["what", "stored", "now"], rows))
        return shown

    def refuse(self) -> None:
        for part in self.parts:
            if not part.same:
                raise StoreError(str(part.result.path), part.problem())


_COLUMNS = ("where", "stored", "again", "ulp")


def _cells(each: Difference) -> list[Json]:
    return [each.where, str(each.stored), str(each.again), each.ulp]


def reproduce(
    result: StoredResult, read: Read, selection: Selection, monitor: Monitor | None = None
) -> Reproduction:
    """Run a stored training, simulation, grid, walk-forward or the trials of a study again, in a
    folder of its own, and compare.

    Args:
        read: the settings of a stored result, with the places of its files.
        selection: of a walk-forward, the selection whose stored result is meant.

    Raises:
        StoreError: the result is missing, damaged, or was imported.
        DataError: its data are not there any more.
    """
    monitor, watch = monitor or Monitor(), Watch()
    parts = tuple(_parts(result, read, selection, monitor))
    watch.lap("run")
    return Reproduction(result, parts, watch.seconds)


def again(result: StoredResult) -> Origin:
    """The settings and the provenance of a stored result that can be run again.

    Raises:
        ConfigError, StoreError: it cannot.
    """
    stored = origin(result)
    if stored is None:
        raise ConfigError(result.short, f"is a {KINDS[result.kind]}, which cannot be run again")
    if "imported" in stored.settings:
        raise StoreError(str(result.path), "was imported from quantammsim, which made it")
    return stored


def check_reproduction(result: StoredResult, read: Read, monitor: Monitor) -> None:
    """Refuse what ``reproduce`` would before it computes.

    Raises:
        ConfigError, DataError, StoreError: as ``reproduce`` does.
    """
    if result.kind in _MANY:
        for name in _names(result):
            check_reproduction(Store(result.path.parent).named(name), read, monitor)
        return
    stored = again(result)
    kind = Simulate if stored.root == "simulate" else Train
    check_planned(read_settings(kind, read(stored)), monitor)


def _parts(
    result: StoredResult, read: Read, selection: Selection, monitor: Monitor
) -> Iterator[Part]:
    if result.kind in _MANY:
        names = _names(result)
        for number, name in enumerate(names, 1):
            monitor.note(f"{number} of {len(names)} results: {name[:17]}…")
            yield from _parts(Store(result.path.parent).named(name), read, selection, monitor)
        return
    stored = again(result)
    with TemporaryDirectory(prefix="qsim-") as folder:
        tree, kind = read(stored), Simulate if stored.root == "simulate" else Train
        values = read_settings(kind, tree)
        data = _with_paths(Source.typed(values.data), result.path.parent)
        changes = {"runs_dir": folder, "output": Output(), "data": data}
        values = values.model_copy(update=changes)
        comparison = Comparison(single=values.precision == "float32")
        if isinstance(values, Train) and result.kind == "walk":
            made_by = _walk(result, values, selection, comparison, monitor)
        elif isinstance(values, Train):
            made_by = _run(Store(result.path.parent).load(result.path), values, comparison, monitor)
        elif result.kind == "grid":
            made_by = _grid(result, values, tree, comparison, monitor)
        else:
            made_by = _simulation(result, values, comparison, monitor)
    yield Part(result, comparison, _causes(stored, made_by))


def _names(result: StoredResult) -> list[str]:
    """The results of the trials of a study, or of the jobs of a sweep, each once."""
    if result.kind == "study":
        parts: Sequence[Mapping[str, Any]] = read_study(result)["trials"]
    else:
        parts = SweepPlace.of(result).read()["jobs"]
    return list(dict.fromkeys(part["run"] for part in parts if "run" in part))


def _with_paths(source: Source, runs: Path) -> Source:
    """The source with paths in place of the names of stored runs among its series."""
    series = {
        name: str(Store(runs).named(path).path) if names_run(path) else path
        for name, path in source.series.items()
    }
    return source.replace(series=series)


def _run(run: Run, settings: Train, comparison: Comparison, monitor: Monitor) -> JsonObject:
    """Train up to the step that a run reached, and compare the histories; the new provenance."""
    if run.status == "finished":
        train(settings, monitor=monitor.child("again"))
    else:
        with suppress(_Reached, DivergedError):
            train(settings, monitor=_Until(monitor, run.step))
    other = Store(settings.runs_dir).load(settings.fingerprint)
    stored, present = run.history(), other.history()
    steps = {entry["step"]: entry for entry in present}
    for entry in stored:
        step = f"step {entry['step']}"
        comparison.add(entry, finite(steps.get(entry["step"])), step)
    return other.provenance


def _simulation(
    result: StoredResult, settings: Simulate, comparison: Comparison, monitor: Monitor
) -> JsonObject:
    """Simulate, and compare scores and the rows of the trajectory; the new provenance."""
    place = SimulationPlace.of(result)
    present = simulate(settings, monitor=monitor.child("again"))
    left_out = ("schema", "run", "fingerprint", "sha256", "settings", "provenance")
    comparison.add(without(place.content(), *left_out), present.place.content(), "")
    trajectory = place.folder / "trajectory.npz"
    if trajectory.exists():
        stored, again = read_arrays(trajectory), read_arrays(present.files["trajectory"])
        rows = np.searchsorted(again["unix"], stored["unix"])  # every minute is there
        for name in ("unix", "prices", "weights", "reserves", "value"):
            comparison.add(stored[name], again[name][rows], f"trajectory.{name}")
        for name in sorted(name for name in stored if name.startswith("day_")):
            comparison.add(stored[name], again[name], f"trajectory.{name}")
    return present.place.read()["provenance"]


def _grid(
    result: StoredResult,
    settings: Simulate,
    tree: JsonObject,
    comparison: Comparison,
    monitor: Monitor,
) -> JsonObject:
    """Score all points, and compare the scores; the new provenance."""
    document = GridPlace.of(result).read()
    axes = {name: {"choices": values} for name, values in document["axes"].items()}
    declared = {**tree, "grid": axes, "metric": {"kind": document["metric"]}}
    present = grid(settings, declared, True, False, monitor.child("again"))
    again = present.place.read()
    for part in ("points", "scores"):
        comparison.add(document[part], again[part], part)
    return again["provenance"]


def _walk(
    result: StoredResult,
    settings: Train,
    selection: Selection,
    comparison: Comparison,
    monitor: Monitor,
) -> JsonObject:
    """Train and test all cycles, and compare cycles, aggregate and daily returns; the new
    provenance.
    """
    walk = read_walk(replace(WalkPlace.of(result), chosen=selection.suffix))
    present = walk_forward(settings, selection, monitor=monitor.child("again"))
    again = read_walk(present.place)
    for part in ("cycles", "aggregate", "verdict"):
        comparison.add(_numbers(walk.result, part), _numbers(again.result, part), part)
    comparison.add(walk.daily, again.daily, "daily")
    return present.cycles[0].run.provenance


def _numbers(result: Mapping[str, object], part: str) -> object:
    """A part of a walk-forward without digests of data, which are compared as inputs."""
    tree = finite(result[part])
    if part == "cycles":
        return [without(cycle, "data", "other_data") for cycle in tree]
    return tree


def _causes(stored: Origin, made_by: JsonObject) -> tuple[Cause, ...]:
    """What is not as it was: versions, machine, processor, data."""
    before = dict(dotted(without(stored.provenance, *_NOT_MADE_BY)))
    now = dict(dotted(without(made_by, *_NOT_MADE_BY)))
    names = [*before, *(name for name in now if name.startswith("environment."))]
    apart = [name for name in dict.fromkeys(names) if before.get(name) != now.get(name)]
    causes = [Cause(name, before.get(name), now.get(name)) for name in apart]
    inputs = differences(stored.provenance, stored_inputs(made_by))
    causes += [Cause(change.what, change.before, change.now) for change in inputs.changes]
    return tuple(causes)


class _Reached(Exception):  # noqa: N818 - an event, not an error
    """The training has reached the last step that is stored."""


class _Until(Passing):
    """Passes on notes as details, and ends a training after a step."""

    def __init__(self, parent: Monitor, last: int) -> None:
        super().__init__(parent)
        self._last, self._done = last, -1

    def note(self, text: str) -> None:
        self._parent.detail(text)

    @contextmanager
    def saving(self, save: Save) -> Iterator[Check]:
        with self._parent.saving(save) as check:

            def both() -> None:
                check()
                if self._done >= self._last:
                    save()
                    raise _Reached

            yield both

    @contextmanager
    def progress(self, description: str, total: int | None) -> Iterator[Step]:
        with self._parent.progress(description, total) as step:

            def both(done: int, text: str = "") -> None:
                self._done = done
                step(done, text)

            yield both
