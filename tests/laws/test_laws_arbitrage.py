"""What arbitrage does to a pool of constant weights, against closed forms of diffusions."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from compiling import FOR_USERS
from numpy.typing import NDArray

from quantamm_cli.core.types import Feed, Trading, Trajectory
from quantamm_cli.engine.forward import simulate
from quantamm_cli.kernels.operands import Frictions
from quantamm_cli.metrics import score
from quantamm_cli.pools.balancer import Balancer

DAY, SIGMA, FEE = 1440, 0.03, 0.003
PATHS, MINUTES = 32, 91 * DAY + 360  # eight years
DISCRETE = 0.5826
"""|zeta(1/2)| / sqrt(2 pi): the mean overshoot of a random walk beyond a barrier, in its steps."""
Logs = NDArray[np.float64]


@pytest.fixture(scope="module")
def walks() -> Logs:
    """ln of prices without drift, 3 % a day; each with its mirror image."""
    steps = np.random.Generator(np.random.PCG64(19)).standard_normal((PATHS // 2, MINUTES))
    half = steps.cumsum(axis=1) * SIGMA / np.sqrt(DAY)
    return np.concatenate([half, -half])


def path(logs: jax.Array, share: jax.Array, costs: Frictions | None, every: int) -> Trajectory:
    """A pool of a token and cash."""
    prices = jnp.stack([jnp.exp(logs), jnp.ones_like(logs)], axis=-1)
    none, trading = jnp.asarray(0), Trading(every=every)
    feed = Feed(prices, prices[:1], none, none, jnp.asarray(1e6), costs, None, trading)
    weights = {"initial_weights_logits": jnp.log(jnp.stack([share, 1 - share]))}
    return simulate(Balancer(), weights, feed, 0, len(logs))


@partial(jax.jit, static_argnames="every", compiler_options=FOR_USERS)
def volume(logs: jax.Array, share: jax.Array, every: int) -> jax.Array:
    """The arbitrageur's volume a day over the pool's value, path by path."""

    def one(own: jax.Array) -> jax.Array:
        pool = path(own, share, Frictions(jnp.asarray(FEE)), every)
        return (pool.fees / FEE / pool.value).mean() * DAY

    return jax.lax.map(one, logs, batch_size=8)


@pytest.mark.parametrize("share", [0.5, 0.8])
@pytest.mark.parametrize(("every", "within"), [(1, 0.01), (12, 0.01), (30, 0.015)])
def test_the_volume_of_arbitrage(every: int, within: float, share: float, walks: Logs) -> None:
    """sigma^2 w (1 - w) / 2 f a day, over 1 + 0.5826 sigma_b / f for visits every b minutes: a
    random walk inside the band of fees.
    """
    step = SIGMA * np.sqrt(every / DAY)
    law = SIGMA**2 * share * (1 - share) / 2 / FEE / (1 + DISCRETE * step / FEE)
    days = np.asarray(volume(walks, np.asarray(share), every))
    assert days.mean() == pytest.approx(law, rel=within)
    pairs = (days[: PATHS // 2] + days[PATHS // 2 :]) / 2
    assert pairs.std() / np.sqrt(len(pairs)) < within / 2 * law, "it could not fail"


@partial(jax.jit, compiler_options=FOR_USERS)
def losses(logs: jax.Array, share: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The metric, and the integral of V sigma^2 w (1 - w) / 2 with the variance that came."""
    pool = path(logs, share, None, 1)
    variance = jnp.diff(logs) ** 2
    integral = (pool.value[:-1] * variance).sum() * share * (1 - share) / 2 / pool.value[0]
    name = "loss_versus_rebalancing"
    return score(pool, [name])[name], integral


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_loss_versus_rebalancing_of_constant_weights(share: float, walks: Logs) -> None:
    """[Milionis et al., arXiv:2208.06046, (8) and example 3]: R - V is the integral of
    V sigma^2 w (1 - w) / 2.
    """
    for walk in (walks[0], walks[PATHS // 2], walks[1]):
        metric, integral = map(float, losses(walk, np.asarray(share)))
        assert metric == pytest.approx(-integral, rel=1e-4)
        assert integral > 0.004
