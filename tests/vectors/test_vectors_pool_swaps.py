"""Swaps with the contracts' pools while weights move, and the time at which weights must stop: the
contracts' own test numbers.
"""

import json
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from quantamm_cli.core import swap
from quantamm_cli.core.onchain import seconds_to_rail

VECTORS = json.loads(Path(__file__).with_name("quantamm_pool_swaps.json").read_text())
SWAPS, MULTIPLIERS = VECTORS["swap_cases"], VECTORS["block_multiplier_cases"]
NEVER = 2**40 - 1
"""The timestamp that stands for no limit: the largest of 40 bits."""


def fixed(numbers: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """18-decimal fixed point as floats."""
    return np.vectorize(lambda text: int(text) / 10**18, otypes=[float])(numbers)


@pytest.mark.parametrize(
    "case",
    SWAPS,
    ids=lambda case: f"{case['name']}-{case['file'].removesuffix('.t.sol')[-6:]}-{case['line']}",
)
def test_swaps_under_moving_weights(case: dict[str, Any]) -> None:
    """Weights at that second to 1e-15; what the trade costs, in real arithmetic, to 1e-12."""
    told = case["inputs"]
    base, multiplier = (
        jnp.asarray(fixed(told[name])) for name in ("base_weights", "multipliers_per_second")
    )
    seconds = min(told["seconds_since_update"], told["max_interpolation_seconds"])
    weights = base + multiplier * seconds
    np.testing.assert_allclose(
        weights, np.asarray(case["effective_weights"], float), rtol=0, atol=1e-15
    )
    balances, pay, take = fixed(told["balances"]), told["index_in"], told["index_out"]
    sides = (balances[pay], weights[pay], balances[take], weights[take])
    if case["operation"] == "EXACT_IN":
        found = swap.out_given_in(*sides, float(fixed(told["amount_given"])))
    elif case["operation"] == "EXACT_OUT":
        found = swap.in_given_out(*sides, float(fixed(told["amount_given"])))
    else:
        found = balances[pay] * float(fixed(told["invariant_ratio"])) ** (1 / weights[pay])
    real = float(fixed(case["expected"])) * (1 + case["real_arithmetic_rel_diff"])
    np.testing.assert_allclose(found, real, rtol=1e-12)


@pytest.mark.parametrize("case", MULTIPLIERS, ids=lambda case: case["name"])
def test_weights_stop_when_one_would_cross_its_rail(case: dict[str, Any]) -> None:
    """The change a second, and the last second it may last, exactly;
    then they stand, inside the rails.
    """
    told = case["inputs"]
    current, target = (
        jnp.asarray(fixed(told[name])) for name in ("current_weights", "rule_target_weights")
    )
    rail, now = float(fixed(told["absolute_weight_guard_rail"])), told["block_timestamp"]
    multiplier = (target - current) / told["update_interval_s"]
    stop = min(now + float(seconds_to_rail(current, multiplier, rail)), NEVER)
    np.testing.assert_allclose(
        [*current, *multiplier],
        fixed(case["expected_weights_then_multipliers"]),
        rtol=0,
        atol=1e-15,
    )
    assert int(stop) == int(case["expected_last_interpolation_timestamp"])
    if int(stop) != NEVER:
        last = current + multiplier * min(10**6, stop - now)
        assert (last >= rail - 1e-15).all()
        beyond = current + multiplier * (stop - now + 1)
        assert (beyond < rail - 1e-15).any() or (
            beyond > 1 - rail * (len(current) - 1) + 1e-15
        ).any()


def test_the_rail_that_is_nearest_in_time_counts() -> None:
    """Three tokens: the first reaches the top after 20 s, the last the bottom after 10 s; one that
    moves less than a unit never does.
    """
    weights, rail = jnp.asarray([0.6, 0.2, 0.2]), 0.1
    assert float(seconds_to_rail(weights, jnp.asarray([0.01, 0.0, -0.01]), rail)) == 10
    assert float(seconds_to_rail(weights, jnp.asarray([0.01, -0.005, -0.005]), rail)) == 20
    assert float(seconds_to_rail(weights, jnp.asarray([1e-19, -1e-19, 0.0]), rail)) == np.inf
    assert (
        float(seconds_to_rail(jnp.asarray([0.8, 0.1, 0.1]), jnp.asarray([-0.01, 0.0, 0.01]), rail))
        == 70
    )
