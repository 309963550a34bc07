"""A competition of one command: its settings, the batches of seeds that are there, and those still to be played."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from quantamm_cli.cli.console import Console
from quantamm_cli.cli.options import Options
from quantamm_cli.cli.progress import Bar
from quantamm_cli.cli.signals import Stop
from quantamm_cli.competition.results import Results
from quantamm_cli.competition.types import Outcome, Points
from quantamm_cli.config.components import load_strategies
from quantamm_cli.config.entrants import blamed, entries
from quantamm_cli.config.loader import Loader
from quantamm_cli.errors import ConfigError, DivergedError
from quantamm_cli.settings.compete import NORMALISER, Compete
from quantamm_cli.settings.component import component
from quantamm_cli.settings.decode import decode
from quantamm_cli.settings.digest import sha256
from quantamm_cli.store.competitions import CompetitionPlace
from quantamm_cli.workflows.runtime import start_jax

LANES = 500
"""Seeds of a batch: enough to fill the machine, few enough to be soon on the disk."""
_EVEN = 16
"""With parameter points, of which there are four times as many lanes, seeds are a multiple of this, as the engine's are."""


def read(tree: Mapping[str, Any], options: Options) -> Compete:
    """Typed settings of a composed tree. Raises ConfigError: one line for the first thing wrong."""
    from quantamm_cli.config.compose import Composer

    plugins = tree.get("plugins") or []
    if not isinstance(plugins, list) or not all(isinstance(name, str) for name in plugins):
        raise ConfigError("plugins", f"{plugins!r} is not a list of files")
    load_strategies(tuple(plugins))
    loader = Composer("compete", (), options.config_dir).loader
    line_up = entries(tree["strategies"], tree["strategy"], loader)
    if tree.get("compat") == "challenge":
        tree = {**tree, "market": _original(tree["market"], options, loader)}
    rest = {key: value for key, value in tree.items() if key not in ("strategies", "strategy", "data")}
    market = supplied(tree["market"], tree["data"], loader)
    return decode(Compete, rest | {"strategies": line_up, "market": market})


def supplied(market: dict[str, Any], data: dict[str, Any], loader: Loader) -> dict[str, Any]:
    """The market with ``data``, the source of prices, where it takes one. Raises ConfigError if it does not and one was chosen."""
    if "data" in component("market", market["kind"]).model_fields:
        return market | {"data": decode(component("data", data["kind"]), data, "data")}
    if data != loader.tree_of("data/synthetic"):
        raise ConfigError(
            f"data={data['kind']}", f"market={market['kind']} draws its prices; add market=history, which takes them from data"
        )
    return market


def _original(market: dict[str, Any], options: Options, loader: Loader) -> dict[str, Any]:
    """The original's streams, unless the command line chose others: those are an error."""
    chosen = any(word.lstrip("+").startswith(("market=", "market.")) for word in options.overrides)
    if market.get("kind") == "challenge":
        return market
    if chosen:
        raise ConfigError("compat", f"challenge plays the original's streams, not market={market.get('kind')}; write market=challenge")
    return loader.tree_of("market/challenge")


class Competition:
    """Its batches on the disk. ``points``: parameter points (p,) of some of its strategies; results then have that axis after seeds."""

    def __init__(self, settings: Compete, console: Console, points: Points | None = None) -> None:
        self.settings, self.points = settings, points
        self._console = console
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
            self._parts = self.place.kept()
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
            self._console.note(f"{self.place.name[:20]}…: going on after {len(wanted) - len(todo)} of {len(wanted)} seeds")
        if todo:
            for line in self.settings.market.told():  # type: ignore[attr-defined]
                self._console.note(line)
            with Stop(self._kept, self._console.stopped) as stop, self._console.progress(len(wanted), said) as bar:
                self._batches(todo, len(wanted), bar, stop)
        return self.results(wanted)

    def afresh(self, said: str) -> Results:
        """The seeds of the settings played without a look at what is kept, and not kept."""
        wanted, parts = self.settings.seeds, []
        with self._console.progress(len(wanted), said) as bar:
            for (first, _), seeds in batches(wanted, self.at_once):
                parts.append(self._one(seeds, partial(_further, bar, first)))
        return Results.joined(self.settings.names, parts, wanted)

    def _batches(self, todo: list[int], of: int, bar: Bar, stop: Stop) -> None:
        for seeds in batches(todo, self.at_once):
            done = of - len(todo) + seeds[0][0]
            bar.update(done)
            part = self._one(seeds[1], partial(_further, bar, done))
            self.place.keep(part)
            self._parts.append(part)
            self.new += len(seeds[1])
            if stop.asked:
                raise stop.interrupted()

    @property
    def at_once(self) -> int:
        """Seeds of a batch."""
        if not self.points:
            return LANES
        points = len(next(iter(next(iter(self.points.values())).values())))
        return max(_EVEN, 4 * LANES // points // _EVEN * _EVEN)

    def _one(self, seeds: Sequence[int], told: Callable[[int], None]) -> dict[str, np.ndarray]:
        from quantamm_cli.competition.play import play

        with blamed(str(Path(entry.file).resolve()) for entry in self.settings.strategies if entry.file):
            outcome = play(self.settings, seeds, self.points, told)
        part = {"seeds": np.asarray(seeds, np.int64)} | _rows(outcome, self.points is not None)
        if not np.isfinite(part["edge"]).all():  # and nothing of it is kept
            row, *_, pool = np.argwhere(~np.isfinite(part["edge"]))[0]
            name = (*self.settings.names, NORMALISER)[pool]
            raise DivergedError(
                "compete", f"the edge of {name} on seed {seeds[row]} is not finite; qsim compete --replay {seeds[row]} shows it"
            )
        return part

    def _kept(self) -> str:
        return "stopped; what is played is kept, and the same command goes on with it"


def _further(bar: Bar, done: int, more: int) -> None:
    bar.update(done + more)


def batches(todo: Sequence[int], most: int) -> Iterator[tuple[tuple[int, int], list[int]]]:
    """Seeds in runs without a gap, ``most`` at a time, with the places in ``todo`` that each takes."""
    first = 0
    while first < len(todo):
        last = first + 1
        while last < len(todo) and last - first < most and todo[last] == todo[last - 1] + 1:
            last += 1
        yield (first, last), list(todo[first:last])
        first = last


def _rows(outcome: Outcome, with_points: bool) -> dict[str, np.ndarray]:
    """The arrays of an outcome, seeds first. The solver's checks are of all points together."""
    return {name: np.moveaxis(value, 0, 1) if with_points else np.asarray(value) for name, value in outcome._asdict().items()}


def _plain(points: Points) -> dict[str, Any]:
    return {str(place): {name: np.asarray(values).tolist() for name, values in axes.items()} for place, axes in points.items()}
