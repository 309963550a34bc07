"""The on-chain contracts' own numbers, and closed forms solved elsewhere to many digits."""

import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray

from quantamm_cli.core import swap
from quantamm_cli.core.arbitrage import exact
from quantamm_cli.core.closed_form import log_growth, prefix
from quantamm_cli.core.recurrence import Columns, OneRow
from quantamm_cli.rules.anti_momentum import AntiMomentum
from quantamm_cli.rules.base import Clock, WeightRule, price_gradient
from quantamm_cli.rules.difference_momentum import DifferenceMomentum
from quantamm_cli.rules.mean_reversion_channel import PEAK, MeanReversionChannel
from quantamm_cli.rules.momentum import Momentum
from quantamm_cli.rules.power_channel import PowerChannel

CLOCK = Clock(1440, 10_000)


def vectors(name: str) -> Any:
    return json.loads(Path(__file__).with_name(f"{name}.json").read_text())


def fixed(numbers: list[str] | str) -> NDArray[np.float64]:
    """18-decimal fixed point as floats."""
    return np.vectorize(lambda text: int(text) / 10**18, otypes=[float])(numbers)


def real(numbers: Any) -> NDArray[np.float64]:
    """Decimal strings as floats."""
    return np.asarray(numbers, float)


def logit(decay: NDArray[np.float64], assets: int) -> jax.Array:
    return jnp.broadcast_to(jnp.log(decay / (1 - decay)), (assets,))


def carried(decay: NDArray[np.float64], price: NDArray[np.float64], average: NDArray[np.float64], *trends: NDArray[np.float64]) -> OneRow:
    """The contract's state before this price as ours: the moving average that becomes ``average``, and the trends over λ."""
    state = ((average - (1 - decay) * price) / decay, *(trend / decay for trend in trends))
    return OneRow(tuple(jnp.broadcast_to(jnp.asarray(value), price.shape) for value in state))


def gradient(
    decay: NDArray[np.float64], price: NDArray[np.float64], average: NDArray[np.float64], before: NDArray[np.float64]
) -> jax.Array:
    """The contract's gradient, through our estimator."""
    return price_gradient(carried(decay, price, average, before), jnp.asarray(price), logit(decay, len(price)), CLOCK)[0]


CONTRACT = vectors("quantamm_rules")["rules"]


def named(value: Any) -> str:
    return value if isinstance(value, str) else value["name"]


KINDS = {"momentum": Momentum, "antimomentum": AntiMomentum, "power_channel": PowerChannel, "mean_reversion_channel": MeanReversionChannel}


def readable(told: dict[str, Any], days: float) -> dict[str, Any]:
    """The contract's parameters under our names. Our strength and amplitude are a day; their channel's height is a number."""
    given = {name: fixed(value) for name, value in told["parameters"].items()}
    values = {"k_per_day": given["kappa"] / days, "memory_days": days}
    values |= {"exponent": given.get("q", given.get("exponents")), "pre_exp_scaling": 0.5}
    values |= {name: given[name] for name in ("pre_exp_scaling", "width") if name in given}
    if "amplitude" in given:
        values["amplitude"] = given["amplitude"] / given["inverse_scaling"] * PEAK / days
    return values


@pytest.mark.parametrize(("kind", "case"), [(kind, case) for kind in KINDS for case in CONTRACT[kind]["cases"]], ids=named)
def test_gradient_rules_move_weights_as_the_contracts_do(kind: str, case: dict[str, Any]) -> None:
    """Before any guard, to 1e-11 (1e-10 where the contract's own powers are less exact)."""
    told = case["inputs"]
    price, decay = fixed(told["prices"]), fixed(told["lambda"])
    raw_price = told["parameters"].get("use_raw_price", ["0"]) != ["0"]
    rule: WeightRule = KINDS[kind](use_raw_price=raw_price)
    specs = {spec.readable: spec for spec in rule.parameters(CLOCK)}
    days = float(specs["memory_days"].bijector.readable(np.asarray(logit(decay, 1)))[0])
    given = readable(told, days)
    params = {spec.name: jnp.broadcast_to(spec.bijector.raw(np.asarray(given[name], float)), price.shape) for name, spec in specs.items()}
    params["logit_lamb"] = logit(decay, len(price))
    before = carried(decay, price, fixed(told["moving_average"]), fixed(told["previous_alpha"]))
    changed = fixed(told["prev_weights"]) + rule.signal(before, jnp.asarray(price), params, CLOCK)
    tolerance = 1e-11 if "momentum" in kind else 1e-10
    np.testing.assert_allclose(changed, fixed(case["expected_unguarded_weights"]), rtol=0, atol=tolerance)


@pytest.mark.parametrize("case", CONTRACT["difference_momentum"]["cases"], ids=named)
def test_difference_momentum_moves_weights_as_the_contract_does(case: dict[str, Any]) -> None:
    """With ``form=contract``, before any guard, to 1e-11."""
    told = case["inputs"]
    price, long, short = fixed(told["prices"]), fixed(told["lambda"]), fixed(told["parameters"]["lambda_short"])
    averages = [(fixed(told["moving_average"]) - (1 - long) * price) / long, fixed(told["previous_short_moving_average"])]
    state = OneRow(tuple(jnp.broadcast_to(jnp.asarray(value), price.shape) for value in averages))
    memory = Momentum().parameters(CLOCK)[1].bijector
    days = [float(memory.readable(np.asarray(logit(decay, 1)))[0]) for decay in (long, short)]
    params = {"memory_days_1": days[0], "memory_days_2": days[1], "k": fixed(told["parameters"]["kappa"]) / max(days)}
    params = {name: jnp.broadcast_to(jnp.asarray(value), price.shape) for name, value in params.items()}
    changed = fixed(told["prev_weights"]) + DifferenceMomentum(form="contract").signal(state, jnp.asarray(price), params, CLOCK)
    np.testing.assert_allclose(changed, fixed(case["expected_unguarded_weights"]), rtol=0, atol=1e-11)


GRADIENTS = [case for case in vectors("quantamm_estimator_state")["cases"] if case["kind"] == "gradient"]


@pytest.mark.parametrize("case", GRADIENTS, ids=lambda case: case["name"])
def test_the_gradient_estimator_is_the_contracts(case: dict[str, Any]) -> None:
    """Price after price; whole columns at once say the same."""
    told = case["inputs"]
    prices, averages, decay = fixed(told["prices"]), fixed(told["moving_average(_and_prev)"]), fixed(told["lambda"])
    expected = fixed(case["expected_per_step"])
    before = fixed(told["initial_state"])
    for price, average, wanted in zip(prices, averages, expected, strict=True):
        slope = np.asarray(gradient(decay, price, average, before))
        np.testing.assert_allclose(slope, wanted, rtol=1e-9, atol=1e-12 * price.max())
        before = slope * decay / (1 - decay) ** 3
    columns, _ = price_gradient(Columns(jnp.asarray(0)), jnp.asarray(prices), logit(decay, prices.shape[1]), CLOCK)
    np.testing.assert_allclose(columns, expected, rtol=1e-9, atol=1e-12 * prices.max())


ARBITRAGE = vectors("g3m_optimal_arb")["cases"]
best = jax.jit(exact)


@pytest.mark.parametrize("case", ARBITRAGE, ids=lambda case: f"{case['n']}-fee={case['fee']}")
def test_the_arbitrage_is_the_optimum_solved_to_sixty_digits(case: dict[str, Any]) -> None:
    """Reserves to 1e-9, profit to 1e-9 of the pool's value, and the same tokens in, out and untouched."""
    reserves, weights, prices = (jnp.asarray(real(case[name])) for name in ("reserves", "weights", "prices"))
    after = best(reserves, weights, prices, jnp.asarray(float(case["fee"])))
    np.testing.assert_allclose(after, real(case["expected_reserves"]), rtol=1e-9)
    value = float((reserves * prices).sum())
    profit, wanted = float((prices * (reserves - after)).sum()), float(case["expected_arb_profit"])
    if wanted / value < 1e-10:
        assert abs(profit) / value < 1e-9
    else:
        assert abs(profit - wanted) <= 1e-9 * value
    assert np.sign(np.asarray(after - reserves)).astype(int).tolist() == case["direction"]


CLOSED = vectors("tfmm_closed_form")["cases"]
STEPS = [case for case in CLOSED if case["kind"] == "weight_change_constant_prices"]
PATHS = [case for case in CLOSED if case["kind"] == "price_and_weight_path_zero_fee"]


@pytest.mark.parametrize("case", STEPS, ids=lambda case: f"{case['n']}-{case['linear_steps']}")
def test_weights_that_move_at_constant_prices_cost_their_divergence(case: dict[str, Any]) -> None:
    """The closed form of a block, and where steps are few the arbitrage step by step."""
    start, end, prices, reserves = (real(case[name]) for name in ("initial_weights", "final_weights", "prices", "initial_reserves"))
    steps = case["linear_steps"]
    tolerance = 1e-10 if steps >= 1440 else 1e-11
    rows = np.array([0, steps])
    sums = prefix(np.broadcast_to(prices, (steps + 1, len(prices))))
    growth = log_growth(sums, jnp.asarray(start[None]), jnp.asarray((end - start)[None] / steps), steps + 1, steps, jnp.asarray(0), rows)
    ratio = np.exp(growth[1])
    np.testing.assert_allclose(ratio, float(case["expected_value_ratio"]), rtol=tolerance)
    np.testing.assert_allclose(end * ratio * (reserves * prices).sum() / prices, real(case["expected_reserves"]), rtol=tolerance)
    if steps <= 10:
        now = jnp.asarray(reserves)
        for k in range(1, steps + 1):
            now = best(now, jnp.asarray(start + k * (end - start) / steps), jnp.asarray(prices), jnp.asarray(0.0))
        np.testing.assert_allclose(now, real(case["expected_reserves"]), rtol=tolerance)


@pytest.mark.parametrize("case", PATHS, ids=lambda case: f"{case['n']}-{len(case['prices'])}")
def test_new_weights_and_new_prices_together_keep_the_new_invariant(case: dict[str, Any]) -> None:
    """Each step quotes the old reserves at the new weights and trades to the new prices for nothing."""
    reserves = jnp.asarray(real(case["initial_reserves"]))
    for step, (weights, prices) in enumerate(zip(real(case["weights"]), real(case["prices"]), strict=True)):
        reserves = best(reserves, jnp.asarray(weights), jnp.asarray(prices), jnp.asarray(0.0)) if step else reserves
        np.testing.assert_allclose(reserves, real(case["expected_reserves"][step]), rtol=1e-11)
        np.testing.assert_allclose((reserves * prices).sum(), float(case["expected_values"][step]), rtol=1e-11)


WEIGHTED = vectors("weighted_generated")


def test_swaps_with_weighted_pools_are_those_of_real_arithmetic() -> None:
    """Sixty swaps each way without fee: 1e-12 relative, 1e-9 where the trade is a millionth of the balance."""
    cases = WEIGHTED["swaps"]
    assert len(cases) == 60
    column = {name: fixed([case[name] for case in cases]) for name in cases[0] if not name.startswith(("real", "expected"))}
    pool = [jnp.asarray(column[name]) for name in ("balance_in", "weight_in", "balance_out", "weight_out")]
    for one, traded, balance, wanted in (
        (swap.out_given_in, "amount_in", "balance_in", "real_out"),
        (swap.in_given_out, "amount_out", "balance_out", "real_in"),
    ):
        found = np.asarray(one(*pool, jnp.asarray(column[traded])))
        expected = real([case[wanted] for case in cases])
        tolerance = np.where(column[traded] / column[balance] <= 1e-6, 1e-9, 1e-12)
        off = np.abs(found / expected - 1)
        assert (off <= tolerance).all(), f"{one.__name__}: {off.max()} in case {off.argmax()}"


def test_the_fee_is_taken_from_what_is_paid_in() -> None:
    """A fee makes the same input worth less, and the same output dearer, by 1 - fee."""
    pool = [jnp.asarray(value) for value in (1000.0, 0.3, 500.0, 0.7)]
    fee = 0.003
    out = swap.out_given_in(*pool, 10.0, fee)
    np.testing.assert_allclose(out, swap.out_given_in(*pool, 10 * 0.997), rtol=1e-14)
    np.testing.assert_allclose(swap.in_given_out(*pool, jnp.asarray(out), fee), 10.0, rtol=1e-13)


@pytest.mark.parametrize("index", range(len(WEIGHTED["invariants"])))
def test_the_invariant_is_the_weighted_product_and_free_trades_keep_it(index: int) -> None:
    """Π B^w as published; a frictionless arbitrage to other prices moves along it."""
    case = WEIGHTED["invariants"][index]
    balances, weights = fixed(case["balances"]), fixed(case["weights"])
    invariant = np.exp((weights * np.log(balances)).sum())
    np.testing.assert_allclose(invariant, float(case["real_invariant"]), rtol=1e-12)
    prices = np.random.Generator(np.random.PCG64(index)).uniform(0.5, 2, len(balances)) / balances
    after = best(jnp.asarray(balances), jnp.asarray(weights), jnp.asarray(prices), jnp.asarray(0.0))
    np.testing.assert_allclose(np.exp((weights * np.log(after)).sum()) / invariant, 1, rtol=1e-12)
