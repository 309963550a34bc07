"""``qsim compete --tournament``: many line-ups, each a competition of its own that is kept and goes on like any other."""

from collections.abc import Mapping
from typing import Any

from quantamm_cli.cli.competition import Competition, read
from quantamm_cli.cli.console import Console
from quantamm_cli.cli.options import Options
from quantamm_cli.competition.results import Results
from quantamm_cli.competition.statistics import Estimate
from quantamm_cli.competition.tournament import LineUp, absences, crowds, line_ups, lined_up, pairs, points
from quantamm_cli.reporting.standings import between_text
from quantamm_cli.settings.digest import sha256
from quantamm_cli.workflows.results import Watch

Heads = list[str | tuple[str, str]]


def tournament(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """Play every line-up and show them together; returns the JSON object."""
    watch = Watch()
    settings = read(tree, options)
    kind: Any = options.tournament
    competitions = {line_up: Competition(lined_up(settings, line_up), console) for line_up in line_ups(kind, settings)}
    named = {
        "tournament": kind,
        "configuration": sha256(settings.configuration()),
        "seeds": {"first": settings.seed, "count": settings.simulations},
        "line_ups": [{"strategies": list(each), "run": competition.place.name} for each, competition in competitions.items()],
    }
    if options.dry_run:
        rows = [[", ".join(line_up), competition.place.name[:20]] for line_up, competition in competitions.items()]
        console.table(f"{len(rows)} line-ups in {settings.runs_dir}", ["strategies", "run"], rows)
        return named
    watch.lap("start")
    found = {}
    for number, (line_up, competition) in enumerate(competitions.items(), 1):
        with competition.held(options.fresh):
            found[line_up] = competition.play(settings.seeds, f"line-up {number} of {len(competitions)}")
    watch.lap("play")
    told = {"pairs": _pairs, "leave-one-out": _absences, "copies": _crowds}[kind](found, console)
    status = "new" if any(competition.new for competition in competitions.values()) else "reused"
    return named | told | {"status": status, "seconds": watch.seconds}


def _pairs(found: Mapping[LineUp, Results], console: Console) -> dict[str, Any]:
    meetings = pairs(found)
    heads: Heads = ["first", "second", ("gap", "+.2f"), "95 % interval", ("first wins", ".0%"), ""]
    rows = [
        [one.first, one.second, one.gap.mean, between_text(one.gap._asdict()), one.wins, _won(one.gap, one.first, one.second)]
        for one in meetings
    ]
    console.table("every pair alone with the normaliser; gap in Y a seed", heads, rows)
    total = points(meetings)
    console.table("a point for each pair surely won, half for each not decided", ["strategy", ("points", ".1f")], list(total.items()))
    return {"meetings": [one._asdict() | {"gap": one.gap._asdict()} for one in meetings], "points": total}


def _absences(found: Mapping[LineUp, Results], console: Console) -> dict[str, Any]:
    gains = absences(found)
    heads: Heads = ["without", "strategy", ("gains", "+.2f"), "95 % interval"]
    rows = [[one.absent, one.name, one.gain.mean, between_text(one.gain._asdict())] for one in gains]
    console.table("what each gains when another stays away, in Y a seed", heads, rows)
    return {"absences": [one._asdict() | {"gain": one.gain._asdict()} for one in gains]}


def _crowds(found: Mapping[LineUp, Results], console: Console) -> dict[str, Any]:
    crowded = crowds(found)
    heads: Heads = ["strategy", "copies", ("edge of one", ".2f"), ("± s.e.", ".2f"), ("edge/capital", ".2f")]
    rows = [[one.name, one.copies, one.edge.mean, one.edge.error, one.edge_per_capital] for one in crowded]
    console.table("each among copies of itself; edge in Y a seed, edge/capital in bps", heads, rows)
    return {"crowds": [one._asdict() | {"edge": one.edge._asdict()} for one in crowded]}


def _won(gap: Estimate, first: str, second: str) -> str:
    return {1: f"{first} wins", -1: f"{second} wins", 0: "not decided"}[gap.sign]
