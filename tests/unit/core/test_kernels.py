"""The compiled minute loop is the scan, value and gradient."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from kernel_worlds import ALL, CASES, ROWS, SMOOTH, Case, looped, scanned

from quantamm_cli.kernels.minutes.call import minute_loop
from quantamm_cli.kernels.operands import Blocks

cases = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
FEW = (0, 1, 88, 89, 90, 91, 255, 256, 257, 511, 512, 640, ROWS - 1)


@cases
def test_every_minute_is_that_of_the_scan(case: Case) -> None:
    """Reserves, fees and refused trades of all rows to 1e-11; and something did happen."""
    inputs = case.inputs
    expected, found = (jax.jit(run, static_argnums=0)(case, inputs) for run in (scanned, looped))
    np.testing.assert_allclose(found.reserves, expected.reserves, rtol=1e-11)
    np.testing.assert_allclose(found.fees, expected.fees, rtol=1e-9, atol=1e-11 * float(expected.fees.max()))
    np.testing.assert_array_equal(found.refused, expected.refused)
    assert (np.diff(expected.reserves[:, 0]) != 0).sum() > 2
    assert (expected.refused.sum() > 0) == (case.trades > 0)


@cases
def test_rows_asked_for_are_those_of_all(case: Case) -> None:
    """Reserves at the rows; fees and refused trades since the row before."""
    inputs = case.inputs
    every, few = jax.jit(looped, static_argnums=0)(case, inputs), jax.jit(looped, static_argnums=(0, 2))(case, inputs, FEW)
    np.testing.assert_array_equal(few.reserves, every.reserves[np.array(FEW)])
    np.testing.assert_allclose(np.cumsum(few.fees), np.cumsum(every.fees)[np.array(FEW)], rtol=1e-12)
    np.testing.assert_array_equal(np.cumsum(few.refused), np.cumsum(every.refused)[np.array(FEW)])


def worth(run: Any, case: Case, inputs: dict[str, Any], *rows: Any) -> jax.Array:
    """Something smooth of all reserves and fees of the rows ``FEW``."""
    left = run(case, inputs, *rows)
    random = np.random.Generator(np.random.PCG64(5))
    mix, tilt = random.uniform(0.5, 1, (len(FEW), case.assets)), random.uniform(0.5, 1, len(FEW))
    total = jnp.cumsum(left.fees)
    rows = np.arange(len(FEW)) if rows else np.array(FEW)
    prices = case.prices[37 + np.array(FEW)]
    return (mix * jnp.log(left.reserves[rows] * prices)).sum() + (tilt * total[rows]).sum() / 1e4


@cases
def test_gradients_are_those_of_the_scan(case: Case) -> None:
    """With respect to blocks, opening reserves and smooth frictions, to 1e-8.

    Not of a fee of zero with respect to the fee: there is its edge.
    """
    inputs = case.inputs
    expected = jax.jit(jax.grad(lambda given: worth(scanned, case, given)))(inputs)
    found = jax.jit(jax.grad(lambda given: worth(looped, case, given, FEW)))(inputs)
    assert set(expected) >= {"starts", "slopes", "opening", "fee"}
    still = {"slopes"} if case.still else set()
    quiet = set() if case.happens or case.trades else {"starts", "slopes", "fee", *SMOOTH}  # nobody trades
    free = set() if case.fee else {"fee", "protocol_fee_split"}  # a share of nothing
    for name in set(expected) - still - quiet - free:
        size = float(jnp.abs(expected[name]).max())
        assert size > 0, name
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-8, atol=1e-9 * size, err_msg=name)


@pytest.mark.parametrize("name", ["all frictions", "trades, every 7", "fee by the minute"])
def test_gradients_are_slopes(name: str) -> None:
    """Finite differences of the compiled loop along a random direction."""
    case = CASES[name]
    inputs = case.inputs
    random = np.random.Generator(np.random.PCG64(7))
    step = {key: jnp.asarray(random.standard_normal(value.shape)) * jnp.abs(value).max() for key, value in inputs.items()}
    step["opening"] = inputs["opening"] * jnp.asarray(random.standard_normal(case.assets))
    run = jax.jit(lambda given: worth(looped, case, given, FEW))
    slope = jax.grad(run)(inputs)
    expected = sum(float((slope[key] * step[key]).sum()) for key in inputs)
    ahead, behind = ({key: inputs[key] + sign * 1e-8 * step[key] for key in inputs} for sign in (1, -1))
    assert (float(run(ahead)) - float(run(behind))) / 2e-8 == pytest.approx(expected, rel=2e-5)


def test_single_precision_is_computed_in_double() -> None:
    """Inputs and results are of the precision given; nothing is lost between."""
    case = CASES["all frictions"]
    inputs = jax.tree.map(lambda leaf: leaf.astype(jnp.float32), case.inputs)
    single, double = looped(case, inputs), looped(case, jax.tree.map(lambda leaf: leaf.astype(jnp.float64), inputs))
    feed = case.feed
    assert feed.prices.dtype == jnp.float64
    np.testing.assert_array_equal(single.reserves, double.reserves)
    slope = jax.grad(lambda given: looped(case, given, FEW).reserves.sum())(inputs)
    assert {leaf.dtype for leaf in jax.tree.leaves(slope)} == {jnp.dtype(jnp.float32)}


@pytest.mark.parametrize("name", ["prices", "supply", "trades"])
def test_no_gradient_is_silently_zero(name: str) -> None:
    """What has none says so."""
    case = CASES["all that happens"]
    inputs, feed = case.inputs, case.feed
    assert feed.frictions is not None

    def run(scale: Any) -> Any:
        prices = feed.prices * (scale if name == "prices" else 1.0)
        frictions = feed.frictions._replace(lp_supply=feed.frictions.lp_supply * (scale if name == "supply" else 1.0))
        trades = feed.trades._replace(amount=feed.trades.amount * (scale if name == "trades" else 1.0))
        blocks = Blocks(inputs["starts"], inputs["slopes"])
        return minute_loop(case.plan(FEW), prices, jnp.asarray(3), blocks, inputs["opening"], frictions, trades).reserves.sum()

    with pytest.raises(NotImplementedError, match=name):
        jax.grad(run)(1.0)


def test_a_gradient_by_the_minute_is_of_the_feeds_rows() -> None:
    """A fee's gradient is zero outside of the window, and costs nothing where nobody asks."""
    case = CASES["fee by the minute"]
    slope = jax.grad(lambda given: looped(case, given, FEW).fees.sum())(case.inputs)["fee"]
    assert slope.shape == (ALL,)
    assert not np.any(slope[:37]) and not np.any(slope[37 + ROWS :]) and np.any(slope[37 : 37 + ROWS])
    text = str(
        jax.make_jaxpr(jax.grad(lambda given: looped(case, {**case.inputs, "starts": given}, FEW).fees.sum()))(case.inputs["starts"])
    )
    assert f"f64[{ALL}]" in text.split("ffi_call")[-1] or "f64[0]" in text
    assert {name for name in SMOOTH if name in case.inputs} == {"fee"}


@pytest.mark.parametrize("start", [ALL - ROWS + 1, 10**6])
def test_a_window_that_leaves_the_data_is_moved_inside(start: int) -> None:
    """As the scan's slices are: nothing is read that is not there."""
    case = CASES["2"]
    found, expected = (run(case, case.inputs, start=start) for run in (looped, scanned))
    np.testing.assert_allclose(found.reserves, expected.reserves, rtol=1e-11)
    blocks = Blocks(case.inputs["starts"], case.inputs["slopes"])
    with pytest.raises(ValueError, match="a window of 700 rows in data of 600"):
        minute_loop(case.plan(), case.feed.prices[:600], jnp.asarray(0), blocks, case.inputs["opening"], case.feed.frictions)
