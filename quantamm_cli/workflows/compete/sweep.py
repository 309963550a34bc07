"""Points of one strategy's settings, all on the same markets."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from quantamm_cli.competition.documents import Columns, SweepScores, Swept
from quantamm_cli.competition.results import Results
from quantamm_cli.competition.sweep import Axis, Point, compare_points, parse_axes, points
from quantamm_cli.reporting.standings import standings_tables
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.compete import Compete
from quantamm_cli.settings.digest import sha256
from quantamm_cli.settings.json_tree import Json, finite
from quantamm_cli.workflows.compete.competition import Competition
from quantamm_cli.workflows.compete.scores import point_row
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.results import Result, Watch


class Sweep:
    """What is swept, checked. ``text`` as the command line has it:
    ``[STRATEGY.]KEY=FIRST:LAST:STEP,...``.
    """

    def __init__(self, settings: Compete, text: str, monitor: Monitor) -> None:
        self.axes = parse_axes(text, settings)
        self.competition = Competition(settings, monitor, points(self.axes))

    @property
    def swept(self) -> Swept:
        """The strategy and its axes."""
        return {
            "strategy": self.axes[0].name,
            "axes": {axis.setting: list(axis.values) for axis in self.axes},
        }


@dataclass(frozen=True)
class PlannedSweep(Result):
    """What would be played; nothing is touched."""

    sweep: Sweep

    def to_dict(self) -> dict[str, Json]:
        settings, place = self.sweep.competition.settings, self.sweep.competition.place
        return {
            "run": place.name,
            "fingerprint": place.fingerprint,
            "configuration": sha256(settings.configuration()),
            "seeds": {"first": settings.seed, "count": settings.simulations},
            "sweep": finite(self.sweep.swept),
            "settings": self.sweep.competition.identity,
            "files": {"scores": str(place.scores)},
        }

    def tables(self) -> Sequence[Table | str]:
        rows = [
            [axis.name, axis.setting, len(axis.values), axis.values[0], axis.values[-1]]
            for axis in self.sweep.axes
        ]
        return [
            Table.of(
                str(self.sweep.competition.place.folder),
                ["strategy", "setting", "points", "first", "last"],
                rows,
            )
        ]


@dataclass(frozen=True)
class SweepResult(Result):
    """Every point, and the best of them."""

    sweep: Sweep
    points: tuple[Point, ...]
    status: str
    seconds: dict[str, float]
    files: dict[str, str]

    @property
    def best(self) -> Point:
        """The one with the highest mean edge."""
        return max(self.points, key=lambda point: point.edge.mean)

    @property
    def at_the_edge(self) -> list[str]:
        """Settings whose best value is the first or last of more than one:
        a wider axis may have a better one.
        """
        best = self.best.values
        return [
            axis.setting
            for axis in self.sweep.axes
            if len(axis.values) > 1 and best[axis.setting] in (axis.values[0], axis.values[-1])
        ]

    @cached_property
    def scores(self) -> SweepScores:
        """What is written of it."""
        settings, place = self.sweep.competition.settings, self.sweep.competition.place
        return {
            "run": place.name,
            "fingerprint": place.fingerprint,
            "configuration": sha256(settings.configuration()),
            "seeds": {"first": settings.seed, "count": settings.simulations},
            "sweep": self.sweep.swept,
            "points": [point_row(point) for point in self.points],
            "best": point_row(self.best),
            "at_the_edge": self.at_the_edge,
        }

    def to_dict(self) -> dict[str, Json]:
        return {
            **finite(self.scores),
            "status": self.status,
            "seconds": self.seconds,
            "files": self.files,
        }

    def tables(self) -> Sequence[Table | str]:
        return standings_tables(self.scores)


def swept(sweep: Sweep, fresh: bool, monitor: Monitor, watch: Watch | None = None) -> SweepResult:
    """Play every point on every seed, judge and write them."""
    watch, competition = watch or Watch(), sweep.competition
    seeds = competition.settings.seeds
    watch.lap("start")
    with competition.held(fresh):
        before = len(seeds) - len(competition.missing(seeds))
        results = competition.play(seeds, "sweeping")
        watch.lap("play")
        status = "reused" if not competition.new else "resumed" if before else "new"
        files: dict[str, str] = {}
        result = SweepResult(sweep, _points(sweep.axes, results), status, watch.seconds, files)
        files |= competition.place.write_sweep(result.scores, _columns(sweep.axes, results))
    watch.lap("judge")
    monitor.note(
        "tied: the 95 % interval of the difference to the best, seed by seed, holds zero; the best "
        "was chosen on these seeds"
    )
    for setting in result.at_the_edge:
        monitor.warn(f"the best {setting} is an end of its axis; a wider one may have a better")
    return result


def _points(found: Sequence[Axis], results: Results) -> tuple[Point, ...]:
    outcome, place = results.outcome, found[0].place
    volume = outcome.arb_volume[..., place] + outcome.retail_volume[..., place]
    return tuple(compare_points(found, outcome.edge[..., place], volume, outcome.retail_volume))


def _columns(found: Sequence[Axis], results: Results) -> Columns:
    """A row for each seed, point and entrant."""
    count, size, pools = results.outcome.edge.shape
    grid = points(found)[found[0].place]
    columns: Columns = {"seed": np.repeat(results.seeds, size * pools)}
    columns |= {name: np.tile(np.repeat(values, pools), count) for name, values in grid.items()}
    columns["strategy"] = list(results.all_names) * (count * size)
    for name in ("edge", "arb_edge", "retail_edge", "arb_volume", "retail_volume"):
        columns[name] = getattr(results.outcome, name).reshape(-1)
    return columns
