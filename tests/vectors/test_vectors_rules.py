"""The on-chain contracts' own numbers, and closed forms solved elsewhere to many digits."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray

from quantamm_cli.core import swap
from quantamm_cli.core.arbitrage import exact
from quantamm_cli.core.bijectors import Memory
from quantamm_cli.core.closed_form import Prefix, log_growth, prefix
from quantamm_cli.core.executor import compiled
from quantamm_cli.core.recurrence import Columns, OneRow, RuleInputs, one_row
from quantamm_cli.kernels.frictions.jax_ops import Plan, minute_loop
from quantamm_cli.kernels.operands import Blocks, Frictions
from quantamm_cli.rules.anti_momentum import AntiMomentum
from quantamm_cli.rules.base import Clock, price_gradient
from quantamm_cli.rules.difference_momentum import DifferenceMomentum
from quantamm_cli.rules.mean_reversion_channel import PEAK, MeanReversionChannel
from quantamm_cli.rules.min_variance import MinVariance, price_variance
from quantamm_cli.rules.momentum import Momentum
from quantamm_cli.rules.power_channel import PowerChannel

pytestmark = pytest.mark.usefixtures("each_executor")
CLOCK = Clock(1440, 10_000)


def vectors(name: str) -> Any:
    return json.loads(Path(__file__).with_name(f"{name}.json").read_text())


def fixed(numbers: list[str] | str) -> NDArray[np.float64]:
    """18-decimal fixed point as floats."""
    return np.vectorize(lambda text: int(text) / 10**18, otypes=[float])(numbers)


def real(numbers: Any) -> NDArray[np.float64]:
    """Decimal strings as floats."""
    return np.asarray(numbers, float)


@jax.jit
def signal(rule: Any, carried: dict[str, Any], price: Any, params: dict[str, Any]) -> jax.Array:
    """What a rule asks for at one price."""
    return rule.signal(OneRow(carried), RuleInputs(price), params, CLOCK)


def states(told: dict[str, Any]) -> dict[str, NDArray[np.float64]]:
    """Our recurrences before the price of a case: the average, and the contract's trend over λ."""
    price, decay = fixed(told["prices"]), fixed(told["lambda"])
    average, trend = (
        (fixed(told["moving_average"]) - (1 - decay) * price) / decay,
        fixed(told["previous_alpha"]) / decay,
    )
    return {
        name: np.broadcast_to(value, price.shape)
        for name, value in (("ewma", average), ("running_a", trend))
    }


def unsquareplus(value: NDArray[np.float64]) -> NDArray[np.float64]:
    return (value**2 - 1) / value


def gradient_params(told: dict[str, Any]) -> dict[str, NDArray[np.float64]]:
    """Raw parameters under which k times the memory in days is the contract's kappa."""
    decay, given = (
        fixed(told["lambda"]),
        {name: fixed(value) for name, value in told["parameters"].items()},
    )
    raw = np.log(decay / (1 - decay))
    days = Memory(CLOCK.chunk_period).readable(raw)
    params = {
        "logit_lamb": raw,
        "log_k": np.log2(given["kappa"] / days),
        "sp_k": unsquareplus(given["kappa"] / days),
    }
    if "q" in given or "exponents" in given:
        params["sp_exponents"] = unsquareplus(given["q"] if "q" in given else given["exponents"])
        params["sp_pre_exp_scaling"] = unsquareplus(given.get("pre_exp_scaling", np.asarray(0.5)))
    if "amplitude" in given:
        params["sp_amplitude"] = unsquareplus(
            given["amplitude"] / given["inverse_scaling"] * PEAK / days
        )
        params["sp_width"] = unsquareplus(given["width"])
    return params


RULES = {
    "momentum": Momentum,
    "antimomentum": AntiMomentum,
    "power_channel": PowerChannel,
    "mean_reversion_channel": MeanReversionChannel,
}
CONTRACT = vectors("quantamm_rules")["rules"]
MOVES = [(name, case) for name in RULES for case in CONTRACT[name]["cases"]]


@pytest.mark.parametrize(
    ("name", "case"), MOVES, ids=[f"{name}-{case['name']}" for name, case in MOVES]
)
def test_gradient_rules_move_weights_as_the_contract_does(name: str, case: dict[str, Any]) -> None:
    """Before any guard, to 1e-11 (1e-10 where the contract takes powers);
    relative to the average or to the price itself.
    """
    told = case["inputs"]
    price = fixed(told["prices"])
    rule = RULES[name](
        use_raw_price=bool(fixed(told["parameters"].get("use_raw_price", ["0"])).any())
    )
    params = {
        key: np.broadcast_to(value, price.shape) for key, value in gradient_params(told).items()
    }
    change = np.asarray(signal(rule, states(told), price, params))
    tolerance = 1e-11 if name.endswith("momentum") else 1e-10
    np.testing.assert_allclose(
        fixed(told["prev_weights"]) + change,
        fixed(case["expected_unguarded_weights"]),
        rtol=0,
        atol=tolerance,
    )


@pytest.mark.parametrize(
    "case", CONTRACT["difference_momentum"]["cases"], ids=lambda case: case["name"]
)
def test_difference_momentum_moves_weights_as_the_contract_does(case: dict[str, Any]) -> None:
    """``form=contract``: (short - long) / long, to 1e-11."""
    told = case["inputs"]
    price, long, short = (
        fixed(told["prices"]),
        fixed(told["lambda"]),
        fixed(told["parameters"]["lambda_short"]),
    )
    memory = Memory(CLOCK.chunk_period)
    days = [
        np.broadcast_to(memory.readable(np.log(decay / (1 - decay))), price.shape)
        for decay in (long, short)
    ]
    carried = {
        "ewma_1": (fixed(told["moving_average"]) - (1 - long) * price) / long,
        "ewma_2": fixed(told["previous_short_moving_average"]),
    }
    params = {
        "memory_days_1": days[0],
        "memory_days_2": days[1],
        "k": fixed(told["parameters"]["kappa"]) / np.maximum(*days),
    }
    change = np.asarray(signal(DifferenceMomentum(form="contract"), carried, price, params))
    np.testing.assert_allclose(
        fixed(told["prev_weights"]) + change,
        fixed(case["expected_unguarded_weights"]),
        rtol=0,
        atol=1e-11,
    )


class Told(OneRow):
    """The newest row, where the moving average is given and not computed,
    as in the contract's tests.
    """

    averages: tuple[jax.Array, jax.Array]

    def __call__(
        self, name: str, decay: jax.Array, drive: jax.Array, start: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        return self.averages if name == "ewma" else super().__call__(name, decay, drive, start)


@jax.jit
def wished(
    rule: MinVariance,
    carried: dict[str, Any],
    averages: Any,
    price: Any,
    params: dict[str, Any],
    weights: Any,
) -> jax.Array:
    """The weights a rule wants where it is told the averages."""
    recur = Told(carried)
    recur.averages = averages
    return rule.wish(weights, rule.signal(recur, RuleInputs(price), params, CLOCK), params, CLOCK)


@pytest.mark.parametrize("case", CONTRACT["min_variance"]["cases"], ids=lambda case: case["name"])
def test_min_variance_moves_weights_as_the_contract_does(case: dict[str, Any]) -> None:
    """``form=contract``: shares in inverse proportion to the variance of prices, mixed with the
    weights before; to 1e-11.
    """
    told = case["inputs"]
    price, memory = fixed(told["prices"]), Memory(CLOCK.chunk_period)
    decays = [fixed(told["lambda"]), *map(fixed, told["parameters"].values())]
    days = [
        np.broadcast_to(memory.readable(np.log(decay / (1 - decay))), price.shape)
        for decay in decays
    ]
    params = {"memory_days_1": days[0], "memory_days_2": days[1]}
    carried = {"running_variance": fixed(told["previous_intermediate_variance"])}
    now, before = np.split(fixed(told["moving_average"]), 2)
    weights = wished(
        MinVariance(form="contract"),
        carried,
        (now, before),
        price,
        params,
        fixed(told["prev_weights"]),
    )
    np.testing.assert_allclose(
        weights, fixed(case["expected_unguarded_weights"]), rtol=0, atol=1e-11
    )


GRADIENTS = [
    case for case in vectors("quantamm_estimator_state")["cases"] if case["kind"] == "gradient"
]
SPREADS = [
    case for case in vectors("quantamm_estimator_state")["cases"] if case["kind"] != "gradient"
]


@jax.jit
def sloped(prices: Any, logit: Any) -> tuple[jax.Array, jax.Array]:
    """Gradients and averages of whole columns."""
    return price_gradient(Columns(jnp.asarray(0)), prices, logit, CLOCK)


@jax.jit
def sloped_once(state: Any, price: Any, logit: Any) -> tuple[Any, jax.Array]:
    """The gradient after one more price."""
    return one_row(
        lambda recur, row: price_gradient(recur, row.price, logit, CLOCK)[0],
        state,
        RuleInputs(price),
    )


@pytest.mark.parametrize("case", GRADIENTS, ids=lambda case: case["name"])
def test_the_gradient_estimator_is_the_contracts(case: dict[str, Any]) -> None:
    """Prices in, absolute gradients out: whole columns at once, and price after price."""
    told = case["inputs"]
    prices, decay = fixed(told["prices"]), fixed(told["lambda"])
    expected, averages = fixed(case["expected_per_step"]), fixed(told["moving_average(_and_prev)"])
    logit = np.broadcast_to(np.log(decay / (1 - decay)), prices.shape[1:])
    slopes, means = sloped(prices, logit)
    np.testing.assert_allclose(slopes, expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(means, averages, rtol=1e-12)
    state = None
    for price, wanted in zip(prices, expected, strict=True):
        state, slope = sloped_once(state, price, logit)
        np.testing.assert_allclose(slope, wanted, rtol=1e-9, atol=1e-9)


def price_covariance(recur: Any, price: jax.Array, keep: jax.Array, forget: jax.Array) -> jax.Array:
    r"""The contracts' exponentially weighted products of prices about their moving averages.

    $$A'_{ij} = \lambda_i A_{ij} + (p - e)_i (p - e')_j,
    \qquad \Sigma_{ij} = (1 - \lambda_i) A_{ij}$$

    No rule here uses it; its diagonal is the variance of ``min_variance`` in contract form.
    """
    n = price.shape[-1]
    average, before = recur("ewma", keep, forget * price, price)
    products = (price - before)[..., :, None] * (price - average)[..., None, :]
    flat = products.reshape(*price.shape[:-1], n * n)
    spread, _ = recur("running_covariance", jnp.repeat(keep, n), flat, jnp.zeros_like(flat))
    return forget[:, None] * spread.reshape(products.shape)


ESTIMATORS = {
    "variance": (price_variance, "running_variance"),
    "covariance": (price_covariance, "running_covariance"),
}


@partial(jax.jit, static_argnames="kind")
def spread(kind: str, prices: Any, keep: Any) -> tuple[jax.Array, dict[str, jax.Array]]:
    """What an estimator says of whole columns, and its states."""
    columns = Columns(jnp.asarray(0))
    return ESTIMATORS[kind][0](columns, prices, keep, 1 - keep), columns.columns


@partial(jax.jit, static_argnames="kind")
def spread_once(
    kind: str, carried: Any, price: Any, keep: Any
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """What it says of one more price, and its state after it."""
    recur = OneRow(carried)
    return ESTIMATORS[kind][0](recur, price, keep, 1 - keep), recur.state


@pytest.mark.parametrize("case", SPREADS, ids=lambda case: case["name"])
def test_the_variance_and_covariance_estimators_are_the_contracts(case: dict[str, Any]) -> None:
    """Prices in, what each says and the state it carries out: whole columns at once,
    and price after price; 1e-9.
    """
    told, kind = case["inputs"], case["kind"]
    prices, decay = fixed(told["prices"]), fixed(told["lambda"])
    expected, averages = fixed(case["expected_per_step"]), fixed(told["moving_average(_and_prev)"])
    keep, state = np.broadcast_to(decay, prices.shape[1:]), ESTIMATORS[kind][1]
    said, columns = jax.device_get(spread(kind, prices, keep))
    np.testing.assert_allclose(said, expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(columns["ewma"], averages[:, : len(keep)], rtol=1e-12)
    carried = None
    for row, (price, wanted, average) in enumerate(zip(prices, expected, averages, strict=True)):
        said, carried = spread_once(kind, carried, price, keep)
        np.testing.assert_allclose(said, wanted, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(carried["ewma"], average[: len(keep)], rtol=1e-12)
        np.testing.assert_allclose(
            carried[state], wanted.ravel() / (1 - decay), rtol=1e-9, atol=1e-9
        )
        np.testing.assert_allclose(columns[state][row], carried[state], rtol=1e-12)


ARBITRAGE = vectors("g3m_optimal_arb")["cases"]


def best(reserves: Any, weights: Any, prices: Any, fee: float) -> NDArray[np.float64]:
    """Reserves after one arbitrage, as NumPy has them."""
    return np.asarray(_best(reserves, weights, prices, np.asarray(fee)))


@jax.jit
def _best(reserves: jax.Array, weights: jax.Array, prices: jax.Array, fee: jax.Array) -> jax.Array:
    """Reserves after one arbitrage: of the executor that is chosen."""
    if not compiled():
        return exact(reserves, weights, prices, fee)
    still = Plan(1, chunk=1, period=1, moves=False)
    given = Blocks(weights[None], jnp.zeros_like(weights)[None]), reserves, Frictions(fee)
    return minute_loop(still, prices[None], jnp.asarray(0), *given).reserves[0]


@pytest.mark.parametrize("case", ARBITRAGE, ids=lambda case: f"{case['n']}-fee={case['fee']}")
def test_the_arbitrage_is_the_optimum_solved_to_sixty_digits(case: dict[str, Any]) -> None:
    """Reserves to 1e-9, profit to 1e-9 of the pool's value, and the same
    tokens in, out and untouched.
    """
    reserves, weights, prices = (real(case[name]) for name in ("reserves", "weights", "prices"))
    after = best(reserves, weights, prices, float(case["fee"]))
    np.testing.assert_allclose(after, real(case["expected_reserves"]), rtol=1e-9)
    value = float((reserves * prices).sum())
    profit, wanted = float((prices * (reserves - after)).sum()), float(case["expected_arb_profit"])
    if wanted / value < 1e-10:
        assert abs(profit) / value < 1e-9
    else:
        assert abs(profit - wanted) <= 1e-9 * value
    assert np.sign(after - reserves).astype(int).tolist() == case["direction"]


CLOSED = vectors("tfmm_closed_form")["cases"]
STEPS = [case for case in CLOSED if case["kind"] == "weight_change_constant_prices"]
PATHS = [case for case in CLOSED if case["kind"] == "price_and_weight_path_zero_fee"]


CHANGES = np.array(sorted({0, *(case["linear_steps"] for case in STEPS)}))


@jax.jit
def grown(sums: Prefix, start: Any, slope: Any) -> jax.Array:
    """Log growth of a block that moves for as long as the longest change of
    weights, at the end of each.
    """
    last = int(CHANGES[-1])
    return log_growth(sums, start[None], slope[None], last + 1, last, jnp.asarray(0), CHANGES)


@pytest.mark.parametrize("case", STEPS, ids=lambda case: f"{case['n']}-{case['linear_steps']}")
def test_weights_that_move_at_constant_prices_cost_their_divergence(case: dict[str, Any]) -> None:
    """The closed form of a block, and where steps are few the arbitrage step by step."""
    start, end, prices, reserves = (
        real(case[name])
        for name in ("initial_weights", "final_weights", "prices", "initial_reserves")
    )
    steps = case["linear_steps"]
    tolerance = 1e-10 if steps >= 1440 else 1e-11
    sums = prefix(np.broadcast_to(prices, (CHANGES[-1] + 1, len(prices))))
    growth = np.asarray(grown(sums, start, (end - start) / steps))
    ratio = np.exp(growth[CHANGES.tolist().index(steps)])
    np.testing.assert_allclose(ratio, float(case["expected_value_ratio"]), rtol=tolerance)
    np.testing.assert_allclose(
        end * ratio * (reserves * prices).sum() / prices,
        real(case["expected_reserves"]),
        rtol=tolerance,
    )
    if steps <= 10:
        now = reserves
        for k in range(1, steps + 1):
            now = best(now, start + k * (end - start) / steps, prices, 0.0)
        np.testing.assert_allclose(now, real(case["expected_reserves"]), rtol=tolerance)


@pytest.mark.parametrize("case", PATHS, ids=lambda case: f"{case['n']}-{len(case['prices'])}")
def test_new_weights_and_new_prices_together_keep_the_new_invariant(case: dict[str, Any]) -> None:
    """Each step quotes the old reserves at the new weights and trades to
    the new prices for nothing.
    """
    reserves = real(case["initial_reserves"])
    for step, (weights, prices) in enumerate(
        zip(real(case["weights"]), real(case["prices"]), strict=True)
    ):
        reserves = best(reserves, weights, prices, 0.0) if step else reserves
        np.testing.assert_allclose(reserves, real(case["expected_reserves"][step]), rtol=1e-11)
        np.testing.assert_allclose(
            (reserves * prices).sum(), float(case["expected_values"][step]), rtol=1e-11
        )


WEIGHTED = vectors("weighted_generated")


def test_swaps_with_weighted_pools_are_those_of_real_arithmetic() -> None:
    """Sixty swaps each way without fee: 1e-12 relative, 1e-9 where the trade is a
    millionth of the balance.
    """
    cases = WEIGHTED["swaps"]
    assert len(cases) == 60
    column = {
        name: fixed([case[name] for case in cases])
        for name in cases[0]
        if not name.startswith(("real", "expected"))
    }
    pool = [column[name] for name in ("balance_in", "weight_in", "balance_out", "weight_out")]
    for one, traded, balance, wanted in (
        (swap.out_given_in, "amount_in", "balance_in", "real_out"),
        (swap.in_given_out, "amount_out", "balance_out", "real_in"),
    ):
        found = np.asarray(jax.jit(one)(*pool, column[traded]))
        expected = real([case[wanted] for case in cases])
        tolerance = np.where(column[traded] / column[balance] <= 1e-6, 1e-9, 1e-12)
        off = np.abs(found / expected - 1)
        assert (off <= tolerance).all(), f"{one.__name__}: {off.max()} in case {off.argmax()}"


def test_the_fee_is_taken_from_what_is_paid_in() -> None:
    """A fee makes the same input worth less, and the same output dearer, by 1 - fee."""
    pool, fee = (1000.0, 0.3, 500.0, 0.7), 0.003

    @jax.jit
    def there_and_back(paid: Any) -> tuple[jax.Array, jax.Array, jax.Array]:
        out = swap.out_given_in(*pool, paid, fee)
        return out, swap.out_given_in(*pool, paid * 0.997), swap.in_given_out(*pool, out, fee)

    out, of_less, back = there_and_back(10.0)
    np.testing.assert_allclose(out, of_less, rtol=1e-14)
    np.testing.assert_allclose(back, 10.0, rtol=1e-13)


@pytest.mark.parametrize("index", range(len(WEIGHTED["invariants"])))
def test_the_invariant_is_the_weighted_product_and_free_trades_keep_it(index: int) -> None:
    """Π B^w as published; a frictionless arbitrage to other prices moves along it."""
    case = WEIGHTED["invariants"][index]
    balances, weights = fixed(case["balances"]), fixed(case["weights"])
    invariant = np.exp((weights * np.log(balances)).sum())
    np.testing.assert_allclose(invariant, float(case["real_invariant"]), rtol=1e-12)
    prices = np.random.Generator(np.random.PCG64(index)).uniform(0.5, 2, len(balances)) / balances
    after = best(balances, weights, prices, 0.0)
    np.testing.assert_allclose(np.exp((weights * np.log(after)).sum()) / invariant, 1, rtol=1e-12)
