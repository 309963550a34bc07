"""What the played seeds of a competition come to: judged, and written with a receipt."""

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

LEAST = 200
"""Seeds that ``until_decided`` plays before it looks: its interval is right for many."""


@dataclass(frozen=True)
class PlannedCompetition(Result):
    """What would be played, and where; nothing is touched."""

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
        place = self.competition.place
        entries = self.competition.settings.strategies
        rows = [
            [entry.name, " ".join(f"{key}={value}" for key, value in plain(entry.strategy).items())]
            for entry in entries
        ]
        return [
            Table.of(
                f"{place.folder}{' (exists)' if place.folder.exists() else ''}",
                ["strategy", "settings"],
                rows,
            )
        ]


@dataclass(frozen=True)
class CompetitionResult(Result):
    """Who earned what on the seeds that were asked for."""

    competition: Competition
    results: Results
    standings: tuple[Standing, ...]
    """The strategies in their order, then the normaliser."""
    gap: Gap | None
    """Between the leader and who follows; ``None``: fewer than two strategies kept the rules."""
    status: str
    """``new``, ``resumed`` or ``reused``."""
    seconds: dict[str, float]
    files: dict[str, str]

    @cached_property
    def scores(self) -> CompetitionScores:
        """What is written of it."""
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
    """Play the seeds that are not played, judge them, and write what they come to.

    ``until_decided``: more seeds until the leader is surely ahead, or the stated most are played.
    """
    monitor, watch = monitor or Monitor(), watch or Watch()
    if until_decided and len(settings.names) < 2:
        raise ArgumentError(
            "until_decided", "one strategy alone leads nobody; name another in strategies=[...]"
        )
    competition = Competition(settings, monitor)
    watch.lap("start")
    with competition.held(fresh):
        before = len(settings.seeds) - len(competition.missing(settings.seeds))
        results = (
            _until_decided(competition, monitor)
            if until_decided
            else competition.play(settings.seeds)
        )
        watch.lap("play")
        return _judged(competition, results, before, watch, monitor)


def _judged(
    competition: Competition, results: Results, before: int, watch: Watch, monitor: Monitor
) -> CompetitionResult:
    """``before``: how many of the seeds asked for were there already."""
    settings = competition.settings
    epochs = settings.epoch.length is not None and settings.compat is None
    rows = tuple(standings(results, settings.against, epochs))
    status = "reused" if not competition.new else "resumed" if before else "new"
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


def _until_decided(competition: Competition, monitor: Monitor) -> Results:
    """More seeds, half as many again each time."""
    settings = competition.settings
    most = max(settings.most_simulations, settings.simulations)
    count = min(max(settings.simulations, LEAST), most)
    while True:
        results = competition.play(range(settings.seed, settings.seed + count))
        gap = gap_of(competition, results)
        if gap is None or gap.decided or count >= most:
            break
        monitor.note(f"{count} seeds: {gap_text(gap_record(gap, results.names))}")
        count = min(most, count + max(competition.at_once, count // 2))
    if gap is not None and not gap.decided:
        monitor.warn(f"not decided by {count} seeds; most_simulations={2 * count} goes on")
    return results


def gap_of(competition: Competition, results: Results) -> Gap | None:
    """The leader's gap among the strategies that broke no rule, by their places in the line-up."""
    places = results.valid.nonzero()[0]
    gap = leading_gap(results.outcome.edge[:, places], competition.settings.simulations)
    return (
        None
        if gap is None
        else gap._replace(leader=int(places[gap.leader]), runner_up=int(places[gap.runner_up]))
    )


def _warn(solver: Solver, monitor: Monitor) -> None:
    if solver["worse"]:
        share = solver["worse"] / max(solver["checked"], 1)
        monitor.warn(
            f"{solver['worse']:,} of {solver['checked']:,} split orders ({share:.2%}) would have "
            "paid more if split otherwise"
        )
