"""Every metric against its written definition, and what all metrics promise."""

from collections.abc import Callable
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from kinds import CONF, components, source
from numpy.typing import NDArray
from user_plugins import DECLARED

from quantamm_cli.core.types import Daily, Trajectory
from quantamm_cli.metrics import METRICS, existing, score, unmarked
from quantamm_cli.metrics.costs import turnover
from quantamm_cli.metrics.undefined import marked, reason
from quantamm_cli.settings.signs import LOSSES

DAY, WEEK, MONTH, YEAR = 1440, 10_080, 43_200, 525_600
MINUTES = 91 * DAY + 777  # two returns of months
GROUP = "metric"
NAMES = tuple(components(GROUP))
OURS = tuple(name for name in NAMES if name not in DECLARED.get(GROUP, ()))
names = pytest.mark.parametrize("name", NAMES)
together = pytest.mark.parametrize(
    "chosen",
    [OURS, *((name,) for name in NAMES if name not in OURS)],
    ids=["ours", *(name for name in NAMES if name not in OURS)],
)
"""Ours in one program, and each of a user's alone."""
V = NDArray[np.float64]


@cache
def walk(seed: int, rows: int = MINUTES, value: float = 1e6) -> Trajectory:
    """A pool of three assets that is worth something random, consistently:
    value is reserves times prices.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    prices = np.exp(np.cumsum(1e-3 * random.standard_normal((rows, 3)), axis=0)) * [1e4, 10.0, 1e-3]
    weights = np.abs(np.cumsum(1e-3 * random.standard_normal((rows, 3)), axis=0) + 1)
    weights /= weights.sum(-1, keepdims=True)
    worth = value * np.exp(np.cumsum(7e-4 * random.standard_normal(rows)))
    return Trajectory(
        prices,
        weights,
        weights * worth[:, None] / prices,
        worth,
        np.abs(random.standard_normal(rows)),
    )  # type: ignore[arg-type]


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


def daily(path: Trajectory) -> tuple[V, V]:
    """Daily returns of the pool, and of equal parts of all assets."""
    alike = np.asarray(path.prices[::DAY] * spread(path)).sum(-1)
    return steps(path.value[::DAY]), steps(alike)


def below(earned: V) -> float:
    return float(np.sqrt(np.where(earned < 0, earned**2, 0).mean()))


def per(gain: float, risk: float) -> float:
    """Gain per unit of a risk that is a loss."""
    return gain / -risk if risk < 0 else np.nan


def beta(earned: V, base: V) -> float:
    return float(np.cov(earned, base)[0, 1] / base.var(ddof=1))


def captured(earned: V, base: V, days: V) -> float:
    return float(earned[days].mean() / base[days].mean())


def losing(path: Trajectory) -> bool:
    """Whether the pool loses on the days on which the market does."""
    earned, base = daily(path)
    return bool(earned[base <= 0].sum() < 0)


def deepest(values: V, share: float) -> float:
    """Mean of the deepest share of drawdowns, the last of them in part."""
    depths, left, total = np.sort(fall(values)), share * len(values), 0.0
    part = left
    for depth in depths:
        total, left = total + min(left, 1.0) * depth, left - min(left, 1.0)
    return float(total / part)


def steady(path: Trajectory) -> float:
    worth = np.asarray(path.reserves[0] * path.prices[0])
    return float(np.prod((path.prices[-1] / path.prices[0]) ** (worth / worth.sum())))


def followed(path: Trajectory, cost: float) -> float:
    """Each minute prices move what is held; then so much is sold, at a cost,
    that shares are the pool's again.
    """
    worth = np.asarray(path.reserves * path.prices)
    share = worth / worth.sum(-1, keepdims=True)
    held = share[:-1] * path.prices[1:] / path.prices[:-1]  # of one unit before the minute
    total = held.sum(-1)
    return float(np.prod(total - cost * np.maximum(held - total[:, None] * share[1:], 0).sum(-1)))


def mirrored(path: Trajectory) -> float:
    """Each minute's gain of what the pool held before it, put aside."""
    gains = (np.asarray(path.reserves)[:-1] * np.diff(path.prices, axis=0)).sum()
    return float(1 + gains / path.value[0])


def shares(path: Trajectory) -> V:
    """Of value, by asset."""
    return np.asarray(path.reserves * path.prices) / np.asarray(path.value)[:, None]


def growth(path: Trajectory) -> float:
    return float(path.value[-1] / path.value[0])


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
    "turnover": lambda p: -DAY * np.abs(np.diff(shares(p), axis=0)).sum(-1).mean(),
    "max_drawdown": lambda p: fall(p.value).min(),
    "daily_cdar_95%": lambda p: deepest(p.value[::DAY], 0.05),
    "daily_sortino": lambda p: np.sqrt(365) * daily(p)[0].mean() / below(daily(p)[0]),
    "daily_omega": lambda p: daily(p)[0].clip(0).sum() / -daily(p)[0].clip(None, 0).sum(),
    "daily_volatility": lambda p: -np.sqrt(365) * daily(p)[0].std(),
    "daily_return_on_var": lambda p: (
        -np.sqrt(365) * daily(p)[0].mean() / np.percentile(daily(p)[0], 5)
    ),
    "daily_jensen_alpha": lambda p: (
        (1 + daily(p)[0].mean() - beta(*daily(p)) * daily(p)[1].mean()) ** 365 - 1
    ),
    "daily_beta": lambda p: -beta(*daily(p)),
    "daily_tracking_error": lambda p: -np.sqrt(365) * (daily(p)[0] - daily(p)[1]).std(),
    "daily_information_ratio": lambda p: ratio(daily(p)[0] - daily(p)[1], 365),
    "daily_up_capture": lambda p: captured(*daily(p), daily(p)[1] > 0),
    "daily_down_capture": lambda p: -captured(*daily(p), daily(p)[1] <= 0),
    "daily_capture_ratio": lambda p: (
        BOOK["daily_up_capture"](p) / -BOOK["daily_down_capture"](p) if losing(p) else np.nan
    ),
    "returns_over_constant_weight": lambda p: growth(p) / steady(p) - 1,
    "annualised_returns_over_constant_weight": lambda p: annual(growth(p) / steady(p), p),
    "returns_over_rebalancing": lambda p: growth(p) / followed(p, 0) - 1,
    "annualised_returns_over_rebalancing": lambda p: annual(growth(p) / followed(p, 0), p),
    "loss_versus_rebalancing": lambda p: growth(p) - mirrored(p),
    "returns_over_costly_rebalancing": lambda p: growth(p) / followed(p, 1e-3) - 1,
    "annualised_returns_over_costly_rebalancing": lambda p: annual(
        growth(p) / followed(p, 1e-3), p
    ),
    "rebalancing_versus_rebalancing": lambda p: growth(p) - followed(p, 1e-3),
}
for period, length in (("daily", DAY), ("weekly", WEEK), ("monthly", MONTH)):
    BOOK[f"{period}_raroc"] = lambda p, d=length: per(
        yearly(p.value), inner(p.value, d, 5) * horizon(p.value, d)
    )
    BOOK[f"{period}_rovar"] = lambda p, d=length: per(
        mean_yearly(p.value, d), inner(p.value, d, 5) * horizon(p.value, d)
    )
    BOOK[f"{period}_rovar_trad"] = lambda p, d=length: per(
        mean_yearly(p.value, d), closing(p.value, d, 5) * horizon(p.value, d)
    )
    for percent in (5, 1):
        BOOK[f"{period}_var_{100 - percent}%"] = lambda p, d=length, q=percent: inner(p.value, d, q)
        BOOK[f"{period}_var_{100 - percent}%_trad"] = lambda p, d=length, q=percent: closing(
            p.value, d, q
        )

_all = jax.jit(score, static_argnames="names")


@cache
def scores(seed: int, scale: float = 1.0) -> dict[str, float]:
    """All metrics of a walk, in one program."""
    path = walk(seed)
    if scale != 1:
        path = path._replace(
            value=path.value * scale, reserves=path.reserves * scale, fees=path.fees * scale
        )
    return {name: float(value) for name, value in _all(path, NAMES).items()}


def test_every_shipped_metric_is_defined_a_second_time() -> None:
    """A formula that nothing else says is not tested; a user's has the other laws."""
    shipped = {path.stem for path in (CONF / GROUP).glob("*.yaml")}
    assert shipped <= BOOK.keys(), "define it in BOOK, in plain numpy, from its source"


@pytest.mark.parametrize("name", [name for name in NAMES if name in BOOK])
def test_it_is_what_its_definition_says(name: str) -> None:
    """Written again in plain numpy from the reference's tables; two walks, 1e-9 relative."""
    assert any(np.isfinite(scores(seed)[name]) for seed in (1, 2)), "choose other walks"
    for seed in (1, 2):
        expected = BOOK[name](walk(seed))
        if abs(expected) > 1e12:
            expected = np.copysign(np.inf, expected)
        near = pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True)
        assert scores(seed)[name] == near


@names
def test_it_ignores_how_much_money_there_is(name: str) -> None:
    """Its unit holds no money: everything times 1024, the same number;
    a sum of money is 1024 times itself.
    """
    scale = 1024.0 if METRICS[name].unit == "numeraire" else 1.0
    near = pytest.approx(scale * scores(1)[name], rel=1e-9, nan_ok=True)
    assert scores(1, 1024.0)[name] == near


def ends(path: Trajectory) -> Daily:
    return Daily(path.first, path.last, path.days, path.day_prices, path.minutes)


@together
@pytest.mark.parametrize("rows", [MINUTES, 2 * DAY, 2 * DAY + 1, 3 * DAY - 1])
def test_what_reads_days_needs_no_minutes(rows: int, chosen: tuple[str, ...]) -> None:
    """The same number, bit for bit, from the days and ends as from the whole path."""
    readers = tuple(name for name in chosen if METRICS[name].reads == "days")
    if chosen == OURS:
        assert {"daily_log_sharpe", "returns", "returns_over_hodl"} <= set(readers)
    path = jax.tree.map(jnp.asarray, walk(3, rows))
    whole, days = score(path, readers), score(ends(path), readers)
    for name in readers:
        assert np.array_equal(whole[name], days[name], equal_nan=True), name


@pytest.mark.heavy
@together
def test_gradients_are_finite(chosen: tuple[str, ...]) -> None:
    """On a random path, with respect to what moves the value, the reserves and the fees:
    training can follow every metric.
    """
    wave = np.linspace(0, 40, MINUTES)[:, None] + np.arange(3)

    def total(bend: Any, weights: dict[str, Any], base: Trajectory, wave: jax.Array) -> jax.Array:
        reserves = base.reserves * (1 + 0.1 * jnp.sin(bend + wave))
        found = score(
            base._replace(
                reserves=reserves, value=(reserves * base.prices).sum(-1), fees=base.fees * bend
            ),
            chosen,
        )
        return sum((weights[name] * found[name] for name in chosen), jnp.zeros(()))

    slope = jax.jit(jax.grad(total))
    whole = slope(0.7, dict.fromkeys(chosen, 1.0), walk(1), wave)
    if not np.isfinite(whole):
        none = dict.fromkeys(chosen, 0.0)
        alone = {name: slope(0.7, none | {name: 1.0}, walk(1), wave) for name in chosen}
        pytest.fail(
            f"no gradient: {[name for name, value in alone.items() if not np.isfinite(value)]}"
        )
    assert whole != 0


@cache
def climbing(drift: float) -> dict[str, Any]:
    """All metrics of a noisy path with a drift a minute."""
    times = np.arange(MINUTES)
    base = walk(4)
    noise = np.asarray(base.value) / np.asarray(base.value[0])
    value = 1e6 * noise**0.2 * np.exp(drift * times)
    return dict(_all(base._replace(value=value), NAMES))


RISKS = ("raroc", "rovar", "rovar_trad", "volatility", "turnover", "beta", "error", "ratio")


@pytest.mark.parametrize(
    "name", [name for name in NAMES if not name.startswith("fee") and not name.endswith(RISKS)]
)
def test_higher_is_better(name: str) -> None:
    """A path that climbs steadily beats one that falls; risks alone, and returns over one that may
    turn positive, do not promise that.
    """
    assert climbing(2e-6)[name] >= climbing(-2e-6)[name]


SHAPES: dict[str, Callable[[int], V]] = {
    "constant": lambda rows: np.zeros(rows),
    "rising": lambda rows: 1e-6 * np.arange(rows),
    "falling": lambda rows: -1e-6 * np.arange(rows),
    "equal returns": lambda rows: 7e-9 * np.arange(rows),
    "doubled once": lambda rows: np.log(2.0) * (np.arange(rows) >= rows // 2),
    "a rise of 1e-9": lambda rows: 1e-9 * (np.arange(rows) >= rows // 2),
    "halved once": lambda rows: -np.log(2.0) * (np.arange(rows) >= rows // 2),
    "lost 99.9 % once": lambda rows: np.log(1e-3) * (np.arange(rows) >= rows // 2),
    "a walk": lambda rows: np.log(walk(8, rows).value / 1e6) if rows else np.zeros(0),
}
"""The logarithm of a pool's value, minute by minute."""


def shaped(form: str, rows: int, dtype: str = "float64") -> Trajectory:
    """A pool whose value has a form, at prices that walk."""
    base, value = walk(8, rows), 1e6 * np.exp(SHAPES[form](rows))
    reserves = base.weights * value[:, None] / base.prices
    path = base._replace(reserves=reserves, value=value)
    return jax.tree.map(lambda column: jnp.asarray(column, dtype), path)


@cache
def short(rows: int, dtype: str = "float64") -> dict[str, dict[str, float]]:
    """All metrics of every form, by form; one program."""
    paths = [shaped(form, rows, dtype) for form in SHAPES]
    stacked = jax.tree.map(lambda *columns: jnp.stack(columns), *paths)
    found = jax.jit(jax.vmap(lambda path: score(path, NAMES)), compiler_options=QUICK)(stacked)
    return {
        form: {name: float(found[name][row]) for name in NAMES} for row, form in enumerate(SHAPES)
    }


QUICK = {"xla_backend_optimization_level": 0}
SPREAD = ("sharpe", "daily_sharpe", "daily_log_sharpe", "daily_information_ratio")


def shortest(name: str) -> int:
    """The rows that a shipped metric needs, from its name: a block of its period, or two returns of
    it.
    """
    period, _, what = name.partition("_")
    length = {"daily": DAY, "weekly": WEEK, "monthly": MONTH}.get(period)
    if length is None or name == "daily_cdar_95%":
        rows = {"sharpe": 3, "ulcer": MONTH, "sterling": MONTH, "fee_revenue_over_value": 1}
        return (rows | {"daily_cdar_95%": DAY + 1}).get(name, 2)
    if what.endswith("_trad"):
        return 3 * length
    return length if what.startswith(("var_", "raroc", "rovar", "max_")) else 2 * length + 1


def exists(name: str, form: str, path: Trajectory) -> bool:
    """Whether a shipped metric exists on a form, in plain numpy."""
    if len(path.value) < shortest(name):
        return False
    value = np.asarray(path.value, float)
    earned, base = daily(path)
    if name in SPREAD:
        moves = {"sharpe": steps(value), "daily_information_ratio": earned - base}.get(name, earned)
        return bool(moves.std() > max(1e-12 * abs(moves).max(), 2e-15))
    with np.errstate(all="ignore"):
        risk = {
            "daily_sortino": lambda: earned.min(),
            "daily_omega": lambda: earned.min(),
            "daily_return_on_var": lambda: np.percentile(earned, 5),
            "calmar": lambda: fall(value).min(),
            "daily_up_capture": lambda: -base[base > 0].sum(),
            "daily_down_capture": lambda: base[base <= 0].sum(),
            "daily_raroc": lambda: inner(value, DAY, 5),
            "daily_rovar": lambda: inner(value, DAY, 5),
            "daily_rovar_trad": lambda: closing(value, DAY, 5),
        }
        if name == "daily_capture_ratio":
            return bool(base.max() > 0 > base.min() and earned[base <= 0].sum() < -1e-12)
        if name in risk and not risk[name]() < -1e-12:
            return False
        return bool(abs(BOOK[name](path)) <= 1e12)


@pytest.mark.parametrize("days", [0, 1, 2, 3])
def test_a_metric_exists_or_has_a_reason(days: int) -> None:
    """On nothing to three days, of every form: a number of at most 1e12, or none and a reason;
    ours where plain numpy says so, and nowhere else.
    """
    rows = days * DAY + min(days, 1)
    for form, found in short(rows).items() if rows else {"constant": {}}.items():
        path = shaped(form, rows)
        for name in NAMES:
            value = found[name] if rows else float(METRICS[name].compute(path))
            why = reason(name, value, rows)
            assert np.isfinite(value) == (why is None), (form, name)
            assert why is None or ("\n" not in why and len(why) > 10)
            assert not abs(value) > 1e12 or np.isinf(value) or METRICS[name].unit == "numeraire"
            if name in OURS:
                assert np.isfinite(value) == exists(name, form, path), (form, name, value)
            if rows < METRICS[name].minutes:
                assert why.startswith("needs "), (form, name, why)


def test_in_single_precision_no_number_is_made_of_rounding() -> None:
    """Three days in float32: a value that stands still, or grows evenly, has no ratio to its
    deviation, and none is above a million times that of a walk.
    """
    for form, found in short(3 * DAY + 1, "float32").items():
        for name in OURS:
            assert not np.isfinite(found[name]) or abs(found[name]) <= 1e12, (form, name)
    for form in ("constant", "equal returns"):
        assert all(np.isnan(short(3 * DAY + 1, "float32")[form][name]) for name in SPREAD[:3]), form


def test_what_is_marked_after_a_program_is_what_is_marked_in_it() -> None:
    """``marked`` of ``unmarked`` and ``existing`` is ``score``."""
    path = shaped("equal returns", 3 * DAY + 1)
    apart = {name: float(value) for name, value in unmarked(path, OURS).items()}
    checks = {name: bool(value) for name, value in existing(path, OURS).items()}
    found = {name: float(value) for name, value in score(path, OURS).items()}
    assert apart != found and sorted(checks) != []
    np.testing.assert_equal(marked(apart, checks), found)


def test_without_a_drawdown_there_is_no_return_over_drawdown() -> None:
    """Never a division by zero; drawdowns themselves are zero."""
    base = walk(6, MONTH)
    path = jax.tree.map(jnp.asarray, base._replace(value=np.linspace(1e6, 2e6, MONTH)))
    found = score(path, ("calmar", "sterling", "ulcer", "weekly_max_drawdown"))
    assert np.isnan(found["calmar"]) and np.isnan(found["sterling"])
    assert found["ulcer"] == found["weekly_max_drawdown"] == 0
    assert reason("sterling", float(found["sterling"]), MONTH) == "no month has a drawdown"


def test_turnover_is_what_changes_of_value_weights_sum_to() -> None:
    """Mean over minutes, summed over assets."""
    path = walk(7, 2 * DAY)
    np.testing.assert_allclose(
        turnover(jax.tree.map(jnp.asarray, path)),
        np.abs(np.diff(shares(path), axis=0)).sum(-1).mean(),
        rtol=1e-12,
    )


def test_losses_are_negative_fractions_that_are_called_so() -> None:
    """Drawdowns and values at risk, and nothing else; of a walk each is below zero."""
    called = {name for name in OURS if "draw" in name or "_var_" in name or "cdar" in name}
    assert called == LOSSES & set(OURS)
    for name in called:
        assert METRICS[name].unit == "fraction" and -1 < scores(1)[name] < 0, name


@pytest.mark.parametrize("name", OURS)
def test_its_yaml_names_its_unit(name: str) -> None:
    """The first line says the unit that the definition has."""
    assert source(GROUP, name).startswith(f"# Unit: {METRICS[name].unit}.")
