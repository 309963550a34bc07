"""A fee that a rule drives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from kinds import DAY, build, opening, small, tree, world
from numpy.typing import NDArray

from quantamm_cli.engine.forward import simulate
from quantamm_cli.errors import ConfigError

run = jax.jit(simulate, static_argnames="rows")


def test_a_fee_that_does_not_move_is_a_fee(prices: NDArray[np.float64]) -> None:
    """Lowest and highest alike: the pool under that flat fee, whatever the settings' fee is."""
    pool = small("pool", "dynamic_fee")
    params = opening(pool, 3, fee_lowest=0.003, fee_highest=0.003)
    found = run(pool, params, world(pool, prices, fee=0.01), 0, 2 * DAY)
    plain = run(pool.base, params, world(pool.base, prices, fee=0.003), 0, 2 * DAY)
    np.testing.assert_allclose(found.value, plain.value, rtol=1e-12)
    np.testing.assert_allclose(found.fees, plain.fees, rtol=1e-9, atol=1e-12)


def test_the_fee_follows_the_rule_within_its_ends(prices: NDArray[np.float64]) -> None:
    """By the formula, held from chunk to chunk, and it does not hear of the future."""
    pool = small("pool", "dynamic_fee")
    params, feed = opening(pool, 3, fee_k_per_day=0.5), world(pool, prices)
    fees = np.asarray(jax.jit(pool.fee)(params, feed))
    assert fees.shape == (len(prices) - 3 * DAY,)
    assert fees.min() >= 0.0005
    assert fees.max() <= 0.01
    assert len(np.unique(fees)) == -(-len(fees) // 360)
    assert not np.diff(fees).reshape(-1)[np.arange(1, len(fees)) % 360 != 0].any()
    changed = prices.copy()
    changed[6 * DAY :] *= [1.3, 0.7, 1.0]
    other = np.asarray(jax.jit(pool.fee)(params, world(pool, changed)))
    assert np.array_equal(other[: 3 * DAY], fees[: 3 * DAY])
    assert not np.array_equal(other, fees)


def test_without_fees_in_the_settings_it_still_charges(prices: NDArray[np.float64]) -> None:
    """``fees=none`` means no other frictions."""
    pool = small("pool", "dynamic_fee")
    found = run(pool, opening(pool, 3), world(pool, prices), 0, 2 * DAY)
    assert found.fees.sum() > 0


def test_its_ends_and_strength_train(prices: NDArray[np.float64]) -> None:
    """The gradient of the value reaches the fee's parameters and the driving rule's."""
    pool = small("pool", "dynamic_fee")
    feed = world(pool, prices)
    slopes = jax.jit(
        jax.grad(lambda params: jnp.log(simulate(pool, params, feed, 0, DAY).value[-1]))
    )(opening(pool, 3, fee_k_per_day=0.5))
    for name in (
        "raw_fee_lowest",
        "raw_fee_highest",
        "log_fee_strength",
        "fee_log_k",
        "fee_logit_lamb",
        "log_k",
    ):
        assert np.isfinite(slopes[name]).all()
        assert np.abs(slopes[name]).max() > 0, name


def test_what_has_no_use_for_a_fee_is_refused() -> None:
    """A base without frictions, another rhythm, a rule that says weights."""
    tokens = ("A", "B", "C")
    for changes, said in (
        ({"base": tree("pool", "hodl")}, "no path with frictions"),
        ({"chunk_period": 60}, r"is 60; expected pool\.base\.chunk_period \(1440\)"),
        (
            {"rule": tree("pool/rule", "min_variance")},
            "returns weights; use a rule that returns changes",
        ),
    ):
        with pytest.raises(ConfigError, match=said):
            build("pool", "dynamic_fee", **changes).check(tokens, "pool")
