"""Geometric mean pools that somebody else writes."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from kinds import DAY, opening, world
from numpy.typing import NDArray

from quantamm_cli.core.executor import executor
from quantamm_cli.engine.forward import days, simulate
from quantamm_cli.pools.geometric import GeometricPool

SPANS = (("all", 0, DAY),)


class Swinging(GeometricPool):
    """Weights as it likes, minute by minute."""

    @property
    def moves(self) -> bool:
        return True

    def weights(self, params: Any, feed: Any, start: Any, rows: int) -> Any:
        swing = 0.1 * jnp.sin(jnp.arange(rows) / 200)
        return jnp.stack([0.4 + swing, 0.3 - swing, jnp.full(rows, 0.3)], axis=1)


class Generous(Swinging):
    """Gives a part away every minute."""

    def step(self, state: Any, tick: Any, solver: str) -> Any:
        state, row = super().step(state, tick, solver)
        return state._replace(reserves=state.reserves * 0.9999), row._replace(
            reserves=row.reserves * 0.9999
        )


@pytest.mark.heavy
def test_weights_alone_make_a_pool(prices: NDArray[np.float64]) -> None:
    """In compiled code each minute is a block, and that is the scan."""
    pool, params = Swinging(), opening(Swinging(), 3)
    feed = world(pool, prices, fee=0.003)

    def path() -> Any:
        run = simulate(pool, params, feed, 7, DAY)
        assert run.volumes is not None
        # Volumes are differences of reserves: they are as exact as the pool's value is.
        shares = jax.tree.map(lambda volume: volume / run.value[0], run.volumes)
        return run._replace(volumes=shares)

    for run in (path, lambda: days(pool, params, feed, 7, SPANS)):
        with executor("scan"):
            expected = run()
        for one, other in zip(jax.tree.leaves(run()), jax.tree.leaves(expected), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-9)


def test_a_step_of_its_own_is_taken(prices: NDArray[np.float64]) -> None:
    """Compiled code does not take its place."""
    pool, params = Generous(), opening(Generous(), 3)
    feed = world(pool, prices, fee=0.003)
    last = float(simulate(pool, params, feed, 0, DAY).value[-1])
    assert last < 0.9 * float(simulate(Swinging(), params, feed, 0, DAY).value[-1])
    assert float(days(pool, params, feed, 0, SPANS)["all"].last.value) == pytest.approx(
        last, rel=1e-14
    )
