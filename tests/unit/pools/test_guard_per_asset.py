"""Bounds for each asset: kept, given back as given, learned; and gradients that pass limits."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from kinds import build
from numpy.typing import NDArray

from quantamm_cli.core.params import initial
from quantamm_cli.core.simplex import bounded
from quantamm_cli.errors import ConfigError

TOKENS = ("A", "B", "C", "D")
LOW, HIGH = (0.1, 0.05, 0.2, 0.025), (0.3, 0.5, 0.6, 0.4)
RANDOM = np.random.Generator(np.random.PCG64(5))
WISHES = RANDOM.dirichlet(np.full(4, 0.4), 300)


def guard(**changes: Any) -> Any:
    return build(
        "pool/guard",
        "per_asset",
        **{"minimum_weights": LOW, "maximum_weights": HIGH, "maximum_change": 1.0} | changes,
    )


def learned(changes: dict[str, Any]) -> tuple[Any, dict[str, NDArray[np.float64]]]:
    told = guard(learn=True, **changes)
    raw = initial(told.parameters(4), {}, 1, 4, 0.0, 0)
    return told, {name: value[0] for name, value in raw.items()}


def test_weights_arrive_inside_their_bounds_and_sum_to_one() -> None:
    """Given and learned bounds, whatever is wished."""
    start = np.asarray([0.2, 0.3, 0.3, 0.2])

    @jax.jit
    def guarded(
        told: Any, params: Any, start: jax.Array, wishes: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        return jax.vmap(
            lambda wish: (
                start + 60 * told.slope(start, wish, 60, params),
                told.inside(wish, params),
            )
        )(wishes)

    for told, params in ((guard(), {}), learned({})):
        after, opened = jax.device_get(guarded(told, params, start, WISHES))
        np.testing.assert_allclose(after.sum(-1), 1, rtol=1e-14)
        assert (after >= np.array(LOW) - 1e-12).all()
        assert (after <= np.array(HIGH) + 1e-12).all()
        np.testing.assert_allclose(opened, after, atol=1e-12)


def test_a_lawful_wish_is_granted_and_an_unlawful_one_moves_as_little_as_it_must() -> None:
    """Inside the bounds nothing happens; one weight too high gives its excess to the
    others by the room they have.
    """
    low, high = np.asarray(LOW), np.asarray(HIGH)
    lawful, within = np.asarray([0.2, 0.3, 0.3, 0.2]), jax.jit(bounded)
    np.testing.assert_allclose(within(lawful, low, high), lawful, rtol=1e-15)
    wish, room = np.array([0.5, 0.2, 0.2, 0.1]), np.array([0.0, 0.3, 0.4, 0.3])
    np.testing.assert_allclose(
        within(wish, low, high),
        np.array([0.3, 0.2, 0.2, 0.1]) + 0.2 * room / room.sum(),
        rtol=1e-14,
    )


def test_learned_bounds_begin_where_they_were_given() -> None:
    """To the last digits, not to 1e-6; their sums leave room for a pool
    wherever training takes them.
    """
    told, params = learned({})
    bounds = jax.jit(lambda params: told.bounds(4, params))
    low, high = bounds(params)
    np.testing.assert_allclose(low, LOW, rtol=1e-13)
    np.testing.assert_allclose(high, HIGH, rtol=1e-13)
    for _ in range(20):
        moved = {
            name: value + 4 * RANDOM.standard_normal(value.shape) for name, value in params.items()
        }
        low, high = jax.device_get(bounds(moved))
        assert float(low.sum()) <= 1 + 1e-12
        assert float(high.sum()) >= 1 - 1e-12
        assert (low <= high).all()


def test_learned_bounds_have_slopes() -> None:
    """Of every raw parameter, finite and not all zero."""
    told, params = learned({})
    aim = np.asarray([0.9, 0.0, 0.05, 0.05])
    climb = jax.jit(
        jax.grad(lambda params, aim: (told.inside(aim, params) * jnp.arange(4.0)).sum())
    )
    slopes = jax.device_get(climb(params, aim))
    assert all(np.isfinite(slope).all() for slope in slopes.values())
    assert all(np.abs(slope).max() > 0 for slope in slopes.values())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"minimum_weights": (0.1, 0.1)},
            r"minimum_weights: has 2 weights; expected one for each of 4",
        ),
        (
            {"minimum_weights": (0.3, 0.3, 0.3, 0.3), "maximum_weights": None},
            r"minimum_weights: sum to 1.2",
        ),
        (
            {"maximum_weights": (0.2, 0.2, 0.2, 0.2), "minimum_weights": None},
            r"maximum_weights: sum to 0.8",
        ),
        ({"maximum_weights": (0.05, 0.5, 0.5, 0.5)}, r"maximum_weights: 0.05 of A is below"),
    ],
)
def test_bounds_that_no_pool_can_keep_are_refused(changes: dict[str, Any], said: str) -> None:
    """With the reason."""
    with pytest.raises(ConfigError, match=said):
        guard(**changes).check(TOKENS, "pool.guard")


@pytest.mark.parametrize("name", ["standard", "per_asset"])
def test_gradients_pass_limits_when_told_to(name: str) -> None:
    """``straight_through``: the same weights, with the slope of no limit at all; without it the
    slope at the floor is another.
    """
    start, wish = np.full(4, 0.25), np.asarray([0.97, 0.01, 0.01, 0.01])

    def after(wish: jax.Array, start: jax.Array, through: bool) -> jax.Array:
        told = build("pool/guard", name, straight_through=through)
        return start + 60 * told.slope(start, wish, 60, {})

    @jax.jit
    def both(wish: jax.Array, start: jax.Array) -> tuple[Any, Any, jax.Array]:
        ways = True, False
        weights = [after(wish, start, through) for through in ways]
        slopes = [jax.jacobian(after)(wish, start, through) for through in ways]
        return weights, slopes, jax.jacobian(lambda wish: wish / wish.sum())(wish)

    (passed, stopped), (through, limited), free = jax.device_get(both(wish, start))
    np.testing.assert_allclose(passed, stopped, rtol=1e-14)
    np.testing.assert_allclose(through, free, rtol=1e-12)
    assert np.abs(limited - free).max() > 0.1
