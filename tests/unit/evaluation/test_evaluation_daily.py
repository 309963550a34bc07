"""Daily returns of stretches of a run: no day is lost or doubled,
and benchmarks are what they are called.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from kinds import DAY, opening, with_rule, world
from numpy.typing import NDArray

from quantamm_cli.core.types import Feed
from quantamm_cli.engine.forward import simulate
from quantamm_cli.engine.objective import period_scores
from quantamm_cli.evaluation.daily import candidates, daily, day_rows, spread

POOL: Any = with_rule("momentum")
FEES = pytest.mark.parametrize("fee", [0.0, 0.003], ids=["free", "fees"])
BEGIN, SEAM, LAST = 2 * DAY, 4 * DAY, 6 * DAY


def market(prices: NDArray[np.float64], fee: float) -> Feed:
    return world(POOL, prices[: 8 * DAY], burn_in=DAY, fee=fee)


def params(k: float = 30.0) -> dict[str, Any]:
    return opening(POOL, 3, k_per_day=k, memory_days=1.0)


@FEES
def test_stretches_one_after_the_other_have_the_days_of_the_whole(
    fee: float, prices: NDArray[np.float64]
) -> None:
    """Returns of the pool and of constant weights: as many as days, those of the pieces in their
    order those of the whole.
    """
    feed = market(prices, fee)
    whole, first, then = (
        daily(POOL, params(), feed, *span).returns
        for span in ((BEGIN, LAST), (BEGIN, SEAM), (SEAM, LAST))
    )
    for name in ("pool", "constant_weight"):
        assert len(whole[name]) == 4 and len(first[name]) == 2
        np.testing.assert_allclose(
            np.concatenate([first[name], then[name]]), whole[name], rtol=0, atol=1e-13
        )


@FEES
def test_days_are_those_of_the_continuous_run(fee: float, prices: NDArray[np.float64]) -> None:
    """From the last minute of one day to the last of the next; HODL holds what the pool held then,
    uniform HODL as much of each.
    """
    feed = market(prices, fee)
    path = jax.jit(simulate, static_argnums=(0, 4))(POOL, params(), feed, jnp.asarray(0), LAST)
    rows = np.arange(BEGIN - 1, LAST, DAY)
    found = daily(POOL, params(), feed, BEGIN, LAST)
    held = np.asarray(feed.prices)[rows]
    np.testing.assert_array_equal(found.prices, held)
    expected = {
        "pool": path.value[rows],
        "hodl": held @ path.reserves[rows[0]],
        "uniform_hodl": (held / held[0]).sum(-1),
    }
    for name, value in expected.items():
        np.testing.assert_allclose(
            found.returns[name], value[1:] / value[:-1] - 1, rtol=0, atol=1e-12
        )


def test_constant_weights_are_a_pool_whose_rule_says_nothing(prices: NDArray[np.float64]) -> None:
    """A pool that never moves its weights earns what constant weights do, at the same fees."""
    feed = market(prices, 0.003)
    found = daily(POOL, params(k=1e-12), feed, BEGIN, LAST).returns
    np.testing.assert_allclose(found["pool"], found["constant_weight"], rtol=0, atol=1e-9)
    assert (
        abs(daily(POOL, params(), feed, BEGIN, LAST).returns["pool"] - found["pool"]).max() > 1e-5
    )


def test_a_run_begins_without_a_row_before_it() -> None:
    """Its first day lacks a minute; part-days at the end are dropped."""
    assert day_rows(0, 3 * DAY).tolist() == [0, DAY, 2 * DAY]
    assert day_rows(DAY, 3 * DAY).tolist() == [DAY - 1, 2 * DAY - 1, 3 * DAY - 1]
    assert day_rows(DAY, 3 * DAY - 1).tolist() == [DAY - 1, 2 * DAY - 1]
    assert day_rows(700, 701).tolist() == [699]


@FEES
def test_candidates_earn_what_each_earns_alone(fee: float, prices: NDArray[np.float64]) -> None:
    """However many are run side by side."""
    feed, strengths = market(prices, fee), np.linspace(1, 60, 11)
    sets = [params(k) for k in strengths]
    stacked = {name: np.stack([np.asarray(each[name]) for each in sets]) for name in sets[0]}
    found = candidates(POOL, stacked, feed, BEGIN, LAST)
    assert found.shape == (11, 4)
    for which in (0, 7, 10):
        np.testing.assert_allclose(
            found[which],
            daily(POOL, sets[which], feed, BEGIN, LAST).returns["pool"],
            rtol=0,
            atol=1e-12,
        )


def test_what_comes_after_a_stretch_does_not_matter(prices: NDArray[np.float64]) -> None:
    """Other prices from its end on change nothing in it."""
    changed = prices.copy()
    changed[DAY + LAST :] *= 2
    one, other = (
        daily(POOL, params(), market(each, 0.003), BEGIN, LAST).returns
        for each in (prices, changed)
    )
    assert all(np.array_equal(one[name], other[name]) for name in one)


def test_candidates_are_spread_evenly_with_the_chosen_among_them() -> None:
    """First and last are there, none twice, and not many more than asked for."""
    assert spread(5, 64, 3).tolist() == [0, 1, 2, 3, 4]
    assert spread(1001, 5, 400).tolist() == [0, 250, 400, 500, 750, 1000]
    assert spread(1001, 5, 500).tolist() == [0, 250, 500, 750, 1000]


@FEES
@pytest.mark.parametrize(
    "names",
    [("daily_log_sharpe", "returns"), ("returns", "weekly_max_drawdown")],
    ids=["days", "minutes"],
)
def test_an_embargo_is_run_through_and_not_scored(
    fee: float, names: tuple[str, ...], prices: NDArray[np.float64]
) -> None:
    """Periods with days between them that belong to none are scored on their own
    rows of the continuous run.
    """
    feed = market(prices, fee)
    sets = {name: jnp.asarray(value)[None] for name, value in params().items()}
    gap = period_scores(POOL, (("train", 0, BEGIN), ("test", SEAM, LAST)), names, sets, feed)
    whole = period_scores(
        POOL,
        (("train", 0, BEGIN), ("embargo", BEGIN, SEAM), ("test", SEAM, LAST)),
        names,
        sets,
        feed,
    )
    for period in gap:
        for name in names:
            np.testing.assert_allclose(gap[period][name], whole[period][name], rtol=1e-9)
