"""A sweep: points of one strategy's settings, all played on the same seeds."""

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
from quantamm_cli.workflows.compete.standings import play_status
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.results import Result, Watch


class Sweep:
    """A checked sweep. ``text`` is that of the command line:
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
    """The sweep that would be played; nothing is written."""

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
        """The point with the highest mean edge."""
        return max(self.points, key=lambda point: point.edge.mean)

    @property
    def at_the_edge(self) -> list[str]:
        """Settings whose best value is an end of their axis: a wider axis may have a better one."""
        best, settings = self.best.values, []
        for axis in self.sweep.axes:
            ends = (axis.values[0], axis.values[-1])
            if len(axis.values) > 1 and best[axis.setting] in ends:
                settings.append(axis.setting)
        return settings

    @cached_property
    def scores(self) -> SweepScores:
        """The scores file, without digests."""
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


def run_sweep(
    sweep: Sweep, fresh: bool, monitor: Monitor, watch: Watch | None = None
) -> SweepResult:
    """Play every point on every seed, score the points, and write the result."""
    watch, competition = watch or Watch(), sweep.competition
    seeds = competition.settings.seeds
    watch.lap("start")
    with competition.locked(fresh):
        before = len(seeds) - len(competition.missing(seeds))
        results = competition.play(seeds, "sweeping")
        watch.lap("play")
        status = play_status(competition, before)
        files: dict[str, str] = {}
        result = SweepResult(sweep, _points(sweep.axes, results), status, watch.seconds, files)
        files |= competition.place.write_sweep(result.scores, _columns(sweep.axes, results))
    watch.lap("judge")
    monitor.note(
        "tied: the 95 % interval of the paired difference to the best contains zero; the best was "
        "chosen on these seeds"
    )
    for setting in result.at_the_edge:
        monitor.warn(f"the best {setting} is an end of its axis; try a wider axis")
    return result


def _points(axes: Sequence[Axis], results: Results) -> tuple[Point, ...]:
    outcome, place = results.outcome, axes[0].place
    volume = outcome.arb_volume[..., place] + outcome.retail_volume[..., place]
    return tuple(compare_points(axes, outcome.edge[..., place], volume, outcome.retail_volume))


def _columns(axes: Sequence[Axis], results: Results) -> Columns:
    """One row for each seed, point and entrant."""
    count, size, pools = results.outcome.edge.shape
    grid = points(axes)[axes[0].place]
    columns: Columns = {"seed": np.repeat(results.seeds, size * pools)}
    columns |= {name: np.tile(np.repeat(values, pools), count) for name, values in grid.items()}
    columns["strategy"] = list(results.all_names) * (count * size)
    for name in ("edge", "arb_edge", "retail_edge", "arb_volume", "retail_volume"):
        columns[name] = getattr(results.outcome, name).reshape(-1)
    return columns
