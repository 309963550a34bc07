"""A competition: its settings, the batches of seeds that are there,
and those still to be played.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from quantamm_cli.competition.code import files_of
from quantamm_cli.competition.market import MarketSettings
from quantamm_cli.competition.results import Results
from quantamm_cli.competition.types import Outcome, Points
from quantamm_cli.config.user_files import blamed
from quantamm_cli.errors import DivergedError
from quantamm_cli.settings.compete import NORMALISER, Compete
from quantamm_cli.settings.digest import sha256
from quantamm_cli.settings.json_tree import Json
from quantamm_cli.store.competitions import CompetitionPlace
from quantamm_cli.workflows.monitor import Check, Monitor, Step
from quantamm_cli.workflows.runtime import start_jax

LANES = 500
"""Seeds of a batch: enough to fill the machine, few enough to be soon on the disk."""
_EVEN = 16
"""With parameter points, of which there are four times as many lanes,
seeds are a multiple of this, as the engine's are.
"""


class Competition:
    """Its batches on the disk. ``points``: parameter points (p,) of some of its strategies; results
    then have that axis after seeds.
    """

    def __init__(self, settings: Compete, monitor: Monitor, points: Points | None = None) -> None:
        self.settings, self.points = settings, points
        self._monitor = monitor
        self._parts: list[dict[str, np.ndarray]] = []
        self.identity = settings.identity() | ({} if points is None else {"points": _plain(points)})
        self.place = CompetitionPlace(Path(settings.runs_dir), sha256(self.identity))
        self.new = 0
        """Seeds this command has played."""

    @contextmanager
    def held(self, fresh: bool) -> Iterator[None]:
        """The folder, locked, and what is in it."""
        start_jax()
        with self.place.held(fresh):
            self._parts = self.place.read_batches()
            yield

    def missing(self, wanted: range) -> list[int]:
        """Seeds that no batch holds."""
        there = {int(seed) for part in self._parts for seed in part["seeds"]}
        return [seed for seed in wanted if seed not in there]

    def results(self, wanted: range) -> Results:
        """The wanted seeds, all of them played."""
        return Results.joined(self.settings.names, self._parts, wanted)

    def play(self, wanted: range, said: str = "competing") -> Results:
        """Plays what is missing, batch by batch, each kept as soon as it is there."""
        todo = self.missing(wanted)
        if todo and len(todo) < len(wanted):
            self._monitor.note(
                f"{self.place.name[:20]}…: going on after {len(wanted) - len(todo)} of "
                f"{len(wanted)} seeds"
            )
        if todo:
            for line in MarketSettings.typed(self.settings.market).told():
                self._monitor.note(line)
            with (
                self._monitor.saving(self._kept) as check,
                self._monitor.progress(said, len(wanted)) as step,
            ):
                self._batches(todo, len(wanted), step, check)
        return self.results(wanted)

    def afresh(self, said: str) -> Results:
        """The seeds of the settings played without a look at what is kept, and not kept."""
        wanted, parts = self.settings.seeds, []
        with self._monitor.progress(said, len(wanted)) as step:
            for (first, _), seeds in batches(wanted, self.at_once):
                parts.append(self._one(seeds, partial(_further, step, first)))
        return Results.joined(self.settings.names, parts, wanted)

    def _batches(self, todo: list[int], of: int, step: Step, check: Check) -> None:
        for seeds in batches(todo, self.at_once):
            done = of - len(todo) + seeds[0][0]
            step(done)
            part = self._one(seeds[1], partial(_further, step, done))
            self.place.write_batch(part)
            self._parts.append(part)
            self.new += len(seeds[1])
            check()

    @property
    def at_once(self) -> int:
        """Seeds of a batch."""
        if not self.points:
            return LANES
        points = len(next(iter(next(iter(self.points.values())).values())))
        return max(_EVEN, 4 * LANES // points // _EVEN * _EVEN)

    def _one(self, seeds: Sequence[int], told: Callable[[int], None]) -> dict[str, np.ndarray]:
        from quantamm_cli.competition.play import play

        with blamed(files_of(self.settings.strategies)):
            outcome = play(self.settings, seeds, self.points, told)
        part = {"seeds": np.asarray(seeds, np.int64)} | _rows(outcome, self.points is not None)
        if not np.isfinite(part["edge"]).all():  # and nothing of it is kept
            row, *_, pool = np.argwhere(~np.isfinite(part["edge"]))[0]
            name = (*self.settings.names, NORMALISER)[pool]
            raise DivergedError(
                "compete",
                f"the edge of {name} on seed {seeds[row]} is not finite; qsim compete --replay "
                f"{seeds[row]} shows it",
            )
        return part

    def _kept(self) -> str:
        return "stopped; what is played is kept, and the same command goes on with it"


def _further(step: Step, done: int, more: int) -> None:
    step(done + more)


def batches(todo: Sequence[int], most: int) -> Iterator[tuple[tuple[int, int], list[int]]]:
    """Seeds in runs without a gap, ``most`` at a time, with the places in
    ``todo`` that each takes.
    """
    first = 0
    while first < len(todo):
        last = first + 1
        while last < len(todo) and last - first < most and todo[last] == todo[last - 1] + 1:
            last += 1
        yield (first, last), list(todo[first:last])
        first = last


def _rows(outcome: Outcome, with_points: bool) -> dict[str, np.ndarray]:
    """The arrays of an outcome, seeds first. The solver's checks are of all points together."""
    return {
        name: np.moveaxis(value, 0, 1) if with_points else np.asarray(value)
        for name, value in outcome._asdict().items()
    }


def _plain(points: Points) -> dict[str, Json]:
    return {
        str(place): {name: np.asarray(values).tolist() for name, values in axes.items()}
        for place, axes in points.items()
    }
