"""A competition: its settings, the stored batches of seeds, and the playing of missing ones."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from quantamm_cli.competition.code import files_of
from quantamm_cli.competition.market import MarketSettings
from quantamm_cli.competition.results import Results
from quantamm_cli.competition.types import Outcome, Points
from quantamm_cli.config.user_files import reporting_user_errors
from quantamm_cli.errors import DivergedError
from quantamm_cli.settings.compete import NORMALISER, Compete
from quantamm_cli.settings.digest import sha256
from quantamm_cli.settings.json_tree import Json
from quantamm_cli.store.competitions import CompetitionPlace
from quantamm_cli.workflows.monitor import Check, Monitor, Step
from quantamm_cli.workflows.runtime import start_jax

BATCH_SEEDS = 500
"""Seeds of a batch: enough to fill the machine, few enough to reach the disk soon."""
_SEED_MULTIPLE = 16
"""With parameter points a batch has a multiple of so many seeds, as the engine's batches have."""


class Competition:
    """A competition and its batches on disk.

    ``points``: parameter points (p,) of some of its strategies; results then have that axis after
    seeds.
    """

    def __init__(self, settings: Compete, monitor: Monitor, points: Points | None = None) -> None:
        self.settings, self.points = settings, points
        self._monitor = monitor
        self._parts: list[dict[str, np.ndarray]] = []
        self.identity = settings.identity() | ({} if points is None else {"points": _plain(points)})
        self.place = CompetitionPlace(Path(settings.runs_dir), sha256(self.identity))
        self.new = 0
        """Number of seeds that this object has played."""

    @contextmanager
    def locked(self, fresh: bool) -> Iterator[None]:
        """Lock the folder and read its batches. ``fresh``: rename it and start over."""
        start_jax()
        with self.place.held(fresh):
            self._parts = self.place.read_batches()
            yield

    def missing(self, wanted: range) -> list[int]:
        """The wanted seeds that are in no batch."""
        played: set[int] = set()
        for part in self._parts:
            played.update(map(int, part["seeds"]))
        return [seed for seed in wanted if seed not in played]

    def results(self, wanted: range) -> Results:
        """Results of the wanted seeds, all of which must have been played."""
        return Results.join(self.settings.names, self._parts, wanted)

    def play(self, wanted: range, description: str = "competing") -> Results:
        """Play the missing seeds batch by batch, and store each batch as soon as it is played."""
        todo = self.missing(wanted)
        if todo and len(todo) < len(wanted):
            self._monitor.note(
                f"{self.place.name[:20]}…: resuming after {len(wanted) - len(todo)} of "
                f"{len(wanted)} seeds"
            )
        if todo:
            for line in MarketSettings.typed(self.settings.market).notes():
                self._monitor.note(line)
            with (
                self._monitor.saving(_interrupted) as check,
                self._monitor.progress(description, len(wanted)) as step,
            ):
                self._play_batches(todo, len(wanted), step, check)
        return self.results(wanted)

    def play_unstored(self, description: str) -> Results:
        """Play all seeds of the settings; stored batches are neither read nor written."""
        wanted, parts = self.settings.seeds, []
        with self._monitor.progress(description, len(wanted)) as step:
            for done, seeds in batches(wanted, self.batch_size):
                parts.append(self._play_batch(seeds, partial(_advance, step, done)))
        return Results.join(self.settings.names, parts, wanted)

    def _play_batches(self, todo: list[int], total: int, step: Step, check: Check) -> None:
        for first, seeds in batches(todo, self.batch_size):
            done = total - len(todo) + first
            step(done)
            part = self._play_batch(seeds, partial(_advance, step, done))
            self.place.write_batch(part)
            self._parts.append(part)
            self.new += len(seeds)
            check()

    @property
    def batch_size(self) -> int:
        """The most seeds of a batch; with parameter points, four times as many lanes."""
        if not self.points:
            return BATCH_SEEDS
        points = len(next(iter(next(iter(self.points.values())).values())))
        return max(_SEED_MULTIPLE, 4 * BATCH_SEEDS // points // _SEED_MULTIPLE * _SEED_MULTIPLE)

    def _play_batch(
        self, seeds: Sequence[int], advance: Callable[[int], None]
    ) -> dict[str, np.ndarray]:
        from quantamm_cli.competition.play import play

        with reporting_user_errors(files_of(self.settings.strategies)):
            outcome = play(self.settings, seeds, self.points, advance)
        part = {"seeds": np.asarray(seeds, np.int64)} | _rows(outcome, self.points is not None)
        if not np.isfinite(part["edge"]).all():  # the batch is not stored
            row, *_, pool = np.argwhere(~np.isfinite(part["edge"]))[0]
            name = (*self.settings.names, NORMALISER)[pool]
            raise DivergedError(
                "compete",
                f"the edge of {name} on seed {seeds[row]} is not finite; qsim compete --replay "
                f"{seeds[row]} shows it",
            )
        return part


def _interrupted() -> str:
    return "stopped; the batches that were played are saved; run the same command to resume"


def _advance(step: Step, done: int, more: int) -> None:
    step(done + more)


def batches(todo: Sequence[int], most: int) -> Iterator[tuple[int, list[int]]]:
    """Batches of at most ``most`` consecutive seeds, with the index of its first in ``todo``."""
    first = 0
    while first < len(todo):
        last = first + 1
        while last < len(todo) and last - first < most and todo[last] == todo[last - 1] + 1:
            last += 1
        yield first, list(todo[first:last])
        first = last


def _rows(outcome: Outcome, with_points: bool) -> dict[str, np.ndarray]:
    """The arrays of an outcome with seeds as first axis, also where parameter points come first."""
    rows = {name: np.asarray(value) for name, value in outcome._asdict().items()}
    if with_points:
        return {name: np.moveaxis(value, 0, 1) for name, value in rows.items()}
    return rows


def _plain(points: Points) -> dict[str, Json]:
    tree: dict[str, Json] = {}
    for place, axes in points.items():
        tree[str(place)] = {name: np.asarray(values).tolist() for name, values in axes.items()}
    return tree
