"""Parameters as they are shown: those in force, which do what the raw ones do."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from kinds import DAY, components, opening, with_rule, world
from numpy.typing import NDArray

from quantamm_cli.core.params import in_force
from quantamm_cli.engine.forward import simulate

BOUNDED = {
    "anti_momentum": {"memory_days"},
    "mean_reversion_channel": {"memory_days"},
    "min_variance": {"memory_days_1", "memory_days_2"},
    "momentum": {"memory_days"},
    "power_channel": {"memory_days", "exponent"},
    "triple_threat_mean_reversion_channel": {"memory_days", "memory_days_for_ewma"},
}
_run = jax.jit(simulate, static_argnames="rows")


def bounds(name: str) -> dict[str, tuple[float, float]]:
    """By readable name of a rule's parameter: a bound, and a value beyond it."""
    beyond = {}
    for spec in with_rule(name).parameters(3):
        low, high = spec.bounds
        for bound, value in ((low, low / 2), (high, 2 * high)):
            if np.isfinite(bound) and bound > 0:
                beyond[spec.readable] = (bound, value)
    return beyond


RULES = [name for name in components("pool/rule") if bounds(name)]


def test_every_bound_is_declared() -> None:
    for name, known in BOUNDED.items():
        assert bounds(name).keys() == known, name


@pytest.fixture(scope="module")
def prices() -> NDArray[np.float64]:
    steps = np.random.Generator(np.random.PCG64(9)).normal(0, 2e-3, (4 * DAY, 3))
    return np.exp(steps.cumsum(axis=0)) * [3e4, 2e3, 1.0]


@pytest.mark.parametrize("name", RULES)
def test_what_is_shown_does_what_is_raw(name: str, prices: NDArray[np.float64]) -> None:
    """A value beyond a bound is shown as the bound, and that bound gives the same weights."""
    pool = with_rule(name)
    specs, raw, beyond = pool.parameters(3), opening(pool, 3), bounds(name)
    for spec in specs:
        if spec.readable in beyond:
            value = np.full(spec.shape(3), beyond[spec.readable][1], float)
            raw[spec.name] = jnp.asarray(spec.bijector.raw(value))
    shown = in_force(specs, raw)
    for key, (bound, _) in beyond.items():
        np.testing.assert_array_equal(shown[key], bound)
    again = {spec.name: jnp.asarray(spec.bijector.raw(shown[spec.readable])) for spec in specs}
    feed = world(pool, prices, burn_in=2 * DAY)
    one, two = (_run(pool, values, feed, 0, 2 * DAY).weights for values in (raw, again))
    np.testing.assert_allclose(one, two, rtol=0, atol=1e-12)
    assert np.ptp(one, axis=0).max() > 1e-6, "weights that stand still could not differ"
