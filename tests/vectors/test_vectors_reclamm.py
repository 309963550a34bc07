"""reCLAMM: what the contracts' integer arithmetic makes of virtual balances, ranges and swaps."""

import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray

from quantamm_cli.core import reclamm

CASES: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("reclamm_generated.json").read_text()
)["cases"]
EACH = pytest.mark.parametrize("case", CASES, ids=[str(index) for index in range(len(CASES))])
BALANCES, SWAPS = 1e-9, 1e-12


def fixed(numbers: Any) -> NDArray[np.float64]:
    """18-decimal fixed point as floats."""
    return np.vectorize(lambda text: int(text) / 10**18, otypes=[float])(numbers)


def price_range(real: jax.Array, virtual: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Lowest and highest price of the first token in units of the second."""
    invariant = (real + virtual).prod()
    return virtual[1] ** 2 / invariant, invariant / virtual[0] ** 2


def resized(real: jax.Array, virtual: jax.Array, span: jax.Array) -> jax.Array:
    r"""Virtual balances of a range of width ``span`` $= \sqrt Q - 1$ at the same centeredness.

    This is an update of the price ratio, which pools here do not have.

    $$V_u = R_u \frac{1 + C + \sqrt{1 + C (C + 4\sqrt Q - 2)}}{2 (\sqrt Q - 1)}$$
    """
    center, above = reclamm.centeredness(real, virtual)
    root = jnp.sqrt(1 + center * (center + 4 * span + 2))
    scarce = 0 if above else 1
    return virtual * real[scarce] * (1 + center + root) / (2 * span) / virtual[scarce]


def current(told: dict[str, Any], version: int) -> tuple[jax.Array, bool]:
    """Virtual balances now, and whether they changed: an update of the price
    ratio first, then a shift.
    """
    real, virtual, margin, base, start, end = (
        jnp.asarray(fixed(told[name]))
        for name in (
            "balances",
            "last_virtual_balances",
            "centeredness_margin",
            "daily_price_shift_base",
            "start_fourth_root_price_ratio",
            "end_fourth_root_price_ratio",
        )
    )
    last, now, begins, ends = (
        told[name]
        for name in (
            "last_timestamp",
            "current_timestamp",
            "price_ratio_update_start_time",
            "price_ratio_update_end_time",
        )
    )
    if last == now:
        return virtual, False
    updates = begins < now and last < ends
    if updates:
        root = start * (end / start) ** min((now - begins) / (ends - begins), 1)
        virtual = resized(real, virtual, root**2 - 1)
    if reclamm.centeredness(real, virtual)[0] >= margin:
        return virtual, updates
    seconds = min(float(now - last), reclamm.LONGEST_SHIFT if version > 1 else np.inf)
    over = reclamm.geometric(real, virtual, jnp.log(base), jnp.asarray(seconds))
    return reclamm.shifted(real, virtual, over, version), True


@EACH
def test_virtual_balances_and_the_range_are_the_contracts(case: dict[str, Any]) -> None:
    """To 1e-9; the cases are version 1's."""
    real, expected = jnp.asarray(fixed(case["inputs"]["balances"])), case["expected"]
    virtual, changed = current(case["inputs"], 1)
    assert changed == expected["changed"]
    np.testing.assert_allclose(virtual, fixed(expected["current_virtual_balances"]), rtol=BALANCES)
    center, above = reclamm.centeredness(real, virtual)
    np.testing.assert_allclose(center, fixed(expected["centeredness"]), rtol=BALANCES)
    assert bool(above) == expected["is_pool_above_center"]
    np.testing.assert_allclose(
        price_range(real, virtual),
        [fixed(expected["min_price"]), fixed(expected["max_price"])],
        rtol=BALANCES,
    )


@EACH
def test_version_two_is_version_one_that_stops_at_the_center(case: dict[str, Any]) -> None:
    """The same balances, unless version 1 has gone past the center: then a range as wide, and the
    pool in the middle of it.
    """
    real, last = (
        jnp.asarray(fixed(case["inputs"][name])) for name in ("balances", "last_virtual_balances")
    )
    (first, _), (second, changed) = current(case["inputs"], 1), current(case["inputs"], 2)
    assert changed == case["expected"]["changed"]
    if bool(reclamm.centeredness(real, last)[1]) == case["expected"]["is_pool_above_center"]:
        np.testing.assert_allclose(second, first, rtol=BALANCES)
    else:
        np.testing.assert_allclose(reclamm.centeredness(real, second)[0], 1, rtol=BALANCES)
        np.testing.assert_allclose(
            reclamm.width(real, second), reclamm.width(real, first), rtol=BALANCES
        )


@EACH
def test_swaps_are_the_contracts_given_the_virtual_balances(case: dict[str, Any]) -> None:
    """To 1e-12, out for in and in for out."""
    real, expected = jnp.asarray(fixed(case["inputs"]["balances"])), case["expected"]
    swap = reclamm.swap_with(
        jnp.asarray(fixed(expected["current_virtual_balances"])), jnp.asarray(0.0)
    )
    assert len(expected["swaps"]) == 2
    for told in expected["swaps"]:
        pay, take = jnp.asarray(told["in"]), jnp.asarray(told["out"])
        paid, taken = fixed(told["amount_in"]), fixed(told["amount_out"])
        np.testing.assert_allclose(
            swap(real, pay, take, jnp.asarray(paid), jnp.asarray(False)), (paid, taken), rtol=SWAPS
        )
        np.testing.assert_allclose(
            swap(real, pay, take, jnp.asarray(taken), jnp.asarray(True)), (paid, taken), rtol=SWAPS
        )


@EACH
def test_the_base_follows_from_the_exponent(case: dict[str, Any]) -> None:
    """One constant: the base is one less the exponent's 124649th part."""
    told = case["inputs"]
    base = 1 - float(told["daily_price_shift_exponent"]) / reclamm.SHIFT_DIVISOR
    np.testing.assert_allclose(base, fixed(told["daily_price_shift_base"]), rtol=1e-15)
