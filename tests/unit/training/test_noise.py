"""Noise on prices: one market, of mean one, the same for the same step."""

import jax.numpy as jnp
import numpy as np
import pytest
from kinds import DAY, build, opening, with_rule, world

from quantamm_cli.core.closed_form import prefix
from quantamm_cli.core.types import Feed
from quantamm_cli.engine.forward import days, simulate
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.training.noise import factors, noised


def market() -> tuple[AbstractPool, Feed]:
    """A pool that looks every six hours, and nine days of prices, four of them burn-in."""
    walk = np.random.default_rng(0).normal(0, 1e-3, (9 * DAY, 2))
    pool = with_rule("momentum")
    return pool, world(pool, np.exp(np.cumsum(walk, axis=0)), burn_in=4 * DAY)


def test_factors_have_mean_one_and_the_deviation_asked_for() -> None:
    """A number a chunk and token, drawn anew at each step; none without noise."""
    pool, feed = market()
    drawn = np.array([factors(0, step, 0.3, pool, feed) for step in range(400)])
    assert drawn.shape[1:] == feed.chunks.shape
    assert drawn.mean() == pytest.approx(1, abs=5e-3)
    assert np.log(drawn).std() == pytest.approx(0.3, rel=0.02)
    assert np.array_equal(factors(0, 7, 0.3, pool, feed), drawn[7])
    assert not np.array_equal(drawn[6], drawn[7])
    assert factors(0, 0, 0.0, pool, feed) is None
    assert noised(pool, feed, None) is feed


def test_what_the_pool_sees_is_what_it_trades_at() -> None:
    """Chunk prices are those of the rows where chunks begin, and prefix sums those of the prices,
    after the noise as before.
    """
    pool, feed = market()
    noisy = noised(pool, feed, jnp.asarray(factors(0, 1, 0.1, pool, feed)))
    assert not np.allclose(noisy.prices, feed.prices, rtol=1e-3)
    first = int(feed.first_chunk) + int(feed.burn_in) // 360
    np.testing.assert_allclose(noisy.chunks[first:], noisy.prices[::360], rtol=1e-12)
    whole = prefix(np.asarray(noisy.prices))
    np.testing.assert_allclose(noisy.prefix.log_prices, whole.log_prices, rtol=0, atol=1e-12)
    np.testing.assert_allclose(noisy.prefix.moments, whole.moments, rtol=0, atol=1e-8)
    padding = np.asarray(noisy.chunks[: int(feed.first_chunk) + 1])
    assert np.array_equal(padding, np.broadcast_to(padding[0], padding.shape))


def test_a_factor_holds_for_a_whole_chunk() -> None:
    """Prices move inside a chunk as they did."""
    pool, feed = market()
    noisy = noised(pool, feed, jnp.asarray(factors(0, 1, 0.1, pool, feed)))
    ratio = np.asarray(noisy.prices / feed.prices).reshape(-1, 360, 2)
    np.testing.assert_allclose(ratio, np.broadcast_to(ratio[:, :1], ratio.shape), rtol=1e-12)
    assert len(np.unique(ratio[:, 0, 0].round(9))) == len(ratio)


@pytest.mark.heavy
def test_both_ways_to_value_a_pool_agree_in_a_noisy_market() -> None:
    """Minute by minute, and in closed form at the days."""
    pool, feed = market()
    noisy, params = (
        noised(pool, feed, jnp.asarray(factors(0, 1, 0.05, pool, feed))),
        opening(pool, 2),
    )
    path = simulate(pool, params, noisy, 100, 3 * DAY)
    daily = days(pool, params, noisy, 100, (("window", 0, 3 * DAY),))["window"]
    np.testing.assert_allclose(daily.days, path.days, rtol=1e-9)
    assert not np.allclose(
        path.days[1:], simulate(pool, params, feed, 100, 3 * DAY).days[1:], rtol=1e-4
    )


def test_a_pool_that_looks_at_no_chunks_has_a_factor_a_day() -> None:
    """Drawn for the rows there are."""
    pool = build("pool", "balancer")
    feed = world(pool, np.ones((3 * DAY, 2)), burn_in=0)
    drawn = factors(0, 0, 0.1, pool, feed)
    assert drawn.shape == (3, 2)
    np.testing.assert_allclose(
        noised(pool, feed, jnp.asarray(drawn)).prices, np.repeat(drawn, DAY, axis=0), rtol=1e-12
    )
