"""A competition: play its seeds, score them, and write the result with a receipt."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from quantamm_cli.competition.documents import CompetitionScores, Solver
from quantamm_cli.competition.receipts import receipt
from quantamm_cli.competition.results import Results, Standing, standings
from quantamm_cli.competition.statistics import Gap, leading_gap
from quantamm_cli.errors import ArgumentError
from quantamm_cli.reporting.standings import breaches, competition_parts, gap_text
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.compete import Compete
from quantamm_cli.settings.digest import plain, sha256
from quantamm_cli.settings.json_tree import Json, finite
from quantamm_cli.workflows.compete.competition import Competition
from quantamm_cli.workflows.compete.scores import epochs, gap_record, solver, standing_rows
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.results import Result, Watch

MINIMUM_SEEDS = 200
"""Seeds that ``until_decided`` plays before its first look: its interval holds for many seeds."""


@dataclass(frozen=True)
class PlannedCompetition(Result):
    """The competition that would be played; nothing is written."""

    competition: Competition

    def to_dict(self) -> dict[str, Json]:
        settings, place = self.competition.settings, self.competition.place
        return {
            "run": place.name,
            "fingerprint": place.fingerprint,
            "configuration": sha256(settings.configuration()),
            "settings": self.competition.identity,
            "seeds": {"first": settings.seed, "count": settings.simulations},
            "files": {"scores": str(place.scores)},
        }

    def tables(self) -> Sequence[Table | str]:
        folder, rows = self.competition.place.folder, []
        for entry in self.competition.settings.strategies:
            settings = (f"{key}={value}" for key, value in plain(entry.strategy).items())
            rows.append([entry.name, " ".join(settings)])
        mark = " (exists)" * folder.exists()
        return [Table.of(f"{folder}{mark}", ["strategy", "settings"], rows)]


@dataclass(frozen=True)
class CompetitionResult(Result):
    """The standings of the played seeds."""

    competition: Competition
    results: Results
    standings: tuple[Standing, ...]
    """The strategies in their order, then the normaliser."""
    gap: Gap | None
    """Between leader and runner-up; ``None``: fewer than two strategies are valid."""
    status: str
    """``new``, ``resumed`` or ``reused``."""
    seconds: dict[str, float]
    files: dict[str, str]

    @cached_property
    def scores(self) -> CompetitionScores:
        """The scores file, without digests."""
        settings, place = self.competition.settings, self.competition.place
        scores: CompetitionScores = {
            "run": place.name,
            "fingerprint": place.fingerprint,
            "configuration": sha256(settings.configuration()),
            "seeds": {"first": settings.seed, "count": len(self.results.seeds)},
            "steps": settings.steps,
            "reference": settings.names[settings.against],
            "standings": standing_rows(self.standings),
            "epochs": epochs(self.results),
            "solver": solver(self.results),
        }
        if self.gap is not None:
            scores["gap"] = gap_record(self.gap, self.results.names)
        return scores

    def to_dict(self) -> dict[str, Json]:
        return {
            **finite(self.scores),
            **self.competition.data(),
            "status": self.status,
            "seconds": self.seconds,
            "files": self.files,
        }

    def tables(self) -> Sequence[Table | str]:
        return competition_parts(self.scores)


def compete(
    settings: Compete,
    until_decided: bool = False,
    fresh: bool = False,
    monitor: Monitor | None = None,
    watch: Watch | None = None,
) -> CompetitionResult:
    """Play the missing seeds, score all, and write the result.

    ``until_decided``: play more seeds, up to ``most_simulations``, until the leader's gap is
    decided.
    """
    monitor, watch = monitor or Monitor(), watch or Watch()
    check_decidable(settings, until_decided)
    competition = Competition(settings, monitor)
    watch.lap("start")
    with competition.locked(fresh):
        before = len(settings.seeds) - len(competition.missing(settings.seeds))
        if until_decided:
            results = _play_until_decided(competition, monitor)
        else:
            results = competition.play(settings.seeds)
        watch.lap("play")
        return _assess(competition, results, before, watch, monitor)


def check_decidable(settings: Compete, until_decided: bool) -> None:
    """Raise ArgumentError if there is no other strategy to decide between."""
    if until_decided and len(settings.names) < 2:
        raise ArgumentError(
            "until_decided", "compares strategies; give at least two in strategies=[...]"
        )


def play_status(competition: Competition, before: int) -> str:
    """``new``, ``resumed`` or ``reused``; ``before``: how many wanted seeds were stored before."""
    if not competition.new:
        return "reused"
    return "resumed" if before else "new"


def _assess(
    competition: Competition, results: Results, before: int, watch: Watch, monitor: Monitor
) -> CompetitionResult:
    settings = competition.settings
    epochs = settings.epoch.length is not None and settings.compat is None
    rows = tuple(standings(results, settings.against, epochs))
    status = play_status(competition, before)
    files: dict[str, str] = {}
    result = CompetitionResult(
        competition, results, rows, gap_of(competition, results), status, watch.seconds, files
    )
    scores = result.scores
    for entry in settings.strategies:
        if entry.file is not None and entry.source is not None:
            competition.place.keep_source(Path(entry.file), entry.source)
    files |= competition.place.write(
        scores, results.table(), receipt(settings, results, scores["standings"])
    )
    watch.lap("judge")
    for line in breaches(scores):
        monitor.warn(line)
    _warn(scores["solver"], monitor)
    return result


def _play_until_decided(competition: Competition, monitor: Monitor) -> Results:
    """Play half as many seeds again each time, until the gap is decided."""
    settings = competition.settings
    most = max(settings.most_simulations, settings.simulations)
    count = min(max(settings.simulations, MINIMUM_SEEDS), most)
    while True:
        results = competition.play(range(settings.seed, settings.seed + count))
        gap = gap_of(competition, results)
        if gap is None or gap.decided or count >= most:
            break
        monitor.note(f"{count} seeds: {gap_text(gap_record(gap, results.names))}")
        count = min(most, count + max(competition.batch_size, count // 2))
    if gap is not None and not gap.decided:
        monitor.warn(f"not decided by {count} seeds; most_simulations={2 * count} plays more")
    return results


def gap_of(competition: Competition, results: Results) -> Gap | None:
    """The leader's gap among the valid strategies; its numbers are places in the line-up."""
    places = results.valid.nonzero()[0]
    gap = leading_gap(results.outcome.edge[:, places], competition.settings.simulations)
    if gap is None:
        return None
    return gap._replace(leader=int(places[gap.leader]), runner_up=int(places[gap.runner_up]))


def _warn(solver: Solver, monitor: Monitor) -> None:
    if solver["worse"]:
        share = solver["worse"] / max(solver["checked"], 1)
        monitor.warn(
            f"{solver['worse']:,} of {solver['checked']:,} split orders ({share:.2%}) would have "
            "paid more if split otherwise"
        )
