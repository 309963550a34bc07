"""What the played seeds of a competition come to: told, kept, with a receipt."""

from pathlib import Path
from typing import Any

from quantamm_cli.cli.compete_tables import show, told, told_gap
from quantamm_cli.cli.competition import Competition
from quantamm_cli.cli.console import Console
from quantamm_cli.competition.receipts import receipt
from quantamm_cli.competition.results import Results, standings
from quantamm_cli.competition.statistics import Gap, leading_gap
from quantamm_cli.reporting.standings import said_gap
from quantamm_cli.settings.digest import sha256
from quantamm_cli.workflows.results import Watch

LEAST = 200
"""Seeds that --until-decided plays before it looks: its interval is right for many."""


def planned(competition: Competition, console: Console) -> dict[str, Any]:
    """What would be played, and where; nothing is touched."""
    settings, place = competition.settings, competition.place
    strategies = [entry.identity() | ({"file": entry.file} if entry.file else {}) for entry in settings.strategies]
    rows = [[entry["name"], " ".join(f"{key}={value}" for key, value in entry["strategy"].items())] for entry in strategies]
    console.table(f"{place.folder}{' (exists)' if place.folder.exists() else ''}", ["strategy", "settings"], rows)
    seeds = {"first": settings.seed, "count": settings.simulations}
    return _named(competition) | {"settings": competition.identity, "seeds": seeds, "files": {"scores": str(place.scores)}}


def finished(competition: Competition, results: Results, before: int, watch: Watch, console: Console) -> dict[str, Any]:
    """Judge, write, show. ``before``: how many of the seeds asked for were there already."""
    settings = competition.settings
    epochs = settings.epoch.length is not None and settings.compat is None
    rows = standings(results, settings.against, epochs)
    gap = gap_of(competition, results)
    count = len(results.seeds)
    tree: dict[str, Any] = _named(competition) | {
        "seeds": {"first": settings.seed, "count": count},
        "steps": settings.steps,
        "reference": settings.names[settings.against],
        **told(rows, results),
    }
    if gap is not None:
        tree["gap"] = told_gap(gap, results.names)
    for entry in settings.strategies:
        if entry.file is not None and entry.source is not None:
            competition.place.keep_source(Path(entry.file), entry.source)
    files = competition.place.write(tree, results.table(), receipt(settings, results, tree["standings"]))
    watch.lap("judge")
    show(console, f"{competition.place.name[:20]}  {count} seeds of {settings.steps} steps; ", tree)
    if gap is not None:
        console.say(said_gap(tree))
    _warn(tree["solver"], console)
    status = "reused" if not competition.new else "resumed" if before else "new"
    return tree | {"status": status, "seconds": watch.seconds, "files": files}


def until_decided(competition: Competition, console: Console) -> Results:
    """More seeds, half as many again each time, until the leader is surely ahead or the stated most are played."""
    settings = competition.settings
    most = max(settings.most_simulations, settings.simulations)
    count = min(max(settings.simulations, LEAST), most)
    while True:
        results = competition.play(range(settings.seed, settings.seed + count))
        gap = gap_of(competition, results)
        if gap is None or gap.decided or count >= most:
            break
        console.note(f"{count} seeds: {said_gap({'gap': told_gap(gap, results.names)})}")
        count = min(most, count + max(competition.at_once, count // 2))
    if gap is not None and not gap.decided:
        console.warn(f"not decided by {count} seeds; most_simulations={2 * count} goes on")
    return results


def gap_of(competition: Competition, results: Results) -> Gap | None:
    """The leader's gap among the strategies that broke no rule, by their places in the line-up."""
    places = results.valid.nonzero()[0]
    gap = leading_gap(results.outcome.edge[:, places], competition.settings.simulations)
    return None if gap is None else gap._replace(leader=int(places[gap.leader]), runner_up=int(places[gap.runner_up]))


def _named(competition: Competition) -> dict[str, Any]:
    configuration = sha256(competition.settings.configuration())
    return {"run": competition.place.name, "fingerprint": competition.place.fingerprint, "configuration": configuration}


def _warn(solver: dict[str, int], console: Console) -> None:
    if solver["worse"]:
        share = solver["worse"] / max(solver["checked"], 1)
        console.warn(f"{solver['worse']:,} of {solver['checked']:,} split orders ({share:.2%}) would have paid more if split otherwise")
