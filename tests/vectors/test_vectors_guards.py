"""The contracts' guard: the numbers of their own tests, and the guard of a pool
made of the same functions.
"""

import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray

from quantamm_cli.core.onchain import clamp_weights, guard_weights, normalize_weight_updates
from quantamm_cli.pools.guard import Guard, StandardGuard
from quantamm_cli.pools.guard_onchain import OnchainGuard

CASES = json.loads(Path(__file__).with_name("quantamm_guards.json").read_text())["cases"]


def fixed(numbers: Any) -> NDArray[np.float64]:
    """18-decimal fixed point as floats."""
    return np.vectorize(lambda text: int(text) / 10**18, otypes=[float])(numbers)


def guarded(case: dict[str, Any]) -> NDArray[np.float64]:
    """What our function of that name makes of the case."""
    told = {name: jnp.asarray(fixed(value)) for name, value in case["inputs"].items()}
    if case["function"] == "clamp_weights":
        return np.asarray(clamp_weights(told["weights"], told["absolute_weight_guard_rail"]))
    pair = told["prev_weights"], told["new_weights"], told["epsilon_max"]
    if case["function"] == "normalize_weight_updates":
        return np.asarray(normalize_weight_updates(*pair))
    return np.asarray(guard_weights(*pair, told["absolute_weight_guard_rail"]))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_weights_are_guarded_as_on_chain(case: dict[str, Any]) -> None:
    """To 1e-15: the contract's result, the same in real arithmetic,
    and what else its test asserts.
    """
    found = guarded(case)
    for index, value in case["expected"].items():
        assert found[int(index)] == pytest.approx(float(fixed(value)), rel=0, abs=1e-15)
    real = np.asarray(case["real_arithmetic_result"], float)
    if abs(real.sum() - 1) < 1e-12 or case["function"] == "clamp_weights":
        np.testing.assert_allclose(found, real, rtol=0, atol=1e-15)
    if "prev_weights" in case["inputs"]:
        assert found.sum() == pytest.approx(1, rel=0, abs=1e-15)
    for told in case["other_assertions"]:
        if told.startswith("Le"):
            moved = np.abs(found - fixed(case["inputs"]["prev_weights"]))
            moved = moved[0] if "[0]" in told else moved.max()
            assert moved <= float(fixed(case["inputs"]["epsilon_max"])) + 1e-15


@pytest.mark.parametrize(("lacking", "bearer"), [(0.1, 1), (-0.1, 2)])
def test_what_is_missing_goes_to_the_second_largest_and_what_is_over_comes_from_the_largest(
    lacking: float, bearer: int
) -> None:
    """The remainder rule, with a remainder large enough to see."""
    given = np.array([0.2 - lacking, 0.3, 0.5])
    found = normalize_weight_updates(jnp.asarray(given), jnp.asarray(given), 1.0)
    np.testing.assert_allclose(found - given, lacking * (np.arange(3) == bearer), atol=1e-15)


MINUTES, FLOOR = 240, 0.05


def push(guard: Any, start: Any, wish: Any) -> NDArray[np.float64]:
    def moved(guard: Guard, start: jax.Array, wish: jax.Array) -> jax.Array:
        change = guard.slope(start, wish, MINUTES, {})
        return change * guard.stop(start, change, MINUTES) / MINUTES

    return np.asarray(jax.jit(moved)(guard, jnp.asarray(start), jnp.asarray(wish)))


@pytest.mark.parametrize(
    "wish", [[0.3, 0.3, 0.2, 0.2], [0.9, 0.2, -0.05, -0.05], [0.26, 0.25, 0.245, 0.245]]
)
def test_where_one_pass_keeps_the_rail_both_guards_agree(wish: list[float]) -> None:
    """Clamped, limited or neither: to 1e-9, which the standard guard's own limit is short of."""
    settings = {"maximum_change": 1e-3, "minimum_weight": FLOOR}
    start = [0.4, 0.3, 0.2, 0.1]
    one, other = (push(guard(**settings), start, wish) for guard in (OnchainGuard, StandardGuard))
    np.testing.assert_allclose(one, other, rtol=1e-6)


def test_where_one_pass_does_not_weights_stop_at_the_rail() -> None:
    """Scaling pushes a third weight below the rail: on chain all stand still when it is
    reached, on the way there.
    """
    start, wish = np.array([0.7, 0.15, 0.1, 0.05]), np.array([0.6, 0.4, 0.051, -0.051])
    aim = np.asarray(clamp_weights(jnp.asarray(wish), FLOOR))
    assert aim.min() < FLOOR - 1e-4
    after = start + MINUTES * push(
        OnchainGuard(maximum_change=1.0, minimum_weight=FLOOR), start, wish
    )
    seconds = np.floor((0.1 - FLOOR) / ((0.1 - aim[2]) / (60 * MINUTES)))
    np.testing.assert_allclose(after, start + (aim - start) * seconds / (60 * MINUTES), rtol=1e-12)
    assert after.min() >= FLOOR - 1e-15
    assert after[2] - FLOOR < (0.1 - FLOOR) / 1000


def test_weights_on_the_rail_that_are_to_stay_there_do_not_stop_the_others() -> None:
    """Rounding on the rail is no movement."""
    for rail in (0.025, 0.1 / 3, 0.07):
        start = np.array([rail, 0.5 - rail, 0.3, 0.2])
        wish = np.array([rail * (1 - 1e-17), 0.4 - rail, 0.3, 0.3])
        after = start + MINUTES * push(
            OnchainGuard(maximum_change=1.0, minimum_weight=rail), start, wish
        )
        np.testing.assert_allclose(after, wish, rtol=1e-13)
        lower = start + MINUTES * push(
            OnchainGuard(maximum_change=1.0, minimum_weight=rail), start, wish - [0.02, -0.02, 0, 0]
        )
        assert lower[0] == pytest.approx(rail, rel=1e-13)
        assert np.abs(lower - start)[1:].max() > 0.01
