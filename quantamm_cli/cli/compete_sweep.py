"""``qsim compete --sweep``: points of one strategy's settings, all on the same markets."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from quantamm_cli.cli.compete_tables import show
from quantamm_cli.cli.competition import Competition, read
from quantamm_cli.cli.console import Console
from quantamm_cli.cli.options import Options
from quantamm_cli.competition.results import Results
from quantamm_cli.competition.sweep import Axis, Point, axes, judged, points
from quantamm_cli.settings.digest import sha256
from quantamm_cli.workflows.results import Watch


def sweep(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """Play every point on every seed, keep and show them; returns the JSON object."""
    watch = Watch()
    settings = read(tree, options)
    found = axes(options.axes or "", settings)
    competition = Competition(settings, console, points(found))
    place = competition.place
    named = {
        "run": place.name,
        "fingerprint": place.fingerprint,
        "configuration": sha256(settings.configuration()),
        "seeds": {"first": settings.seed, "count": settings.simulations},
        "sweep": {"strategy": found[0].name, "axes": {axis.setting: list(axis.values) for axis in found}},
    }
    if options.dry_run:
        rows = [[axis.name, axis.setting, len(axis.values), axis.values[0], axis.values[-1]] for axis in found]
        console.table(str(place.folder), ["strategy", "setting", "points", "first", "last"], rows)
        return named | {"settings": competition.identity, "files": {"scores": str(place.scores)}}
    watch.lap("start")
    with competition.held(options.fresh):
        before = len(settings.seeds) - len(competition.missing(settings.seeds))
        results = competition.play(settings.seeds, "sweeping")
        watch.lap("play")
        told = named | _told(found, results)
        files = place.write_sweep(told, _columns(found, results))
    watch.lap("judge")
    show(console, "", told)
    console.note("tied: the 95 % interval of the difference to the best, seed by seed, holds zero; the best was chosen on these seeds")
    for setting in told["at_the_edge"]:
        console.warn(f"the best {setting} is an end of its axis; a wider one may have a better")
    status = "reused" if not competition.new else "resumed" if before else "new"
    return told | {"status": status, "seconds": watch.seconds, "files": files}


def _told(found: Sequence[Axis], results: Results) -> dict[str, Any]:
    outcome, place = results.outcome, found[0].place
    volume = outcome.arb_volume[..., place] + outcome.retail_volume[..., place]
    every = judged(found, outcome.edge[..., place], volume, outcome.retail_volume)
    top = max(every, key=lambda point: point.edge.mean)
    return {"points": [_point(point) for point in every], "best": _point(top), "at_the_edge": _ends(found, top)}


def _point(point: Point) -> dict[str, Any]:
    told = point._asdict() | {"edge": point.edge._asdict(), "tied": point.tied, "probability_best": point.best}
    behind = {} if point.behind is None else {"behind": point.behind._asdict()}
    return {key: value for key, value in told.items() if key not in ("behind", "best")} | behind


def _ends(found: Sequence[Axis], top: Point) -> list[str]:
    """Settings whose best value is the first or last of more than one: a wider axis may have a better one."""
    return [axis.setting for axis in found if len(axis.values) > 1 and top.values[axis.setting] in (axis.values[0], axis.values[-1])]


def _columns(found: Sequence[Axis], results: Results) -> dict[str, Any]:
    """A row for each seed, point and entrant."""
    count, size, pools = results.outcome.edge.shape
    grid = points(found)[found[0].place]
    columns: dict[str, Any] = {"seed": np.repeat(results.seeds, size * pools)}
    columns |= {name: np.tile(np.repeat(values, pools), count) for name, values in grid.items()}
    columns["strategy"] = list(results.all_names) * (count * size)
    for name in ("edge", "arb_edge", "retail_edge", "arb_volume", "retail_volume"):
        columns[name] = getattr(results.outcome, name).reshape(-1)
    return columns
