"""Scores every combination of values of parameters and settings as one batch."""

from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from quantamm_cli.config import key_validation
from quantamm_cli.config.read import read_settings
from quantamm_cli.core.bijectors import Numbers
from quantamm_cli.core.grid import product
from quantamm_cli.core.params import Parameter, initial
from quantamm_cli.core.types import Feed, ParamValues
from quantamm_cli.engine.left import goes_on
from quantamm_cli.errors import ConfigError, DivergedError
from quantamm_cli.market import Market
from quantamm_cli.market.fees import NUMBERS
from quantamm_cli.metrics import METRICS
from quantamm_cli.metrics.undefined import reasons_of_period
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.reporting.grid import Grid, best_first, points_tables
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.history import DOCUMENT
from quantamm_cli.settings.json_tree import Json, JsonObject, branch, finite
from quantamm_cli.settings.run import Simulate
from quantamm_cli.settings.signs import signs
from quantamm_cli.settings.suggestions import did_you_mean
from quantamm_cli.store.recorded import GridPlace, grid_fingerprint
from quantamm_cli.workflows.assessment import undefined_json
from quantamm_cli.workflows.copies import check_out, copy_columns
from quantamm_cli.workflows.data import describe_market, load_market
from quantamm_cli.workflows.grid_axes import axes, by_name, flat
from quantamm_cli.workflows.inputs import Bound, inputs_of
from quantamm_cli.workflows.lengths import check_length
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.plots import check, images, written
from quantamm_cli.workflows.provenance import provenance
from quantamm_cli.workflows.results import Result, Watch
from quantamm_cli.workflows.runtime import start_jax

TRACKED = ("returns", "returns_over_hodl", "returns_over_uniform_hodl", "daily_log_sharpe")
"""Metrics of every point besides the one that orders the points."""
_NUMBERS = ("initial_pool_value", *(f"fees.{name}" for name in NUMBERS))
_PERIOD = "all"

Point = Mapping[str, float]


@dataclass(frozen=True)
class GridResult(Result):
    """The points of a grid with their scores, the best first."""

    settings: Simulate
    metric: str
    """The metric that orders the points."""
    axes: dict[str, list[float]]
    points: Sequence[Point]
    """In the order of the axes; the last axis varies fastest."""
    scores: dict[str, np.ndarray]
    """Scores ``(points,)`` by metric."""
    seconds: dict[str, float]
    files: dict[str, str]
    """Paths of the document and the plots, by name."""
    place: GridPlace
    bound: Bound
    """What it was made from."""

    @property
    def name(self) -> str:
        """``grid_`` and the digest of settings, axes and metric."""
        return self.place.name

    @property
    def order(self) -> list[int]:
        """Indices of the points, the best first; scores that are not finite come last."""
        return best_first(self.scores[self.metric])

    def to_dict(self) -> dict[str, Json]:
        points = [_split(self.points[one]) | self._scored(one) for one in self.order]
        return {
            "run": self.name,
            "fingerprint": self.place.fingerprint,
            "metric": self.metric,
            "grid": points,
            "signs": signs(self.scores),
            **self.bound.to_dict(),
            "files": self.files,
            "seconds": self.seconds,
        }

    def _scored(self, index: int) -> dict[str, Json]:
        metrics = {name: float(column[index]) for name, column in self.scores.items()}
        absent = reasons_of_period(metrics, self.settings.rows)
        return {"metrics": metrics, **undefined_json(absent)}

    @property
    def grid(self) -> Grid:
        """The scores, as plots and pages take them."""
        title = f"{self.settings.pool.kind} from {self.settings.start} to {self.settings.end}"
        unit = METRICS[self.metric].unit
        return Grid(self.axes, self.scores[self.metric], self.metric, unit, title)

    def tables(self) -> Sequence[Table | str]:
        return points_tables(self.grid, self.points, self.scores)


def grid(
    settings: Simulate,
    tree: JsonObject,
    stored: bool,
    draw: bool,
    monitor: Monitor,
    out: str | None = None,
) -> GridResult:
    """Score every point of the grid of ``tree`` and write the scores.

    ``stored``: the parameters of ``settings`` come from a run, and the grid may replace them.
    ``draw``: also write a plot. ``out``: a file that gets the points, ``.parquet`` or ``.csv``.
    """
    check_out(out, arrays=False)
    if draw:
        check()
    start_jax()
    watch, planned = Watch(), plan_grid(settings, tree, stored)
    axes, points, metric = planned.axes, planned.points, planned.metric
    market = load_market(settings, settings.end)
    describe_market(market, monitor)
    scores = _scores(settings, planned, market, monitor, watch)
    sources, named = Bound(inputs_of(settings, market)), _place(settings, axes, metric)
    with named.claimed(sources.inputs) as place:
        files = {"result": str(place.document)}
        result = GridResult(
            settings, metric, axes, points, scores, watch.seconds, files, place, sources
        )
        place.write(_document(result, provenance(settings, market)))
    if out is not None:
        columns = {name: np.array([point[name] for point in points]) for name in axes}
        files["out"] = copy_columns({**columns, **scores}, out)
    if draw:
        files |= _plots(result, monitor)
        watch.lap("plots")
    return result


class GridPlan(NamedTuple):
    """What a grid would score."""

    metric: str
    """The metric that orders the points."""
    axes: dict[str, list[float]]
    points: list[Point]
    variants: list[Simulate]
    """The settings of every point."""
    params: dict[str, Numbers]
    """Raw parameters with a leading axis of points."""


def plan_grid(settings: Simulate, tree: JsonObject, stored: bool) -> GridPlan:
    """The points of the grid of ``tree``, checked before prices are read.

    Raises:
        ConfigError: an axis or a point is not valid, or the metric cannot exist on so few minutes.
    """
    if goes_on(settings):
        raise ConfigError("grid", "opens a pool at every point, which cannot go on from a state")
    metric = _metric(tree)
    what, longer = f"{settings.start} to {settings.end}", "a later end"
    check_length(metric, settings.rows, "metric", what, longer)
    assets = len(settings.tokens)
    specs = AbstractPool.typed(settings.pool).parameters(assets)
    declared = flat(branch(tree, "grid"))
    values = axes(declared, specs, settable(tree, declared))
    points: list[Point] = list(product(values))
    params: ParamValues = settings.params
    if stored:
        params = without(params, values, specs)
    variants = varied(settings, tree, points)
    raw = batch(specs, params, [_split(point)["params"] for point in points], assets)
    return GridPlan(metric, values, points, variants, raw)


def grid_feed(planned: GridPlan, market: Market) -> Feed:
    """The input of the program that serves all points.

    Raises:
        ConfigError: an axis is a friction that is a series there.
    """
    from quantamm_cli.engine.feed import feed
    from quantamm_cli.evaluation.batch import widest

    inputs = feed(widest(planned.variants), market)
    for name in NUMBERS:
        if f"fees.{name}" in planned.axes and np.ndim(getattr(inputs.frictions, name, 0.0)):
            raise ConfigError(
                f"grid.fees.{name}",
                f"is a series under fees={planned.variants[0].fees.kind}, not one number; "
                "leave it out of the grid",
            )
    return inputs


def _place(settings: Simulate, axes: Mapping[str, Sequence[float]], metric: str) -> GridPlace:
    values = {name: list(column) for name, column in axes.items()}
    fingerprint = grid_fingerprint(settings.identity(), values, metric)
    return GridPlace(Path(settings.runs_dir), fingerprint)


def _document(result: GridResult, made_by: JsonObject) -> JsonObject:
    """What is written: scores, settings and what it was made from."""
    document: JsonObject = finite(
        {
            "schema": DOCUMENT,
            "run": result.name,
            "fingerprint": result.place.fingerprint,
            "metric": result.metric,
            "axes": result.axes,
            "points": result.points,
            "scores": result.scores,
            "settings": result.settings.identity(),
            "provenance": {**made_by, **result.bound.inputs.stored()},
        }
    )
    return document


def _metric(tree: JsonObject) -> str:
    """The metric that orders the points; simulate without a grid does not read it."""
    name = str(branch(tree, "metric")["kind"])
    if name not in METRICS:
        near = did_you_mean(name, METRICS)
        raise ConfigError(
            "metric", f"no metric is called '{name}'{near}; `qsim show metrics` lists them"
        )
    return name


def settable(tree: JsonObject, grid: Collection[str]) -> set[str]:
    """The settings that a compiled program takes as numbers.

    These are the frictions, the opening value, and the numbers of the pool.

    Raises:
        ConfigError: the grid names another setting.
    """
    names = set(_NUMBERS)
    for name in key_validation.places({"pool": tree["pool"]}):
        if isinstance(key_validation.lookup(tree, name.split(".")), int | float | None):
            names.add(name)
    for name in grid:
        if name not in names and key_validation.lookup(tree, name.split(".")) is not None:
            raise ConfigError(
                f"grid.{name}", f"cannot vary in a grid; run each of its values: -m {name}=..."
            )
    return names


def _scores(
    settings: Simulate, planned: GridPlan, market: Market, monitor: Monitor, watch: Watch
) -> dict[str, np.ndarray]:
    """The metrics ``(points,)`` of every point."""
    from quantamm_cli.evaluation.batch import scored

    inputs = grid_feed(planned, market)
    watch.lap("data")
    metrics = tuple(dict.fromkeys((planned.metric, *TRACKED)))
    spans = ((_PERIOD, 0, settings.rows),)
    scores = scored(planned.variants, planned.params, inputs, spans, metrics)
    watch.lap("run")
    _check_finite(scores[_PERIOD]["returns"], monitor)
    return scores[_PERIOD]


def _check_finite(returns: np.ndarray, monitor: Monitor) -> None:
    """Warn of points whose pool has no finite value.

    Raises:
        DivergedError: no point has.
    """
    lost = int((~np.isfinite(returns)).sum())
    if lost == len(returns):
        raise DivergedError("grid", "the pool's value is not finite at any point; try other values")
    if lost:
        monitor.warn(f"the pool's value is not finite at {lost} of {len(returns)} points")


def varied(settings: Simulate, tree: JsonObject, points: Sequence[Point]) -> list[Simulate]:
    """The settings of every point, validated; points with equal settings share one object.

    Raises:
        ConfigError: a value that its setting does not accept.
    """
    known: dict[tuple[float, ...], Simulate] = {(): settings}
    variants = []
    for point in points:
        changes = _split(point).get("settings", {})
        values = tuple(changes.values())
        if values not in known:
            changed = deepcopy(dict(tree))
            changed.pop("grid", None)
            for name, value in changes.items():
                *path, last = name.split(".")
                key_validation.lookup(changed, path)[last] = value
            known[values] = read_settings(Simulate, changed)
        variants.append(known[values])
    return variants


def _split(point: Point) -> dict[str, dict[str, float]]:
    """``params`` and, if there are any, ``settings`` of a point."""
    parts: dict[str, dict[str, float]] = {"params": {}}
    for name, value in point.items():
        part = "settings" if _is_setting(name) else "params"
        parts.setdefault(part, {})[name] = value
    return parts


def _is_setting(name: str) -> bool:
    return name in _NUMBERS or "." in name


def batch(
    specs: Sequence[Parameter], params: ParamValues, points: Sequence[Point], assets: int
) -> dict[str, Numbers]:
    """Raw parameters with a leading axis of points.

    A point's value applies to every token; all other parameters have the values of ``params``.
    """
    twice = params.keys() & points[0].keys()
    if twice:
        raise ConfigError(f"grid.{min(twice)}", f"params.{min(twice)} is also set; give one")
    declared = by_name(specs)
    columns: dict[str, Numbers] = {}
    for name in points[0]:
        values = np.array([point[name] for point in points])
        columns[name] = values.reshape(-1, *[1] * len(declared[name].shape(assets)))
    return initial(specs, {**params, **columns}, len(points), assets, 0.0, 0)


def without(
    params: ParamValues, grid: Mapping[str, object], specs: Sequence[Parameter]
) -> ParamValues:
    """The parameters of a stored run except those that the grid names."""
    return {
        spec.name: params[spec.name]
        for spec in specs
        if spec.name in params and not grid.keys() & set(spec.names)
    }


def _plots(result: GridResult, monitor: Monitor) -> dict[str, str]:
    """Write the plot of a grid of one or two axes; its path by name."""
    drawn = images("grid", result.grid)
    if not drawn:
        monitor.note(f"no plot: the grid has {len(result.axes)} axes, and plots show one or two")
        return {}
    return written(drawn, result.place.folder)
