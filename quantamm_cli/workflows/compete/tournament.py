"""Many line-ups, each a competition of its own that is kept and goes on like any other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from quantamm_cli.competition.results import Results
from quantamm_cli.competition.statistics import Estimate
from quantamm_cli.competition.tournament import (
    Kind,
    LineUp,
    absences,
    crowds,
    line_ups,
    pairs,
    points,
    with_line_up,
)
from quantamm_cli.reporting.standings import between_text
from quantamm_cli.reporting.table import Column, Table
from quantamm_cli.settings.compete import Compete
from quantamm_cli.settings.digest import sha256
from quantamm_cli.settings.json_tree import Json
from quantamm_cli.workflows.compete.competition import Competition
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.results import Result, Watch


class Together(NamedTuple):
    """What the line-ups come to together: as JSON has it, and as tables."""

    tree: dict[str, Json]
    tables: list[Table]


class Tournament:
    """The line-ups of a kind: pairs, leave-one-out or copies."""

    def __init__(self, kind: Kind, settings: Compete, monitor: Monitor) -> None:
        self.kind, self.settings = kind, settings
        self.competitions = {
            line_up: Competition(with_line_up(settings, line_up), monitor)
            for line_up in line_ups(kind, settings)
        }

    def named(self) -> dict[str, Json]:
        """What its JSON begins with."""
        return {
            "tournament": self.kind,
            "configuration": sha256(self.settings.configuration()),
            "seeds": {"first": self.settings.seed, "count": self.settings.simulations},
            "line_ups": [
                {"strategies": list(each), "run": competition.place.name}
                for each, competition in self.competitions.items()
            ],
        }


@dataclass(frozen=True)
class PlannedTournament(Result):
    """What would be played; nothing is touched."""

    tournament: Tournament

    def to_dict(self) -> dict[str, Json]:
        return self.tournament.named()

    def tables(self) -> Sequence[Table | str]:
        rows = [
            [", ".join(line_up), competition.place.name[:20]]
            for line_up, competition in self.tournament.competitions.items()
        ]
        return [
            Table.of(
                f"{len(rows)} line-ups in {self.tournament.settings.runs_dir}",
                ["strategies", "run"],
                rows,
            )
        ]


@dataclass(frozen=True)
class TournamentResult(Result):
    """What every line-up came to."""

    tournament: Tournament
    results: Mapping[LineUp, Results]
    status: str
    seconds: dict[str, float]

    def to_dict(self) -> dict[str, Json]:
        return (
            self.tournament.named()
            | self._together.tree
            | {"status": self.status, "seconds": self.seconds}
        )

    def tables(self) -> Sequence[Table | str]:
        return self._together.tables

    @cached_property
    def _together(self) -> Together:
        return _TOGETHER[self.tournament.kind](self.results)


def played(tournament: Tournament, fresh: bool, watch: Watch | None = None) -> TournamentResult:
    """Play every line-up."""
    watch, found = watch or Watch(), {}
    watch.lap("start")
    for number, (line_up, competition) in enumerate(tournament.competitions.items(), 1):
        with competition.held(fresh):
            found[line_up] = competition.play(
                tournament.settings.seeds, f"line-up {number} of {len(tournament.competitions)}"
            )
    watch.lap("play")
    status = (
        "new"
        if any(competition.new for competition in tournament.competitions.values())
        else "reused"
    )
    return TournamentResult(tournament, found, status, watch.seconds)


def _pairs(found: Mapping[LineUp, Results]) -> Together:
    meetings = pairs(found)
    heads: list[Column] = [
        "first",
        "second",
        ("gap", "+.2f"),
        "95 % interval",
        ("first wins", ".0%"),
        "",
    ]
    rows = [
        [
            one.first,
            one.second,
            one.gap.mean,
            between_text(one.gap.record),
            one.wins,
            _won(one.gap, one.first, one.second),
        ]
        for one in meetings
    ]
    total = points(meetings)
    tree: dict[str, Json] = {
        "meetings": [one._asdict() | {"gap": one.gap._asdict()} for one in meetings],
        "points": total,
    }
    scored = Table.of(
        "a point for each pair surely won, half for each not decided",
        ["strategy", ("points", ".1f")],
        list(total.items()),
    )
    return Together(
        tree,
        [Table.of("every pair alone with the normaliser; gap in Y a seed", heads, rows), scored],
    )


def _absences(found: Mapping[LineUp, Results]) -> Together:
    gains = absences(found)
    heads: list[Column] = ["without", "strategy", ("gains", "+.2f"), "95 % interval"]
    rows = [[one.absent, one.name, one.gain.mean, between_text(one.gain.record)] for one in gains]
    tree: dict[str, Json] = {
        "absences": [one._asdict() | {"gain": one.gain._asdict()} for one in gains]
    }
    return Together(
        tree, [Table.of("what each gains when another stays away, in Y a seed", heads, rows)]
    )


def _crowds(found: Mapping[LineUp, Results]) -> Together:
    crowded = crowds(found)
    heads: list[Column] = [
        "strategy",
        "copies",
        ("edge of one", ".2f"),
        ("± s.e.", ".2f"),
        ("edge/capital", ".2f"),
    ]
    rows = [
        [one.name, one.copies, one.edge.mean, one.edge.error, one.edge_per_capital]
        for one in crowded
    ]
    tree: dict[str, Json] = {
        "crowds": [one._asdict() | {"edge": one.edge._asdict()} for one in crowded]
    }
    return Together(
        tree,
        [
            Table.of(
                "each among copies of itself; edge in Y a seed, edge/capital in bps", heads, rows
            )
        ],
    )


def _won(gap: Estimate, first: str, second: str) -> str:
    return {1: f"{first} wins", -1: f"{second} wins", 0: "not decided"}[gap.sign]


_TOGETHER: dict[Kind, Callable[[Mapping[LineUp, Results]], Together]] = {
    "pairs": _pairs,
    "leave-one-out": _absences,
    "copies": _crowds,
}
