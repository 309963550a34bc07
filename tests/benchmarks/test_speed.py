"""What a training step costs. ``make bench``; skipped otherwise. Named baselines run beside what they are compared with."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from quantamm_cli.core.closed_form import prefix
from quantamm_cli.core.types import Feed, Frictions, Params, Trading
from quantamm_cli.engine.objective import ascent, judge
from quantamm_cli.pools.guard import StandardGuard
from quantamm_cli.pools.temporal import Temporal
from quantamm_cli.rules.momentum import Momentum

DAY = 1440
TRACKED = ("daily_log_sharpe", "daily_sharpe", "returns", "annualised_returns", "returns_over_hodl", "returns_over_uniform_hodl")


def world(assets: int, days: int, chunk: int, fee: float | None) -> tuple[Temporal, Feed]:
    """A random walk after 100 days of burn-in, and a momentum pool."""
    burn_in = 100 * DAY
    steps = np.random.Generator(np.random.PCG64(0)).standard_normal((burn_in + days * DAY, assets))
    prices = np.exp(np.cumsum(8e-4 * steps, axis=0))
    pool = Temporal(rule=Momentum(), guard=StandardGuard(), chunk_period=chunk, weight_interpolation_period=chunk)
    simulated = prices[burn_in:]
    feed = Feed(
        prices=jnp.asarray(simulated),
        chunks=jnp.asarray(prices[::chunk]),
        first_chunk=jnp.asarray(0, jnp.int32),
        burn_in=jnp.asarray(burn_in, jnp.int32),
        initial_pool_value=jnp.asarray(1e6),
        frictions=None if fee is None else Frictions(jnp.asarray(fee)),
        prefix=prefix(simulated) if fee is None else None,
        trading=Trading(),
    )
    return pool, feed


def sets(count: int, assets: int) -> Params:
    return {
        "log_k": jnp.full((count, assets), 4.3) + jnp.arange(count)[:, None] * 0.1,
        "logit_lamb": jnp.full((count, assets), 0.75),
        "initial_weights_logits": jnp.zeros((count, assets)),
    }


@pytest.mark.parametrize(
    ("metric", "chunk"),
    [("daily_log_sharpe", 1440), ("daily_log_sharpe", 60), ("sharpe", 1440)],
    ids=["closed form, daily chunks", "closed form, hourly chunks", "baseline: every minute, daily chunks"],
)
def test_gradient_without_frictions(benchmark: Any, metric: str, chunk: int) -> None:
    """8 windows of 113 days, 4 parameter sets, 3 tokens: objective and gradient."""
    pool, feed = world(3, 125, chunk, None)
    step = partial(ascent, pool, metric, None, 113 * DAY, sets(4, 3), feed, jnp.arange(8, dtype=jnp.int32) * 1000)
    jax.block_until_ready(step())
    benchmark(lambda: jax.block_until_ready(step()))


def test_validation_without_frictions(benchmark: Any) -> None:
    """Train, validation and test metrics of 4 sets over 212 days."""
    pool, feed = world(3, 212, DAY, None)
    spans = (("train", 0, 120 * DAY), ("validation", 120 * DAY, 150 * DAY), ("test", 150 * DAY, 212 * DAY))
    step = partial(judge, pool, spans, TRACKED, sets(4, 3), feed)
    jax.block_until_ready(step())
    benchmark(lambda: jax.block_until_ready(step()))


@pytest.mark.parametrize("lanes", [1, 8])
@pytest.mark.parametrize("assets", [2, 3])
def test_gradient_with_a_fee(benchmark: Any, assets: int, lanes: int) -> None:
    """30 bps, windows of 7 days, the loop over minutes as a scan: objective and gradient."""
    pool, feed = world(assets, 20, DAY, 0.003)
    step = partial(ascent, pool, "daily_log_sharpe", None, 7 * DAY, sets(1, assets), feed, jnp.arange(lanes, dtype=jnp.int32) * 1000)
    jax.block_until_ready(step())
    benchmark.extra_info["minutes"] = 7 * DAY * lanes
    benchmark.pedantic(lambda: jax.block_until_ready(step()), rounds=3)
