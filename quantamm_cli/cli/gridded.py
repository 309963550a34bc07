"""``qsim simulate grid.NAME=…``: every combination of some parameters' values, scored as one batch."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from quantamm_cli.cli import app
from quantamm_cli.cli.console import Console
from quantamm_cli.core.grid import product, ticks
from quantamm_cli.core.params import Parameter, initial
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.component import hint
from quantamm_cli.settings.run import Simulate

_MINUTES = 2**24
"""Points times minutes that go through one program at once: a gigabyte or so where a pool is stepped minute by minute."""
TRACKED = ("returns", "returns_over_hodl", "returns_over_uniform_hodl", "daily_log_sharpe")
"""Metrics of every point besides the one that sorts."""
_FORMS = "write [low,high,count], [low,high,count,log], a count of points of the declared range, or .choices=[...]"


def gridded(settings: Simulate, tree: Mapping[str, Any], console: Console, stored: bool) -> dict[str, Any]:
    """Score every point of ``tree``'s grid; returns the JSON object, best first by its metric. ``stored`` parameters give way."""
    from quantamm_cli.cli.result import Watch
    from quantamm_cli.engine.feed import feed
    from quantamm_cli.pools.base import AbstractPool

    pool, grid, metric = settings.pool, tree["grid"], _metric(tree)
    assert isinstance(pool, AbstractPool)
    assets, watch = len(settings.tokens), Watch()
    specs = pool.parameters(assets)
    points = list(product(axes(grid, specs)))
    params = batch(specs, without(settings.params, grid, specs) if stored else settings.params, points, assets)
    market = app.load_market(settings, settings.end)
    for line in app.describe_market(market):
        console.note(line)
    given = feed(settings, market)
    watch.lap("data")
    names = tuple(dict.fromkeys((metric, *TRACKED)))
    scores = _judged(settings, params, given, names, len(points))
    watch.lap("run")
    order = sorted(range(len(points)), key=lambda index: (not np.isfinite(scores[metric][index]), -scores[metric][index]))
    rows = [[*points[index].values(), *(scores[name][index] for name in names)] for index in order]
    console.table(f"{pool.kind} from {settings.start} to {settings.end}, best {metric} first", [*grid, *names], rows)
    found = [{"params": points[index], "metrics": {name: float(scores[name][index]) for name in names}} for index in order]
    return {"command": "simulate", "metric": metric, "grid": found, "seconds": watch.seconds}


def _metric(tree: Mapping[str, Any]) -> str:
    """The metric that sorts, of settings that simulate otherwise does not read."""
    from quantamm_cli.metrics import METRICS

    name = tree["metric"]["kind"]
    if name not in METRICS:
        raise ConfigError("metric", f"no metric is called '{name}'{hint(str(name), METRICS)}; `qsim show metrics` lists them")
    return str(name)


def axes(grid: Mapping[str, Any], specs: Sequence[Parameter]) -> dict[str, list[float]]:
    """The values of each parameter of a grid.

    Raises:
        ConfigError: a name the pool does not have, or what is no axis.
    """
    named = {name: spec for spec in specs for name in spec.names}
    found = {}
    for name, told in grid.items():
        if name not in named:
            main = ", ".join(sorted({spec.readable for spec in specs}))
            raise ConfigError(f"grid.{name}", f"this pool has no such parameter{hint(name, named)} (it has: {main})")
        found[name] = _axis(told, named[name], name)
    return found


def _axis(told: Any, spec: Parameter, name: str) -> list[float]:
    place = f"grid.{name}"
    if isinstance(told, int | float) and not isinstance(told, bool):
        if name != spec.readable or spec.low >= spec.high:
            raise ConfigError(place, f"no range is declared for this name; {_FORMS}")
        told = [spec.low, spec.high, told, *(["log"] if spec.log else [])]
    if isinstance(told, Mapping) and list(told) == ["choices"]:
        return [_number(value, place) for value in _listed(told["choices"], place)]
    ends = _listed(told, place)
    if len(ends) not in (3, 4) or (len(ends) == 4 and ends[3] != "log"):
        raise ConfigError(place, f"{told} is not an axis; {_FORMS}")
    low, high, count = (_number(value, place) for value in ends[:3])
    if not low < high or count != int(count) or count < 2:
        raise ConfigError(place, f"{told} is not an axis: low below high, and two points or more; {_FORMS}")
    if len(ends) == 4 and low <= 0:
        raise ConfigError(place, f"low ({low:g}) is not above 0, which log needs")
    return [float(value) for value in ticks(low, high, int(count), log=len(ends) == 4)]


def _listed(told: Any, place: str) -> list[Any]:
    if not isinstance(told, list | tuple) or not told:
        raise ConfigError(place, f"{told} is not an axis; {_FORMS}")
    return list(told)


def _number(value: Any, place: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not np.isfinite(value):
        raise ConfigError(place, f"{value} is not a finite number; {_FORMS}")
    return float(value)


def batch(specs: Sequence[Parameter], given: Mapping[str, Any], points: Sequence[Mapping[str, float]], assets: int) -> dict[str, Any]:
    """Raw parameters with a leading axis of points: a point's values for every token, all else as given."""
    named = {name: spec for spec in specs for name in spec.names}
    twice = given.keys() & points[0].keys()
    if twice:
        raise ConfigError(f"grid.{min(twice)}", f"params.{min(twice)} is given too; give one")
    columns = {name: np.array([point[name] for point in points]).reshape(-1, *[1] * len(named[name].shape(assets))) for name in points[0]}
    return dict(initial(specs, {**given, **columns}, len(points), assets, 0.0, 0))


def without(params: Mapping[str, Any], grid: Mapping[str, Any], specs: Sequence[Parameter]) -> dict[str, Any]:
    """Parameters of a stored run but those that the grid names."""
    return {spec.name: params[spec.name] for spec in specs if spec.name in params and not grid.keys() & set(spec.names)}


def _judged(settings: Simulate, params: Mapping[str, Any], given: Any, names: tuple[str, ...], count: int) -> dict[str, np.ndarray]:
    """The metrics of all points, so many at once as memory allows; the last batch is filled up, so that one program serves."""
    from quantamm_cli.engine.objective import judge

    size = min(count, max(1, _MINUTES // settings.rows))
    span = (("all", 0, settings.rows),)
    parts: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for first in range(0, count, size):
        rows = np.minimum(np.arange(first, first + size), count - 1)
        some = {name: values[rows].astype(given.prices.dtype) for name, values in params.items()}
        found = judge(settings.pool, span, names, some, given)["all"]
        for name in names:
            parts[name].append(np.asarray(found[name]))
    return {name: np.concatenate(values)[:count] for name, values in parts.items()}
