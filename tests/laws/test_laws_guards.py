"""What every guard promises a pool."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from kinds import DAY, build, components, opening, tree, with_rule, world
from numpy.typing import NDArray

from quantamm_cli.core.interpolate import at
from quantamm_cli.core.recurrence import RuleInputs
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.component import REGISTER

GROUP = "pool/guard"
guards = pytest.mark.parametrize("name", components(GROUP))
N, MINUTES, COUNT = 4, 240, 300
RANDOM = np.random.Generator(np.random.PCG64(11))
FLOOR = 0.1 / N
STARTS = RANDOM.dirichlet(np.ones(N), COUNT) * (1 - N * FLOOR) + FLOOR
WISHES = STARTS + np.where(RANDOM.random((COUNT, 1)) < 0.5, 0.02, 1.0) * RANDOM.normal(
    0, 0.5, STARTS.shape
)
WISHES /= WISHES.sum(-1, keepdims=True)


def limits(name: str, **wanted: float) -> dict[str, float]:
    """Those of these settings that a guard has: one of a user's may
    know neither speed nor floor.
    """
    fields = REGISTER[GROUP][name].model_fields
    return {key: value for key, value in wanted.items() if key in fields}


pushed = jax.jit(
    jax.vmap(lambda guard, start, wish: guard.slope(start, wish, MINUTES, {}), in_axes=(None, 0, 0))
)


@guards
@pytest.mark.parametrize("speed", [3e-4, 1.0])
def test_weights_stay_weights(name: str, speed: float) -> None:
    """They sum to one, stay at or above the floor and the ceiling it implies,
    and keep the speed limit.
    """
    guard = build(GROUP, name, **limits(name, maximum_change=speed))
    change = np.asarray(pushed(guard, jnp.asarray(STARTS), jnp.asarray(WISHES)))
    stops = jax.vmap(lambda start, slope: guard.stop(start, slope, MINUTES))(
        jnp.asarray(STARTS), jnp.asarray(change)
    )
    assert (np.asarray(stops) <= MINUTES).all()
    after = STARTS + np.asarray(stops)[:, None] * change
    np.testing.assert_allclose(change.sum(-1), 0, atol=1e-14)
    assert (after >= FLOOR * (1 - 1e-9)).all()
    assert (after <= 1 - (N - 1) * FLOOR * (1 - 1e-9)).all()
    if limits(name, maximum_change=speed):
        assert (np.abs(change) <= speed * (1 + 1e-12)).all()


@guards
def test_who_wishes_nothing_gets_nothing(name: str) -> None:
    """Weights inside their limits that are to stay do stay."""
    change = pushed(build("pool/guard", name), jnp.asarray(STARTS), jnp.asarray(STARTS))
    np.testing.assert_allclose(change, 0, atol=1e-17)


@guards
def test_a_small_lawful_wish_is_granted(name: str) -> None:
    """Far from floor and speed limit a guard does nothing."""
    start = np.full((1, N), 1 / N)
    wish = start + np.array([[0.01, -0.005, -0.002, -0.003]])
    change = pushed(build("pool/guard", name), jnp.asarray(start), jnp.asarray(wish))
    np.testing.assert_allclose(start + MINUTES * np.asarray(change), wish, rtol=1e-13)


@guards
def test_permuted_wishes_are_answered_permuted(name: str) -> None:
    """No asset is preferred."""
    order = np.array([2, 0, 3, 1])
    guard = build("pool/guard", name)
    straight = np.asarray(pushed(guard, jnp.asarray(STARTS), jnp.asarray(WISHES)))
    turned = pushed(guard, jnp.asarray(STARTS[:, order]), jnp.asarray(WISHES[:, order]))
    np.testing.assert_allclose(turned, straight[:, order], rtol=1e-9, atol=1e-16)


@guards
def test_gradients_are_finite(name: str) -> None:
    """With respect to start, wish and the guard's own numbers."""
    guard = build(GROUP, name, **limits(name, minimum_weight=0.02))
    slopes = jax.jit(jax.grad(lambda part: (pushed(*part) ** 2).sum()))(
        (guard, jnp.asarray(STARTS), jnp.asarray(WISHES))
    )
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(slopes))


@pytest.mark.parametrize(
    "name", [name for name in components(GROUP) if limits(name, minimum_weight=0.0)]
)
def test_a_floor_that_leaves_no_room_is_refused(name: str) -> None:
    """1/n at most."""
    with pytest.raises(ConfigError, match=r"pool\.guard\.minimum_weight: .*at most 1/4"):
        build("pool/guard", name, minimum_weight=0.26).check(("A", "B", "C", "D"), "pool.guard")
    build("pool/guard", name, minimum_weight=0.25).check(("A", "B", "C", "D"), "pool.guard")


@guards
@pytest.mark.parametrize("method", ["linear", "approx_optimal"])
@pytest.mark.parametrize("period", [240, 360])
def test_one_price_at_a_time_gives_the_weights_of_every_minute(
    name: str, method: str, period: int, prices: NDArray[np.float64]
) -> None:
    """A keeper's update and the pool's own interpolation, asked minute by minute,
    are the batch, from floor to ceiling.
    """
    speed = limits(name, maximum_change=3e-4)
    pool = with_rule(
        "momentum",
        guard=tree(GROUP, name, **speed),
        chunk_period=360,
        weight_interpolation_period=period,
        weight_interpolation_method=method,
    )
    if pool.guard.stops and method != "linear":
        with pytest.raises(ConfigError, match="moves weights linearly"):
            pool.check(("A", "B", "C"), "pool")
        return
    params, feed = opening(pool, 3, k_per_day=100.0), world(pool, prices)
    rows = 12 * 360
    batch = np.asarray(
        jax.jit(lambda pool, params, feed: pool.weights(params, feed, jnp.asarray(0), rows))(
            pool, params, feed
        )
    )
    state = {
        key: column[3 * DAY // 360] for key, column in jax.jit(pool.readouts)(params, feed).items()
    }
    weights, online = jnp.asarray(batch[0]), jax.jit(pool.online)
    stop = jax.jit(lambda start, slope: pool.guard.stop(start, slope, period))
    ask = jax.jit(
        jax.vmap(
            lambda start, slope, minute, stop: at(method, start, slope, minute, stop),
            in_axes=(None, None, 0, None),
        )
    )
    for block in range(1, 12):
        state, slope = online(
            params, state, weights, RuleInputs(feed.chunks[3 * DAY // 360 + block])
        )
        asked = ask(weights, slope, jnp.arange(360), stop(weights, slope))
        np.testing.assert_allclose(
            asked, batch[block * 360 : (block + 1) * 360], rtol=0, atol=1e-12
        )
        weights = pool.arrival(weights, slope)
    assert not speed or batch.min() < 0.04
