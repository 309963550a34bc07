"""Every metric against its written definition, and what all metrics promise."""

from collections.abc import Callable
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from kinds import components
from numpy.typing import NDArray

from quantamm_cli.core.types import Daily, Trajectory
from quantamm_cli.metrics import METRICS, score
from quantamm_cli.metrics.costs import turnover

DAY, WEEK, MONTH, YEAR = 1440, 10_080, 43_200, 525_600
MINUTES = 61 * DAY + 777
NAMES = tuple(components("metric"))
names = pytest.mark.parametrize("name", NAMES)
V = NDArray[np.float64]


def walk(seed: int, rows: int = MINUTES, value: float = 1e6) -> Trajectory:
    """A pool of three assets that is worth something random, consistently: value is reserves times prices."""
    random = np.random.Generator(np.random.PCG64(seed))
    prices = np.exp(np.cumsum(1e-3 * random.standard_normal((rows, 3)), axis=0)) * [1e4, 10.0, 1e-3]
    weights = np.abs(np.cumsum(1e-3 * random.standard_normal((rows, 3)), axis=0) + 1)
    weights /= weights.sum(-1, keepdims=True)
    worth = value * np.exp(np.cumsum(7e-4 * random.standard_normal(rows)))
    return Trajectory(prices, weights, weights * worth[:, None] / prices, worth, np.abs(random.standard_normal(rows)))  # type: ignore[arg-type]


def cut(values: V, length: int) -> V:
    return values[: len(values) // length * length].reshape(-1, length)


def fall(values: V) -> V:
    top = np.maximum.accumulate(values, axis=-1)
    return (values - top) / top


def yearly(values: V) -> float:
    """The yearly return with the days counted as N/1440."""
    return float((values[-1] / values[0]) ** (365 / (len(values) / DAY)) - 1)


def inner(values: V, length: int, percent: float) -> float:
    pieces = cut(values, length)
    return float(np.percentile(pieces[:, 1:] / pieces[:, :-1] - 1, percent, axis=-1).mean())


def closing(values: V, length: int, percent: float) -> float:
    ends = cut(values, length)[:, -1]
    return float(np.percentile(ends[1:] / ends[:-1] - 1, percent))


def horizon(values: V, length: int) -> float:
    return float(np.sqrt(365 / (len(values) / DAY) * DAY / length))


def mean_yearly(values: V, length: int) -> float:
    pieces = cut(values, length)
    return float(((1 + pieces[:, -1] / pieces[:, 0] - 1) ** (YEAR / length) - 1).mean())


def against(path: Trajectory, held: V) -> float:
    return float(path.value[-1] / (held * path.prices[-1]).sum())


def spread(path: Trajectory) -> V:
    return np.asarray((path.reserves[0] * path.prices[0]).sum() / 3 / path.prices[0])


def annual(ratio: float, path: Trajectory) -> float:
    return float(ratio ** (YEAR / (len(path.value) - 1)) - 1)


def ratio(moves: V, times: float, more: float = 0.0) -> float:
    return float(np.sqrt(times) * moves.mean() / (moves.std() + more))


def steps(values: V) -> V:
    return values[1:] / values[:-1] - 1


Definition = Callable[[Any], float]
BOOK: dict[str, Definition] = {
    "sharpe": lambda p: ratio(steps(p.value), YEAR),
    "daily_sharpe": lambda p: ratio(steps(p.value[::DAY]), 365),
    "daily_log_sharpe": lambda p: ratio(np.diff(np.log(p.value[::DAY] + 1e-12)), 365, 1e-8),
    "returns": lambda p: p.value[-1] / p.value[0] - 1,
    "annualised_returns": lambda p: annual(p.value[-1] / p.value[0], p),
    "returns_over_hodl": lambda p: against(p, p.reserves[0]) - 1,
    "annualised_returns_over_hodl": lambda p: annual(against(p, p.reserves[0]), p),
    "returns_over_uniform_hodl": lambda p: against(p, spread(p)) - 1,
    "annualised_returns_over_uniform_hodl": lambda p: annual(against(p, spread(p)), p),
    "greatest_draw_down": lambda p: (p.value - p.value[0]).min() / p.value[0],
    "weekly_max_drawdown": lambda p: fall(cut(p.value, WEEK)).min(),
    "ulcer": lambda p: -np.sqrt((fall(cut(p.value, MONTH)) ** 2).mean(-1)).mean(),
    "sterling": lambda p: yearly(p.value) / -fall(cut(p.value, MONTH)).min(-1).mean(),
    "calmar": lambda p: yearly(p.value) / -fall(p.value).min(),
    "fee_revenue_over_value": lambda p: p.fees.sum() / p.value[0],
}
for period, length in (("daily", DAY), ("weekly", WEEK), ("monthly", MONTH)):
    BOOK[f"{period}_raroc"] = lambda p, d=length: -yearly(p.value) / (inner(p.value, d, 5) * horizon(p.value, d))
    BOOK[f"{period}_rovar"] = lambda p, d=length: -mean_yearly(p.value, d) / (inner(p.value, d, 5) * horizon(p.value, d))
    BOOK[f"{period}_rovar_trad"] = lambda p, d=length: -mean_yearly(p.value, d) / (closing(p.value, d, 5) * horizon(p.value, d))
    for percent in (5, 1):
        BOOK[f"{period}_var_{100 - percent}%"] = lambda p, d=length, q=percent: inner(p.value, d, q)
        BOOK[f"{period}_var_{100 - percent}%_trad"] = lambda p, d=length, q=percent: closing(p.value, d, q)

_all = jax.jit(score, static_argnames="names")


@cache
def scores(seed: int, scale: float = 1.0) -> dict[str, float]:
    """All metrics of a walk, in one program."""
    path = walk(seed)
    if scale != 1:
        path = path._replace(value=path.value * scale, reserves=path.reserves * scale, fees=path.fees * scale)
    return {name: float(value) for name, value in _all(jax.tree.map(jnp.asarray, path), NAMES).items()}


@names
def test_it_is_what_its_definition_says(name: str) -> None:
    """Written again in plain numpy from the reference's tables; two walks, 1e-9 relative."""
    assert set(NAMES) == set(METRICS)
    for seed in (1, 2):
        assert scores(seed)[name] == pytest.approx(BOOK[name](walk(seed)), rel=1e-9, abs=1e-12)


@names
def test_it_ignores_how_much_money_there_is(name: str) -> None:
    """Its unit holds no money: everything times 1024, the same number."""
    assert scores(1, 1024.0)[name] == pytest.approx(scores(1)[name], rel=1e-9)


def ends(path: Trajectory) -> Daily:
    return Daily(path.first, path.last, path.days, path.minutes)


@pytest.mark.parametrize("rows", [MINUTES, 2 * DAY, 2 * DAY + 1, 3 * DAY - 1])
def test_what_reads_days_needs_no_minutes(rows: int) -> None:
    """The same number, bit for bit, from the days and ends as from the whole path."""
    readers = tuple(name for name in NAMES if METRICS[name].reads == "days")
    assert {"daily_log_sharpe", "returns", "returns_over_hodl"} <= set(readers)
    path = jax.tree.map(jnp.asarray, walk(3, rows))
    whole, days = score(path, readers), score(ends(path), readers)
    for name in readers:
        assert np.array_equal(whole[name], days[name], equal_nan=True), name


def test_gradients_are_finite() -> None:
    """On a random path, with respect to what moves the value, the reserves and the fees: training can follow every metric."""
    base = jax.tree.map(jnp.asarray, walk(1))
    wave = jnp.linspace(0, 40, MINUTES)[:, None] + jnp.arange(3)

    def heard(bend: jax.Array, weights: dict[str, float]) -> jax.Array:
        reserves = base.reserves * (1 + 0.1 * jnp.sin(bend + wave))
        found = score(base._replace(reserves=reserves, value=(reserves * base.prices).sum(-1), fees=base.fees * bend), NAMES)
        return sum((weights[name] * found[name] for name in NAMES), jnp.zeros(()))

    slope = jax.jit(jax.grad(heard))
    whole = slope(jnp.asarray(0.7), dict.fromkeys(NAMES, 1.0))
    if not np.isfinite(whole):
        alone = {name: slope(jnp.asarray(0.7), dict.fromkeys(NAMES, 0.0) | {name: 1.0}) for name in NAMES}
        pytest.fail(f"no gradient: {[name for name, value in alone.items() if not np.isfinite(value)]}")
    assert whole != 0


def test_higher_is_better() -> None:
    """A path that climbs steadily beats one that falls; returns over a risk that may turn positive do not promise that."""
    times = np.arange(MINUTES)
    base = walk(4)
    noise = np.asarray(base.value) / np.asarray(base.value[0])
    found = []
    for drift in (-2e-6, 2e-6):
        value = 1e6 * noise**0.2 * np.exp(drift * times)
        found.append(_all(jax.tree.map(jnp.asarray, base._replace(value=value)), NAMES))
    worse, better = found
    for name in NAMES:
        if not name.startswith("fee") and not name.endswith(("raroc", "rovar", "rovar_trad")):
            assert better[name] >= worse[name], name


def test_too_short_a_window_is_nan_not_an_error() -> None:
    """Metrics of weeks and months on two days; the rest are numbers."""
    found = score(jax.tree.map(jnp.asarray, walk(5, 2 * DAY + 5)), NAMES)
    absent = {name for name in NAMES if name.startswith(("weekly", "monthly"))} | {"ulcer", "sterling"}
    for name, value in found.items():
        if name in absent:
            assert np.isnan(value), name
        elif name not in ("daily_sharpe", "daily_log_sharpe"):
            assert np.isfinite(value), name


def test_without_a_drawdown_return_over_drawdown_is_infinite() -> None:
    """As published; never a division by zero."""
    base = walk(6, MONTH)
    path = jax.tree.map(jnp.asarray, base._replace(value=np.linspace(1e6, 2e6, MONTH)))
    found = score(path, ("calmar", "sterling", "ulcer", "weekly_max_drawdown"))
    assert found["calmar"] == found["sterling"] == np.inf
    assert found["ulcer"] == found["weekly_max_drawdown"] == 0


def test_turnover_is_what_changes_of_value_weights_sum_to() -> None:
    """Mean over minutes, summed over assets."""
    path = walk(7, 2 * DAY)
    shares = np.asarray(path.reserves * path.prices) / np.asarray(path.value)[:, None]
    np.testing.assert_allclose(turnover(jax.tree.map(jnp.asarray, path)), np.abs(np.diff(shares, axis=0)).sum(-1).mean(), rtol=1e-12)


def test_each_metrics_yaml_names_its_unit() -> None:
    """The first line says the unit that the definition has."""
    from kinds import source

    for name in NAMES:
        assert source("metric", name).startswith(f"# Unit: {METRICS[name].unit}."), name
