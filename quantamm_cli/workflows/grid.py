"""Every combination of some values of parameters and settings, scored as one batch."""

from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass

import numpy as np

from quantamm_cli.config import key_validation
from quantamm_cli.config.read import read_settings
from quantamm_cli.core.bijectors import Numbers
from quantamm_cli.core.grid import product
from quantamm_cli.core.params import Parameter, initial
from quantamm_cli.core.types import ParamValues
from quantamm_cli.errors import ConfigError
from quantamm_cli.market.fees import NUMBERS
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.reporting.run_tables import grid_table
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.digest import sha256
from quantamm_cli.settings.json_tree import Json, JsonObject, branch
from quantamm_cli.settings.run import Simulate
from quantamm_cli.settings.suggestions import did_you_mean
from quantamm_cli.store.runs import Store
from quantamm_cli.workflows.data import describe_market, load_market
from quantamm_cli.workflows.grid_axes import axes, flat
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.plots import check, images, written
from quantamm_cli.workflows.results import Result, Watch
from quantamm_cli.workflows.runtime import start_jax

TRACKED = ("returns", "returns_over_hodl", "returns_over_uniform_hodl", "daily_log_sharpe")
"""Metrics of every point besides the one that sorts."""
_NUMBERS = ("initial_pool_value", *(f"fees.{name}" for name in NUMBERS))
_PERIOD = "all"

Point = Mapping[str, float]


@dataclass(frozen=True)
class GridResult(Result):
    """Every point of a grid with its scores, the best first."""

    settings: Simulate
    metric: str
    """By which they are sorted."""
    axes: dict[str, list[float]]
    points: Sequence[Point]
    """In the order of the axes."""
    scores: dict[str, np.ndarray]
    """By metric, of each point."""
    seconds: dict[str, float]
    files: dict[str, str] | None
    """Paths of what was drawn, by name; ``None`` where nothing was to be."""

    @property
    def order(self) -> list[int]:
        """Places of the points, the best first; what is not finite comes last."""
        column = self.scores[self.metric]
        return sorted(
            range(len(self.points)),
            key=lambda index: (not np.isfinite(column[index]), -column[index]),
        )

    def to_dict(self) -> dict[str, Json]:
        points = [
            {**_parted(self.points[one]), "metrics": self._metrics(one)} for one in self.order
        ]
        files = {} if self.files is None else {"files": self.files}
        return {"metric": self.metric, "grid": points, **files, "seconds": self.seconds}

    def _metrics(self, point: int) -> dict[str, float]:
        return {name: float(column[point]) for name, column in self.scores.items()}

    def tables(self) -> Sequence[Table | str]:
        rows = [
            [*self.points[one].values(), *(column[one] for column in self.scores.values())]
            for one in self.order
        ]
        title = (
            f"{self.settings.pool.kind} from {self.settings.start} to {self.settings.end}, best "
            f"{self.metric} first"
        )
        shown = [Table.of(title, [*self.axes, *self.scores], rows)]
        surface = (
            grid_table(self.metric, self.axes, self.scores[self.metric].tolist())
            if len(self.axes) == 2
            else None
        )
        return shown if surface is None else [*shown, surface]


def grid(
    settings: Simulate, tree: JsonObject, stored: bool, draw: bool, monitor: Monitor
) -> GridResult:
    """Score every point of ``tree``'s grid.

    ``stored`` parameters give way to the grid's; ``draw``: a picture of it, too.
    """
    if draw:
        check()
    start_jax()
    watch, metric = Watch(), _metric(tree)
    specs = AbstractPool.typed(settings.pool).parameters(len(settings.tokens))
    asked = flat(branch(tree, "grid"))
    found = axes(asked, specs, settable(tree, asked))
    points = list(product(found))
    given = without(settings.params, found, specs) if stored else settings.params
    scores = _scores(settings, tree, points, (specs, given), metric, monitor, watch)
    files = None
    if draw:
        files = _drawn(settings, found, metric, scores[metric], monitor)
        watch.lap("plots")
    return GridResult(settings, metric, found, points, scores, watch.seconds, files)


def _metric(tree: JsonObject) -> str:
    """The metric that sorts, of settings that simulate otherwise does not read."""
    from quantamm_cli.metrics import METRICS

    name = str(branch(tree, "metric")["kind"])
    if name not in METRICS:
        raise ConfigError(
            "metric",
            f"no metric is called '{name}'{did_you_mean(name, METRICS)}; `qsim "
            "show metrics` lists them",
        )
    return name


def settable(tree: JsonObject, grid: Collection[str]) -> set[str]:
    """The settings that may be only numbers to a program: those of frictions,
    the opening value, and the pool's own.

    Raises:
        ConfigError: the grid names another setting.
    """
    own = {
        name
        for name in key_validation.places({"pool": tree["pool"]})
        if isinstance(key_validation.lookup(tree, name.split(".")), int | float | None)
    }
    found = {*_NUMBERS, *own}
    for name in grid:
        if name not in found and key_validation.lookup(tree, name.split(".")) is not None:
            raise ConfigError(
                f"grid.{name}",
                f"is more than a number to the program; run each of its values: -m {name}=...",
            )
    return found


def _scores(
    settings: Simulate,
    tree: JsonObject,
    points: Sequence[Point],
    parameters: tuple[Sequence[Parameter], ParamValues],
    metric: str,
    monitor: Monitor,
    watch: Watch,
) -> dict[str, np.ndarray]:
    """The metrics (points,) of every point."""
    from quantamm_cli.engine.feed import feed
    from quantamm_cli.evaluation.batch import scored, widest

    variants = varied(settings, tree, points)
    params = batch(
        *parameters, [_parted(point)["params"] for point in points], len(settings.tokens)
    )
    market = load_market(settings, settings.end)
    describe_market(market, monitor)
    given = feed(widest(variants), market)
    for name in NUMBERS:
        if f"fees.{name}" in points[0] and np.ndim(getattr(given.frictions, name, 0.0)):
            raise ConfigError(
                f"grid.fees.{name}",
                f"is a series under fees={settings.fees.kind}, not one number; "
                "leave it out of the grid",
            )
    watch.lap("data")
    found = scored(
        variants,
        params,
        given,
        ((_PERIOD, 0, settings.rows),),
        tuple(dict.fromkeys((metric, *TRACKED))),
    )
    watch.lap("run")
    return found[_PERIOD]


def varied(settings: Simulate, tree: JsonObject, points: Sequence[Point]) -> list[Simulate]:
    """The settings of every point, checked; those that are alike are one object.

    Raises:
        ConfigError: a value that its setting does not take.
    """
    known: dict[tuple[float, ...], Simulate] = {(): settings}
    found = []
    for point in points:
        changes = _parted(point).get("settings", {})
        values = tuple(changes.values())
        if values not in known:
            own = deepcopy({name: part for name, part in tree.items() if name != "grid"})
            for name, value in changes.items():
                *path, last = name.split(".")
                key_validation.lookup(own, path)[last] = value
            known[values] = read_settings(Simulate, own)
        found.append(known[values])
    return found


def _parted(point: Point) -> dict[str, dict[str, float]]:
    """``params`` and, if there are any, ``settings`` of a point."""
    parted = {"params": {name: value for name, value in point.items() if not _is_setting(name)}}
    changes = {name: value for name, value in point.items() if _is_setting(name)}
    return parted | ({"settings": changes} if changes else {})


def _is_setting(name: str) -> bool:
    return name in _NUMBERS or "." in name


def batch(
    specs: Sequence[Parameter], given: ParamValues, points: Sequence[Point], assets: int
) -> dict[str, Numbers]:
    """Raw parameters with a leading axis of points: a point's values for every
    token, all else as given.
    """
    named = {name: spec for spec in specs for name in spec.names}
    twice = given.keys() & points[0].keys()
    if twice:
        raise ConfigError(f"grid.{min(twice)}", f"params.{min(twice)} is given too; give one")
    columns = {
        name: np.array([point[name] for point in points]).reshape(
            -1, *[1] * len(named[name].shape(assets))
        )
        for name in points[0]
    }
    return initial(specs, {**given, **columns}, len(points), assets, 0.0, 0)


def without(
    params: ParamValues, grid: Mapping[str, object], specs: Sequence[Parameter]
) -> ParamValues:
    """Parameters of a stored run but those that the grid names."""
    return {
        spec.name: params[spec.name]
        for spec in specs
        if spec.name in params and not grid.keys() & set(spec.names)
    }


def _drawn(
    settings: Simulate,
    axes: Mapping[str, Sequence[float]],
    metric: str,
    scores: np.ndarray,
    monitor: Monitor,
) -> dict[str, str]:
    """The picture of a grid of one axis or two, in a folder of its own; its path."""
    from quantamm_cli.metrics import METRICS
    from quantamm_cli.reporting.grid import Grid

    title = f"{settings.pool.kind} from {settings.start} to {settings.end}"
    drawn = images("grid", Grid(axes, scores, metric, METRICS[metric].unit, title))
    if not drawn:
        monitor.note(f"{len(axes)} axes: no picture, which grids of one or two have")
        return {}
    name = sha256(
        {"grid": {name: list(values) for name, values in axes.items()}, "metric": metric}
    )[:12]
    folder = Store(settings.runs_dir).folder(settings.fingerprint) / f"grid-{name}"
    return written(drawn, folder)
