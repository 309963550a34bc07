"""What scores are measured in: a share of the pool, and above a riskless rate."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from kinds import DAY, build, opening, with_rule, world
from numpy.typing import NDArray

from quantamm_cli.core.types import Basis, Daily, Feed, Trajectory
from quantamm_cli.engine.objective import Aim, Weights, gains, period_scores
from quantamm_cli.evaluation.assess import assess
from quantamm_cli.evaluation.daily import candidates, daily
from quantamm_cli.evaluation.decomposition import decomposition
from quantamm_cli.metrics import METRICS, score

BURN_IN, ROWS = 3 * DAY, 4 * DAY + 30
SPANS = (("train", 0, 2 * DAY + 100), ("test", 2 * DAY + 100, ROWS))
SUPPLY = np.repeat([5.0, 20.0, 6.0, 60.0], [DAY + 7, 1500, 1000, ROWS - DAY - 2507])
"""Deposits and withdrawals, inside of periods and at rows that are no midnight."""
POOLS = {"balancer": build("pool", "balancer"), "momentum": with_rule("momentum")}


@pytest.fixture(scope="module")
def prices() -> NDArray[np.float64]:
    steps = np.random.Generator(np.random.PCG64(5)).normal(0, 1e-3, (BURN_IN + ROWS, 2))
    return np.exp(steps.cumsum(axis=0)) * [3e4, 2e3]


def plain(pool: Any, prices: NDArray[np.float64]) -> Feed:
    return world(pool, prices, fee=0.003)


def supplied(feed: Feed, share: bool = True) -> Feed:
    """The same with deposits; scores are of a share, or of the pool."""
    supply = jnp.asarray(SUPPLY)
    costs = feed.frictions._replace(lp_supply=supply)  # type: ignore[union-attr]
    return feed._replace(frictions=costs, basis=Basis(supply if share else None))


def same(own: Any, other: Any) -> None:
    """Trees of numbers that agree to rounding: of the numbers, or of the values they are of."""
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-11), own, other)


@pytest.mark.parametrize("name", POOLS)
def test_deposits_change_no_score_of_a_share(name: str, prices: NDArray[np.float64]) -> None:
    """Of the pool, of every benchmark and portfolio, of every day and every part of a return:
    nothing that a pool does per share depends on how many shares there are.
    """
    pool = POOLS[name]
    feed, params = plain(pool, prices), opening(pool, 2)
    without, grows = (assess(pool, params, each, SPANS, True) for each in (feed, supplied(feed)))
    assert without.scores.keys() == grows.scores.keys() >= {"hodl", "lvr", "rvr"}
    same(dict(grows.scores), dict(without.scores))
    assert grows.final["value"] == pytest.approx(12 * without.final["value"], rel=1e-9)
    parts = (
        decomposition(pool, params, each, SPANS, assessed.trajectory)
        for each, assessed in ((feed, without), (supplied(feed), grows))
    )
    same(*parts)
    days = [daily(pool, params, each, DAY, ROWS) for each in (feed, supplied(feed))]
    same(dict(days[1].returns), dict(days[0].returns))
    sets = {key: np.asarray(value)[None] for key, value in params.items()}
    same(*(candidates(pool, sets, each, DAY, ROWS) for each in (feed, supplied(feed))))


@pytest.mark.parametrize("metric", ["daily_log_sharpe", "sharpe"])
def test_training_and_selection_see_shares(metric: str, prices: NDArray[np.float64]) -> None:
    """Whether they read days or minutes."""
    pool, aim = POOLS["momentum"], Aim(metric, 3 * DAY)
    sets = jax.tree.map(lambda value: value[None], opening(pool, 2))
    feed, starts = plain(pool, prices), jnp.array([0, DAY])
    names = (metric, "returns_over_hodl")
    alone, grows = (
        (
            gains(aim, Weights(), pool, sets, each, starts),
            period_scores(pool, SPANS, names, sets, each),
        )
        for each in (feed, supplied(feed))
    )
    same(grows, alone)


def test_scores_of_the_pool_have_the_deposits(prices: NDArray[np.float64]) -> None:
    pool = POOLS["balancer"]
    feed, params = plain(pool, prices), opening(pool, 2)
    whole = (("all", 0, ROWS),)
    of_share, of_pool = (
        assess(pool, params, supplied(feed, share), whole, True).scores for share in (True, False)
    )
    growth = 1 + of_share["pool"]["all"]["returns"]
    assert of_pool["pool"]["all"]["returns"] == pytest.approx(12 * growth - 1, rel=1e-9)
    assert "lvr" not in of_pool, "a portfolio without deposits is no benchmark of a pool with them"


RATE = 0.07
CASH = np.log1p(RATE) / (365 * DAY)


def with_cash(path: Trajectory) -> Trajectory:
    """The same path beside an account at 7 % a year."""
    return path._replace(cash=jnp.arange(len(path.value)) * CASH)


def walk(rows: int = 61 * DAY) -> Trajectory:
    random = np.random.Generator(np.random.PCG64(8))
    prices = np.exp(random.normal(0, 1e-3, (rows, 2)).cumsum(axis=0))
    worth = prices * [2.0, 1.0]
    value = worth.sum(-1)
    return Trajectory(
        *map(jnp.asarray, (prices, worth / value[:, None], worth / prices, value, 0 * value))
    )


RATIOS = {
    "sharpe": (365 * DAY) ** 0.5,
    "daily_sharpe": 365**0.5,
    "daily_log_sharpe": 365**0.5,
}
"""Ratios whose numerator is a mean return, and the factor to a year."""


@pytest.mark.parametrize("name", RATIOS)
def test_a_sharpe_ratio_falls_by_the_rate_over_the_deviation(name: str) -> None:
    path = walk()
    minutes = 1 if name == "sharpe" else DAY
    value = np.asarray(path.value)[::minutes]
    moves = np.diff(np.log(value)) if "log" in name else value[1:] / value[:-1] - 1
    earned = CASH * minutes if "log" in name else np.expm1(CASH * minutes)
    expected = RATIOS[name] * (moves - earned).mean() / (moves.std() + ("log" in name) * 1e-8)
    assert float(score(with_cash(path), [name])[name]) == pytest.approx(expected, rel=1e-9)


def test_yearly_ratios_are_of_what_is_above_the_rate() -> None:
    """The yearly return falls by the yearly rate, over the same risk."""
    path, names = walk(), ["calmar", "sterling", "daily_raroc", "weekly_rovar", "weekly_rovar_trad"]
    gain = float((path.value[-1] / path.value[0]) ** (365 * DAY / len(path.value)) - 1)
    rate = float(np.expm1(CASH * (len(path.value) - 1) * 365 * DAY / len(path.value)))
    zero, above = score(path, names), score(with_cash(path), names)
    for name in names[:3]:
        assert float(above[name] / zero[name]) == pytest.approx(1 - rate / gain, rel=1e-9)
    weeks = np.asarray(path.value)[: len(path.value) // 10080 * 10080].reshape(-1, 10080)
    mean = float(((weeks[:, -1] / weeks[:, 0]) ** (365 / 7) - 1).mean())
    own = float(np.expm1(CASH * 10079 * 365 / 7))
    for name in names[3:]:
        assert float(above[name] / zero[name]) == pytest.approx(1 - own / mean, rel=1e-9)


def test_other_ratios_by_hand() -> None:
    path = with_cash(walk())
    names = ["daily_sortino", "daily_omega", "daily_return_on_var", "daily_jensen_alpha"]
    value, prices = np.asarray(path.days), np.asarray(path.day_prices)
    raw = value[1:] / value[:-1] - 1
    market = (prices / prices[0]).mean(-1)
    above, base = raw - np.expm1(CASH * DAY), market[1:] / market[:-1] - 1 - np.expm1(CASH * DAY)
    slope = np.cov(above, base)[0, 1] / base.var(ddof=1)
    expected = {
        "daily_sortino": 365**0.5 * above.mean() / (np.minimum(above, 0) ** 2).mean() ** 0.5,
        "daily_omega": np.maximum(above, 0).sum() / -np.minimum(above, 0).sum(),
        "daily_return_on_var": -(365**0.5) * above.mean() / np.percentile(raw, 5),
        "daily_jensen_alpha": (1 + above.mean() - slope * base.mean()) ** 365 - 1,
    }
    for name, value in score(path, names).items():
        assert float(value) == pytest.approx(expected[name], rel=1e-8), name


def test_days_of_a_walk_forward_know_the_rate(prices: NDArray[np.float64]) -> None:
    """Returns stay; those above the rate, and those of candidates, are lower by it."""
    pool = POOLS["balancer"]
    feed, params = plain(pool, prices), opening(pool, 2)
    rated = feed._replace(basis=Basis(None, jnp.arange(ROWS) * CASH))
    usual, days = (daily(pool, params, each, DAY, ROWS) for each in (feed, rated))
    assert usual.riskless is None
    np.testing.assert_allclose(days.riskless, np.expm1(CASH * DAY), rtol=1e-9)
    for name, returns in usual.returns.items():
        np.testing.assert_array_equal(days.returns[name], returns)
        np.testing.assert_allclose(days.excess[name], returns - np.expm1(CASH * DAY), atol=1e-15)
        np.testing.assert_array_equal(usual.excess[name], returns)
    sets = {key: np.asarray(value)[None] for key, value in params.items()}
    tried = candidates(pool, sets, rated, DAY, ROWS)
    np.testing.assert_allclose(tried[0], days.excess["pool"], atol=1e-15)


@pytest.mark.parametrize("share", [None, 1.0])
def test_nothing_riskless_is_to_the_bit_what_it_was(share: float | None) -> None:
    """A rate of zero, given as a series: the same bits in every metric, of minutes and of days."""
    path = walk(31 * DAY)
    zero = path._replace(cash=jnp.zeros(len(path.value)))
    if share is not None:
        zero = zero._replace(supply=jnp.full(len(path.value), share))
    compute = jax.jit(score, static_argnames="names")
    one, two = compute(path, tuple(METRICS)), compute(zero, tuple(METRICS))
    for name in METRICS:
        assert np.array_equal(one[name], two[name], equal_nan=True), name


def test_days_alone_have_the_same_account() -> None:
    path = with_cash(walk(5 * DAY + 3))
    days = Daily(path.first, path.last, path.days, path.day_prices, path.minutes, path.day_cash)
    names = tuple(name for name, each in METRICS.items() if each.reads == "days")
    one, two = score(path, names), score(days, names)
    for name in names:
        assert np.array_equal(one[name], two[name], equal_nan=True), name
