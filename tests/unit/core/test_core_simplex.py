"""Weights inside their limits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from quantamm_cli.core.simplex import clamp, guarded, slope

MINUTES, FLOOR = 1440, 0.03
SPEED = 3e-4
STARTS = (
    np.random.Generator(np.random.PCG64(5)).dirichlet(np.ones(4), 200) * (1 - 4 * FLOOR) + FLOOR
)
WISHES = STARTS + np.random.Generator(np.random.PCG64(6)).normal(0, 0.4, STARTS.shape)
guard = jax.jit(
    jax.vmap(
        lambda start, wish, speed: guarded(start, wish, MINUTES, FLOOR, speed), in_axes=(0, 0, None)
    )
)


@pytest.mark.parametrize("speed", [1e-5, SPEED, 1.0])
def test_weights_stay_on_the_simplex_above_the_floor_and_below_the_limit(speed: float) -> None:
    """Whatever a rule wishes: sums stay one, no weight lands below the floor,
    none moves faster than it may.
    """
    wishes = WISHES / WISHES.sum(-1, keepdims=True)
    change = np.asarray(guard(jnp.asarray(STARTS), jnp.asarray(wishes), jnp.asarray(speed)))
    after = STARTS + MINUTES * change
    np.testing.assert_allclose(after.sum(-1), 1, atol=1e-12)
    assert (after >= FLOOR * (1 - 1e-9)).all()
    assert (after <= 1 - 3 * FLOOR * (1 - 1e-9)).all()
    assert (np.abs(change) <= speed * (1 + 1e-12)).all()


def test_all_assets_are_slowed_alike() -> None:
    """A limit shortens the move and keeps its direction."""
    start, target = jnp.asarray([0.5, 0.3, 0.2]), jnp.asarray([0.1, 0.3, 0.6])
    np.testing.assert_allclose(slope(start, target, 100, 1.0), (target - start) / 100, rtol=1e-15)
    np.testing.assert_allclose(
        slope(start, target, 100, 1e-3), np.array([-1e-3, 0, 1e-3]), rtol=1e-6
    )


def test_a_second_weight_pushed_below_the_floor_is_lifted_too() -> None:
    """Defect A5 of the reference: one pass leaves a weight below the floor;
    ours repeats until it holds.
    """
    start = jnp.asarray([0.7, 0.15, 0.1, 0.05])
    wish = jnp.asarray([0.6, 0.4, 0.051, -0.051])
    once = np.asarray(clamp(wish, 0.05))
    assert (once < 0.05 - 1e-4).any()  # what the reference would do
    after = np.asarray(start + 100 * guarded(start, wish, 100, 0.05, 1.0))
    assert (after >= 0.05 * (1 - 1e-9)).all()
    np.testing.assert_allclose(after.sum(), 1, atol=1e-14)


def test_where_one_pass_suffices_it_is_what_one_pass_says() -> None:
    """The floor to those below it, the rest in proportion."""
    np.testing.assert_allclose(
        clamp(jnp.asarray([0.6, 0.42, -0.02]), 0.1),
        [0.9 * 0.6 / 1.02, 0.9 * 0.42 / 1.02, 0.1],
        rtol=1e-14,
    )
    np.testing.assert_allclose(
        clamp(jnp.asarray([0.2, 0.3, 0.5]), 0.1), [0.2, 0.3, 0.5], rtol=1e-15
    )


def test_gradients_are_finite_everywhere() -> None:
    """Far inside, at the floor, all but one below it, and with wishes that point nowhere."""
    corners = np.concatenate(
        [
            WISHES,
            [[1e6, -1e6, 0.5, 0.5], [0.25, 0.25, 0.25, 0.25], [1 - 3 * FLOOR, FLOOR, FLOOR, FLOOR]],
        ]
    )
    starts = np.concatenate([STARTS, np.full((3, 4), 0.25)])
    found = jax.jit(
        jax.vmap(jax.grad(lambda pair: (guarded(*pair, MINUTES, FLOOR, SPEED) ** 2).sum()))
    )((jnp.asarray(starts), jnp.asarray(corners)))
    assert all(np.isfinite(part).all() for part in found)
