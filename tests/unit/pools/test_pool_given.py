"""Weights that were recorded: the replay of a pool is the pool."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from kinds import DAY, build, opening, with_rule, world
from numpy.typing import NDArray

from quantamm_cli.engine.forward import days, simulate

ROWS = 2 * DAY + 77
run = jax.jit(simulate, static_argnames="rows")


@pytest.mark.parametrize("fees", [{}, {"fee": 0.002}], ids=["free", "costly"])
def test_every_minutes_weights_replay_the_pool_that_made_them(
    fees: dict[str, float], prices: NDArray[np.float64]
) -> None:
    """Fine weights of a temporal pool, given back, give its reserves."""
    pool = with_rule("momentum")
    made = run(pool, opening(pool, 3), world(pool, prices, **fees), 0, ROWS)
    replay = build("pool", "given")
    told = np.concatenate(
        [
            np.tile(made.weights[:1], (3 * DAY, 1)),
            made.weights,
            np.tile(made.weights[-1:], (len(prices) - 3 * DAY - ROWS, 1)),
        ]
    )
    feed = world(replay, prices, **fees)._replace(series={"weights": jnp.asarray(told)})
    found = run(replay, {}, feed, 0, ROWS)
    np.testing.assert_allclose(found.weights, made.weights, rtol=1e-13)
    np.testing.assert_allclose(found.reserves, made.reserves, rtol=1e-11)


@pytest.mark.parametrize("method", ["linear", "approx_optimal"])
def test_coarse_weights_are_joined(method: str, prices: NDArray[np.float64]) -> None:
    """At each chunk the recorded weights, between them the interpolation;
    days by the short cut are those of the minutes.
    """
    pool = build(
        "pool",
        "given",
        chunk_period=360,
        weight_interpolation_period=240,
        weight_interpolation_method=method,
    )
    feed = world(pool, prices)
    found = run(pool, {}, feed, 0, ROWS)
    recorded = np.asarray(feed.series["weights"])[3 * DAY // 360 :]
    np.testing.assert_allclose(
        found.weights[::360], recorded[: len(found.weights[::360])], rtol=1e-12
    )
    np.testing.assert_allclose(
        found.weights[240:360], np.broadcast_to(recorded[1], (120, 3)), rtol=1e-12
    )
    if method == "linear":
        np.testing.assert_allclose(found.weights[120], (recorded[0] + recorded[1]) / 2, rtol=1e-12)
    short = jax.jit(days, static_argnames="spans")(pool, {}, feed, 0, (("all", 0, ROWS),))["all"]
    np.testing.assert_allclose(short.days, found.days, rtol=1e-11)
