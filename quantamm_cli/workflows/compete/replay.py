"""One seed step by step, as JSON and as one page."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NotRequired, TypedDict

from quantamm_cli.competition import replay as played
from quantamm_cli.competition.code import files_of
from quantamm_cli.competition.replay_record import Replay
from quantamm_cli.competition.statistics import Numbers
from quantamm_cli.config.user_files import reporting_user_errors
from quantamm_cli.errors import ArgumentError
from quantamm_cli.reporting.replay import pools_table, replay_page
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.compete import Compete
from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.store.competitions import CompetitionPlace
from quantamm_cli.store.encode import finite, render
from quantamm_cli.store.files import write_files
from quantamm_cli.workflows.plots import check, images
from quantamm_cli.workflows.results import Result, Watch
from quantamm_cli.workflows.runtime import start_jax


@dataclass(frozen=True)
class ReplayRequest:
    """A seed and its steps from ``first`` to ``last``, both counted from 0, both included."""

    seed: int
    first: int
    last: int


@dataclass(frozen=True)
class ReplayPlace(Result):
    """The steps to replay, and their files; nothing is written."""

    settings: Compete
    request: ReplayRequest

    def __post_init__(self) -> None:
        if self.settings.compat is not None:
            raise ArgumentError(
                "replay",
                "cannot be combined with compat=challenge; "
                "market=challenge replays its streams with exact routing",
            )
        first, last, steps = self.request.first, self.request.last, self.settings.steps
        if not 0 <= first <= last < steps:
            raise ArgumentError(
                "replay", f"steps {first} to {last} are not within 0 to {steps - 1}"
            )

    @property
    def place(self) -> CompetitionPlace:
        """The folder of the competition."""
        return CompetitionPlace(Path(self.settings.runs_dir), self.settings.fingerprint)

    @property
    def name(self) -> str:
        """The name of both files, without suffix."""
        return f"replay_{self.request.seed}_{self.request.first}_{self.request.last}"

    @property
    def files(self) -> dict[str, str]:
        """Paths by name."""
        return {
            "json": str(self.place.folder / f"{self.name}.json"),
            "page": str(self.place.folder / f"{self.name}.html"),
        }

    def named(self) -> dict[str, Json]:
        """The first keys of its JSON."""
        return {
            "run": self.place.name,
            "seed": self.request.seed,
            "steps": [self.request.first, self.request.last],
        }

    def to_dict(self) -> dict[str, Json]:
        return self.named() | {"files": self.files}

    def tables(self) -> Sequence[Table | str]:
        return [self.files["page"]]


@dataclass(frozen=True)
class ReplayResult(Result):
    """What happened at each step, as files and a table."""

    place: ReplayPlace
    replay: Replay
    seconds: dict[str, float]

    def to_dict(self) -> dict[str, Json]:
        pools: dict[str, Json] = {}
        for name, fills in self.replay.by_pool.items():
            pools[name] = {"fills": len(fills), "edge": sum(fill.edge for fill in fills)}
        return self.place.named() | {
            "pools": pools,
            "seconds": self.seconds,
            "files": self.place.files,
        }

    def tables(self) -> Sequence[Table | str]:
        return [pools_table(self.replay), self.place.files["page"]]


def replay(place: ReplayPlace, watch: Watch | None = None) -> ReplayResult:
    """Play the seed and write its JSON and its page."""
    check()
    watch, request = watch or Watch(), place.request
    start_jax()
    watch.lap("start")
    with reporting_user_errors(files_of(place.settings.strategies)):
        result = played.replay(place.settings, request.seed, request.first, request.last)
    watch.lap("play")
    text = render(finite(_document(result))) + "\n"
    page = replay_page(result, images("replay", result))
    files = {f"{place.name}.json": text.encode("utf-8"), f"{place.name}.html": page.encode("utf-8")}
    write_files(place.place.folder, files)
    watch.lap("write")
    return ReplayResult(place, result, watch.seconds)


class _Pool(TypedDict):
    """Columns of a pool, one row for each step."""

    bid: Numbers
    ask: Numbers
    edge: Numbers
    reserve_x: Numbers
    reserve_y: Numbers
    capital_share: NotRequired[Numbers]
    state: NotRequired[dict[str, Numbers]]


class _Document(TypedDict):
    """The JSON file of a replay."""

    seed: int
    steps: list[int]
    price: Numbers
    pools: dict[str, _Pool]
    fills: list[JsonObject]


def _document(replay: Replay) -> _Document:
    return {
        "seed": replay.seed,
        "steps": [replay.steps[0], replay.steps[-1]],
        "price": replay.price,
        "pools": {name: _pool(replay, place) for place, name in enumerate(replay.names)},
        "fills": [fill._asdict() for fill in replay.fills],
    }


def _pool(replay: Replay, place: int) -> _Pool:
    pool: _Pool = {
        "bid": replay.bid[:, place],
        "ask": replay.ask[:, place],
        "edge": replay.edge[:, place],
        "reserve_x": replay.reserves[:, place, 0],
        "reserve_y": replay.reserves[:, place, 1],
    }
    if place < len(replay.states):
        pool["capital_share"] = replay.weight[:, place]
        if replay.states[place]:
            pool["state"] = replay.states[place]
    return pool
