"""One seed step by step, as JSON and as one page."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from quantamm_cli.competition import replay as played
from quantamm_cli.competition.replay import Fill, Replay
from quantamm_cli.config.entrants import blamed
from quantamm_cli.errors import ArgumentError
from quantamm_cli.reporting.replay import replay_page
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.compete import Compete
from quantamm_cli.store.competitions import CompetitionPlace
from quantamm_cli.store.encode import finite, render
from quantamm_cli.store.files import write_files
from quantamm_cli.workflows.results import Result, Watch
from quantamm_cli.workflows.runtime import start_jax


@dataclass(frozen=True)
class Asked:
    """A seed and its steps from ``first`` to ``last``, both counted from 0, both included."""

    seed: int
    first: int
    last: int


@dataclass(frozen=True)
class ReplayPlace(Result):
    """Which steps of which seed, and where they are written; nothing is touched."""

    settings: Compete
    asked: Asked

    def __post_init__(self) -> None:
        if self.settings.compat is not None:
            raise ArgumentError("replay", "does not go with compat=challenge; market=challenge replays its streams with exact routing")
        if not 0 <= self.asked.first <= self.asked.last < self.settings.steps:
            said = f"steps {self.asked.first} to {self.asked.last} are not within 0 to {self.settings.steps - 1}"
            raise ArgumentError("replay", said)

    @property
    def place(self) -> CompetitionPlace:
        """The folder of the competition."""
        return CompetitionPlace(Path(self.settings.runs_dir), self.settings.fingerprint)

    @property
    def name(self) -> str:
        """Of both files, without ending."""
        return f"replay_{self.asked.seed}_{self.asked.first}_{self.asked.last}"

    @property
    def files(self) -> dict[str, str]:
        """Paths by name."""
        return {"json": str(self.place.folder / f"{self.name}.json"), "page": str(self.place.folder / f"{self.name}.html")}

    def named(self) -> dict[str, Any]:
        """What its JSON begins with."""
        return {"run": self.place.name, "seed": self.asked.seed, "steps": [self.asked.first, self.asked.last]}

    def to_dict(self) -> dict[str, Any]:
        return self.named() | {"files": self.files}

    def tables(self) -> Sequence[Table | str]:
        return [self.files["page"]]


@dataclass(frozen=True)
class ReplayResult(Result):
    """What happened at each step."""

    place: ReplayPlace
    replay: Replay
    seconds: dict[str, float]

    @property
    def fills(self) -> dict[str, list[Fill]]:
        """By pool."""
        return {name: [fill for fill in self.replay.fills if fill.pool == name] for name in self.replay.names}

    def to_dict(self) -> dict[str, Any]:
        pools = {pool: {"fills": len(each), "edge": sum(fill.edge for fill in each)} for pool, each in self.fills.items()}
        return self.place.named() | {"pools": pools, "seconds": self.seconds, "files": self.place.files}

    def tables(self) -> Sequence[Table | str]:
        asked, price = self.place.asked, self.replay.price
        rows = [[pool, len(each), sum(fill.edge for fill in each)] for pool, each in self.fills.items()]
        title = f"seed {asked.seed}, steps {asked.first} to {asked.last}: fair price {price[0]:.4f} to {price[-1]:.4f}"
        return [Table.of(title, ["pool", "fills", ("edge", ".4f")], rows), self.place.files["page"]]


def replay(place: ReplayPlace, watch: Watch | None = None) -> ReplayResult:
    """Play the seed and write both files."""
    watch, asked = watch or Watch(), place.asked
    start_jax()
    watch.lap("start")
    with blamed(str(Path(entry.file).resolve()) for entry in place.settings.strategies if entry.file):
        found = played.replay(place.settings, asked.seed, asked.first, asked.last)
    watch.lap("play")
    told = finite(_told(found))
    page = replay_page(told).encode("utf-8")
    write_files(place.place.folder, {f"{place.name}.json": (render(told) + "\n").encode("utf-8"), f"{place.name}.html": page})
    watch.lap("write")
    return ReplayResult(place, found, watch.seconds)


def _told(found: Replay) -> dict[str, Any]:
    pools: dict[str, Any] = {}
    for place, name in enumerate(found.names):
        columns = {"bid": found.bid, "ask": found.ask, "edge": found.edge}
        pool: dict[str, Any] = {key: values[:, place] for key, values in columns.items()}
        pool |= {"reserve_x": found.reserves[:, place, 0], "reserve_y": found.reserves[:, place, 1]}
        if place < len(found.states):
            pool |= {"capital_share": found.weight[:, place]}
            pool |= {"state": {key: np.asarray(value) for key, value in found.states[place].items()}} if found.states[place] else {}
        pools[name] = pool
    steps = [found.steps[0], found.steps[-1]]
    fills = [fill._asdict() for fill in found.fills]
    return {"seed": found.seed, "steps": steps, "price": found.price, "pools": pools, "fills": fills}
