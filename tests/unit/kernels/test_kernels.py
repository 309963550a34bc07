"""The compiled minute loop is the scan, value and gradient."""

from functools import cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from kernel_worlds import (
    ALL,
    CASES,
    ROWS,
    SMOOTH,
    START,
    Case,
    Moving,
    looped,
    of_the_loop,
    of_the_scan,
)
from kinds import forwards

from quantamm_cli.core.types import Feed
from quantamm_cli.kernels.frictions.jax_ops import LoopResult, Plan, minute_loop
from quantamm_cli.kernels.operands import Blocks

cases = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
FEW = (0, 1, 88, 89, 90, 91, 255, 256, 257, 511, 512, 640, ROWS - 1)
AT = np.array(FEW)


def worth(reserves: jax.Array, fees: jax.Array, feed: Feed) -> jax.Array:
    """Something smooth of reserves and of all fees until then, at the rows ``FEW``."""
    random = np.random.Generator(np.random.PCG64(5))
    mix, tilt = random.uniform(0.5, 1, reserves.shape), random.uniform(0.5, 1, len(FEW))
    return (mix * jnp.log(reserves * feed.prices[37 + AT])).sum() + (tilt * fees).sum() / 1e4


def of_rows(
    plan: Plan, feed: Feed, standing: Any, start: Any, inputs: Any
) -> tuple[Any, LoopResult]:
    """What the rows that a plan asks for are worth, and what the compiled loop leaves there."""
    left = of_the_loop(plan, feed, standing, inputs, start)
    return worth(left.reserves, jnp.cumsum(left.fees), feed), left


class Results(NamedTuple):
    """Every minute and the slopes, of the scan and of the compiled loop;
    and rows ``FEW`` of the latter.
    """

    scanned: LoopResult
    scanned_slopes: dict[str, Any]
    looped: LoopResult
    looped_slopes: dict[str, Any]
    few: LoopResult


@partial(jax.jit, static_argnames="gradient")
def scan(
    gradient: Any, pool: Moving, feed: Feed, standing: Any, inputs: Any, start: Any
) -> tuple[LoopResult, dict[str, Any]]:
    """Every minute of the scan, and the slopes."""

    def valued(inputs: Any) -> tuple[jax.Array, LoopResult]:
        left = of_the_scan(pool, feed, standing, inputs, start)
        return worth(left.reserves[AT], jnp.cumsum(left.fees)[AT], feed), left

    slopes, left = gradient(valued)(inputs)
    return left, slopes


@jax.jit
def loop(
    every: Plan, few: Plan, feed: Feed, standing: Any, inputs: Any, start: Any
) -> tuple[LoopResult, dict[str, Any], LoopResult]:
    """Every minute of the compiled loop, and rows and slopes where it is asked for some."""
    slopes, rows = jax.grad(partial(of_rows, few, feed, standing, start), has_aux=True)(inputs)
    return of_the_loop(every, feed, standing, inputs, start), slopes, rows


def backwards(function: Any) -> Any:
    return jax.grad(function, has_aux=True)


@cache
def results(case: Case, start: int = START) -> Results:
    """Both ways to run a case, in two programs. Some have too many slopes to find them forwards."""
    inputs = case.feed, case.standing, case.inputs, start
    many = case.columns or (case.solver == "pairwise" and case.assets == 8)
    of_scan = scan(backwards if many else forwards, case.pool, *inputs)
    of_loop = loop(case.plan(), case.plan(FEW), *inputs)
    return Results(*jax.tree.map(np.asarray, (*of_scan, *of_loop)))


@cases
def test_every_minute_is_that_of_the_scan(case: Case) -> None:
    """Reserves, fees and refused trades of all rows to 1e-11; and something did happen."""
    expected, left = results(case).scanned, results(case).looped
    np.testing.assert_allclose(left.reserves, expected.reserves, rtol=1e-11)
    np.testing.assert_allclose(
        left.fees, expected.fees, rtol=1e-9, atol=1e-11 * float(expected.fees.max())
    )
    np.testing.assert_array_equal(left.refused, expected.refused)
    assert (np.diff(expected.reserves[:, 0]) != 0).sum() > 2
    assert (expected.refused.sum() > 0) == (case.trades > 0)


@cases
def test_rows_asked_for_are_those_of_all(case: Case) -> None:
    """Reserves at the rows; fees and refused trades since the row before."""
    every, few = results(case).looped, results(case).few
    np.testing.assert_array_equal(few.reserves, every.reserves[AT])
    np.testing.assert_allclose(np.cumsum(few.fees), np.cumsum(every.fees)[AT], rtol=1e-12)
    np.testing.assert_array_equal(np.cumsum(few.refused), np.cumsum(every.refused)[AT])


@cases
def test_gradients_are_those_of_the_scan(case: Case) -> None:
    """With respect to blocks, opening reserves and smooth frictions, to 1e-8.

    Not of a fee of zero with respect to the fee: there is its edge.
    """
    expected, slopes = results(case).scanned_slopes, results(case).looped_slopes
    assert set(expected) >= {"starts", "slopes", "opening", "fee"}
    still = {"slopes"} if case.still else set()
    quiet = (
        set() if case.do_arb or case.trades else {"starts", "slopes", "fee", *SMOOTH}
    )  # nobody trades
    free = set() if case.fee else {"fee", "protocol_fee_split"}  # a share of nothing
    for name in set(expected) - still - quiet - free:
        size = float(np.abs(expected[name]).max())
        assert size > 0, name
        np.testing.assert_allclose(
            slopes[name], expected[name], rtol=1e-8, atol=1e-9 * size, err_msg=name
        )


@pytest.mark.parametrize("name", ["all frictions", "trades, every 7", "fee by the minute"])
def test_gradients_are_slopes(name: str) -> None:
    """Finite differences of the compiled loop along a random direction."""
    case = CASES[name]
    inputs = {key: np.asarray(value) for key, value in case.inputs.items()}
    random = np.random.Generator(np.random.PCG64(7))
    step = {
        key: random.standard_normal(value.shape) * np.abs(value).max()
        for key, value in inputs.items()
    }
    step["opening"] = inputs["opening"] * random.standard_normal(case.assets)
    slope = results(case).looped_slopes
    expected = sum(float((slope[key] * step[key]).sum()) for key in inputs)
    ahead, behind = (
        {key: inputs[key] + sign * 1e-8 * step[key] for key in inputs} for sign in (1, -1)
    )
    run = jax.jit(
        lambda inputs: of_rows(case.plan(FEW), case.feed, case.standing, START, inputs)[0]
    )
    assert (float(run(ahead)) - float(run(behind))) / 2e-8 == pytest.approx(expected, rel=2e-5)


def test_single_precision_is_computed_in_double() -> None:
    """Inputs and results are of the precision given; nothing is lost between."""
    case = CASES["all frictions"]
    inputs = {name: np.asarray(leaf, np.float32) for name, leaf in case.inputs.items()}
    widened = {name: leaf.astype(np.float64) for name, leaf in inputs.items()}
    parts = case.plan(), case.plan(FEW), case.feed, case.standing
    (single, slope, _), (double, *_) = (loop(*parts, leaves, START) for leaves in (inputs, widened))
    assert case.feed.prices.dtype == jnp.float64
    np.testing.assert_array_equal(single.reserves, double.reserves)
    assert {leaf.dtype for leaf in jax.tree.leaves(slope)} == {jnp.dtype(jnp.float32)}


@pytest.mark.parametrize("name", ["prices", "supply", "trades"])
def test_no_gradient_is_silently_zero(name: str) -> None:
    """What has none says so."""
    case = CASES["all that happens"]
    inputs, feed = case.inputs, case.feed
    assert feed.frictions is not None

    def run(scale: Any) -> Any:
        prices = feed.prices * (scale if name == "prices" else 1.0)
        frictions = feed.frictions._replace(
            lp_supply=feed.frictions.lp_supply * (scale if name == "supply" else 1.0)
        )
        trades = feed.trades._replace(
            amount=feed.trades.amount * (scale if name == "trades" else 1.0)
        )
        blocks = Blocks(inputs["starts"], inputs["slopes"])
        return minute_loop(
            case.plan(FEW), prices, jnp.asarray(3), blocks, inputs["opening"], frictions, trades
        ).reserves.sum()

    with pytest.raises(NotImplementedError, match=name):
        jax.grad(run)(1.0)


def test_a_gradient_by_the_minute_is_of_the_feeds_rows() -> None:
    """A fee's gradient is zero outside of the window, and costs nothing where nobody asks."""
    case = CASES["fee by the minute"]
    slope = jax.grad(lambda given: looped(case, given, FEW).fees.sum())(case.inputs)["fee"]
    assert slope.shape == (ALL,)
    assert (
        not np.any(slope[:37]) and not np.any(slope[37 + ROWS :]) and np.any(slope[37 : 37 + ROWS])
    )
    text = str(
        jax.make_jaxpr(
            jax.grad(lambda given: looped(case, {**case.inputs, "starts": given}, FEW).fees.sum())
        )(case.inputs["starts"])
    )
    assert f"f64[{ALL}]" in text.split("ffi_call")[-1] or "f64[0]" in text
    assert {name for name in SMOOTH if name in case.inputs} == {"fee"}


@pytest.mark.parametrize("start", [ALL - ROWS + 1, 10**6])
def test_a_window_that_leaves_the_data_is_moved_inside(start: int) -> None:
    """As the scan's slices are: nothing is read that is not there."""
    case = CASES["2"]
    both = results(case, start)
    np.testing.assert_allclose(both.looped.reserves, both.scanned.reserves, rtol=1e-11)
    blocks = Blocks(case.inputs["starts"], case.inputs["slopes"])
    with pytest.raises(ValueError, match="a window of 700 rows does not fit data of 600 rows"):
        minute_loop(
            case.plan(),
            case.feed.prices[:600],
            jnp.asarray(0),
            blocks,
            case.inputs["opening"],
            case.feed.frictions,
        )
