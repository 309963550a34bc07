"""Many line-ups, each played and stored as a competition."""

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


class Summary(NamedTuple):
    """The result of all line-ups, as JSON and as tables."""

    tree: dict[str, Json]
    tables: list[Table]


class Tournament:
    """The line-ups of a kind: pairs, leave-one-out or copies."""

    def __init__(self, kind: Kind, settings: Compete, monitor: Monitor) -> None:
        self.kind, self.settings = kind, settings
        self.competitions: dict[LineUp, Competition] = {}
        for line_up in line_ups(kind, settings):
            self.competitions[line_up] = Competition(with_line_up(settings, line_up), monitor)

    def named(self) -> dict[str, Json]:
        """The first keys of its JSON."""
        competitions: list[Json] = []
        for line_up, competition in self.competitions.items():
            competitions.append({"strategies": list(line_up), "run": competition.place.name})
        return {
            "tournament": self.kind,
            "configuration": sha256(self.settings.configuration()),
            "seeds": {"first": self.settings.seed, "count": self.settings.simulations},
            "line_ups": competitions,
        }


@dataclass(frozen=True)
class PlannedTournament(Result):
    """The line-ups that would be played; nothing is written."""

    tournament: Tournament

    def to_dict(self) -> dict[str, Json]:
        return self.tournament.named()

    def tables(self) -> Sequence[Table | str]:
        rows = []
        for line_up, competition in self.tournament.competitions.items():
            rows.append([", ".join(line_up), competition.place.name[:20]])
        caption = f"{len(rows)} line-ups in {self.tournament.settings.runs_dir}"
        return [Table.of(caption, ["strategies", "run"], rows)]


@dataclass(frozen=True)
class TournamentResult(Result):
    """The results of every line-up."""

    tournament: Tournament
    results: Mapping[LineUp, Results]
    status: str
    seconds: dict[str, float]

    def to_dict(self) -> dict[str, Json]:
        return {
            **self.tournament.named(),
            **self._summary.tree,
            "status": self.status,
            "seconds": self.seconds,
        }

    def tables(self) -> Sequence[Table | str]:
        return self._summary.tables

    @cached_property
    def _summary(self) -> Summary:
        return _SUMMARIES[self.tournament.kind](self.results)


def run_tournament(
    tournament: Tournament, fresh: bool, watch: Watch | None = None
) -> TournamentResult:
    """Play every line-up."""
    watch, seeds = watch or Watch(), tournament.settings.seeds
    results, status = {}, "reused"
    watch.lap("start")
    for number, (line_up, competition) in enumerate(tournament.competitions.items(), 1):
        with competition.locked(fresh):
            description = f"line-up {number} of {len(tournament.competitions)}"
            results[line_up] = competition.play(seeds, description)
            if competition.new:
                status = "new"
    watch.lap("play")
    return TournamentResult(tournament, results, status, watch.seconds)


def _summary_of_pairs(results: Mapping[LineUp, Results]) -> Summary:
    meetings = pairs(results)
    heads: list[Column] = [
        "first",
        "second",
        ("gap", "+.2f"),
        "95 % interval",
        ("first wins", ".0%"),
        "",
    ]
    records: list[Json] = []
    rows = []
    for one in meetings:
        interval, winner = between_text(one.gap.record), _winner(one.gap, one.first, one.second)
        records.append(one._asdict() | {"gap": one.gap._asdict()})
        rows.append([one.first, one.second, one.gap.mean, interval, one.wins, winner])
    total = points(meetings)
    scores = Table.of(
        "a point for each decided pair won, half a point for each undecided pair",
        ["strategy", ("points", ".1f")],
        list(total.items()),
    )
    gaps = Table.of("every pair alone with the normaliser; gap in Y a seed", heads, rows)
    return Summary({"meetings": records, "points": total}, [gaps, scores])


def _summary_of_absences(results: Mapping[LineUp, Results]) -> Summary:
    gains = absences(results)
    heads: list[Column] = ["without", "strategy", ("gains", "+.2f"), "95 % interval"]
    rows = [[one.absent, one.name, one.gain.mean, between_text(one.gain.record)] for one in gains]
    records: list[Json] = [one._asdict() | {"gain": one.gain._asdict()} for one in gains]
    table = Table.of("gain of each strategy when another is absent, in Y a seed", heads, rows)
    return Summary({"absences": records}, [table])


def _summary_of_copies(results: Mapping[LineUp, Results]) -> Summary:
    crowded = crowds(results)
    heads: list[Column] = [
        "strategy",
        "copies",
        ("edge of one", ".2f"),
        ("± s.e.", ".2f"),
        ("edge/capital", ".2f"),
    ]
    records: list[Json] = []
    rows = []
    for one in crowded:
        records.append(one._asdict() | {"edge": one.edge._asdict()})
        rows.append([one.name, one.copies, one.edge.mean, one.edge.error, one.edge_per_capital])
    caption = "each strategy among copies of itself; edge in Y a seed, edge/capital in bps"
    return Summary({"crowds": records}, [Table.of(caption, heads, rows)])


def _winner(gap: Estimate, first: str, second: str) -> str:
    return {1: f"{first} wins", -1: f"{second} wins", 0: "not decided"}[gap.sign]


_SUMMARIES: dict[Kind, Callable[[Mapping[LineUp, Results]], Summary]] = {
    "pairs": _summary_of_pairs,
    "leave-one-out": _summary_of_absences,
    "copies": _summary_of_copies,
}
