"""What arbitrageurs earn from a pool in a year, on random paths, against the theory of loss versus
rebalancing and a Monte Carlo of it.
"""

import json
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from compiling import FOR_USERS
from numpy.typing import NDArray

from quantamm_cli.core.types import Feed, Trading
from quantamm_cli.engine.forward import simulate
from quantamm_cli.kernels.operands import Frictions
from quantamm_cli.pools.balancer import Balancer

CASES = json.loads(Path(__file__).with_name("lvr_closed_form.json").read_text())["cases"]
PATHS, MINUTES, YEAR = 256, 14 * 1440, 525_600


@partial(jax.jit, compiler_options=FOR_USERS)  # it runs for longer than it compiles
def rates(logs: jax.Array, weights: jax.Array, fee: jax.Array) -> jax.Array:
    """Profit of the arbitrageur a year, over the pool's value if its price were
    the market's, path by path.
    """

    def one(path: jax.Array) -> jax.Array:
        prices = jnp.exp(path)[:, None] * jnp.array([1.0, 0.0]) + jnp.array([0.0, 1.0])
        feed = Feed(
            prices,
            prices[:1],
            jnp.asarray(0),
            jnp.asarray(0),
            jnp.asarray(1e6),
            Frictions(fee),
            None,
            Trading(),
        )
        found = simulate(Balancer(), {"initial_weights_logits": jnp.log(weights)}, feed, 0, MINUTES)
        before, now = found.reserves[:-1], found.prices[1:]
        profit = ((before - found.reserves[1:]) * now).sum(-1)
        worth = jnp.exp((weights * jnp.log(before * now / weights)).sum(-1))
        return (profit / worth).mean() * YEAR

    return jax.lax.map(one, logs, batch_size=64)


@pytest.fixture(scope="module")
def walks() -> NDArray[np.float64]:
    """Random walks of unit steps, each with its mirror image."""
    half = (
        np.random.Generator(np.random.PCG64(7))
        .standard_normal((PATHS // 2, MINUTES))
        .cumsum(axis=1)
    )
    return np.concatenate([half, -half])


@pytest.mark.parametrize(
    "case",
    CASES,
    ids=lambda case: f"w={case['weight_x']}-vol={case['annual_vol']}-fee={case['fee']}",
)
def test_arbitrageurs_earn_what_theory_says(
    case: dict[str, Any], walks: NDArray[np.float64]
) -> None:
    """Within 1.5 % and three standard errors, of the vectors' Monte Carlo and of ours."""
    assert (case["block_times"], case["block_time_minutes"]) == ("deterministic", 1.0)
    step = case["annual_vol"] / np.sqrt(YEAR)
    weights = np.array([case["weight_x"], 1 - case["weight_x"]])
    found = np.asarray(rates(walks * step, weights, np.asarray(case["fee"])))
    pairs = (found[: PATHS // 2] + found[PATHS // 2 :]) / 2  # a path and its mirror
    error = np.hypot(case["arb_mc_standard_error"], pairs.std() / np.sqrt(len(pairs)))
    expected = case["arb_rate_per_year_mc"]
    assert abs(pairs.mean() - expected) < 0.015 * expected + 3 * error
    assert error < 0.03 * expected  # it could fail
