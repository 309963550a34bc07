"""What an arbitrageur takes, gives and leaves."""

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray

from quantamm_cli.core.arbitrage import exact, leg, pairwise
from quantamm_cli.core.minute import Minute

FEE = 0.003


V = NDArray[np.float64]


def draw(n: int, seed: int, spread: float = 0.03) -> tuple[V, V, V]:
    """Reserves, weights and prices of a pool near its equilibrium."""
    random = np.random.Generator(np.random.PCG64([n, seed]))
    weights, prices = random.dirichlet(np.full(n, 3.0)), np.exp(random.normal(0, 4, n))
    reserves = 1e6 * weights / prices * np.exp(spread * random.standard_normal(n))
    return reserves, weights, prices


def many(n: int, count: int = 64, spread: float = 0.03) -> list[V]:
    return [
        np.stack(column)
        for column in zip(*(draw(n, seed, spread) for seed in range(count)), strict=True)
    ]


@cache
def _over(solver: Any) -> Any:
    return jax.jit(jax.vmap(solver, in_axes=(0, 0, 0, None)))


def over(solver: Any, reserves: V, weights: V, prices: V, fee: float) -> V:
    """What is left of many pools."""
    return np.asarray(_over(solver)(reserves, weights, prices, fee))


def invariant(reserves: NDArray[Any], weights: NDArray[Any]) -> NDArray[Any]:
    return np.exp((weights * np.log(reserves)).sum(-1))


@pytest.mark.parametrize("fee", [0.0, 1e-6, FEE, 0.3])
def test_for_two_tokens_the_best_pair_is_the_optimum(fee: float) -> None:
    """Both solvers give the same reserves."""
    pools = many(2)
    np.testing.assert_allclose(over(exact, *pools, fee), over(pairwise, *pools, fee), rtol=1e-13)


@pytest.mark.parametrize("n", [3, 8])
@pytest.mark.parametrize("fee", [0.0, FEE])
def test_the_joint_optimum_earns_at_least_the_best_pair(n: int, fee: float) -> None:
    """And more, somewhere; neither ever loses."""
    reserves, weights, prices = many(n)
    profits = [
        ((reserves - over(solver, reserves, weights, prices, fee)) * prices).sum(-1)
        for solver in (exact, pairwise)
    ]
    assert (profits[1] >= -1e-9).all()
    assert (profits[0] >= profits[1] - 1e-9).all()
    assert (profits[0] > profits[1] + 1).any()


@pytest.mark.parametrize("n", [2, 3, 8])
def test_the_pool_accepts_the_optimum_and_nothing_is_left_on_the_table(n: int) -> None:
    """What is paid in less the fee keeps the invariant to the last digits;
    afterwards nobody trades.
    """
    reserves, weights, prices = many(n)
    after = over(exact, reserves, weights, prices, FEE)
    change = after - reserves
    credited = reserves + np.where(change > 0, (1 - FEE) * change, change)
    np.testing.assert_allclose(
        invariant(credited, weights), invariant(reserves, weights), rtol=1e-12
    )
    assert (invariant(after, weights) >= invariant(reserves, weights) * (1 - 1e-14)).all()
    again = over(exact, after, weights, prices, FEE)
    np.testing.assert_allclose(again, after, rtol=1e-10)


def test_inside_the_band_nobody_trades() -> None:
    """Levels that differ by less than the fee: reserves stay as they are,
    bit for bit, under both solvers.
    """
    reserves, weights, prices = many(4, spread=1e-4)
    levels = np.log(prices * reserves / weights)
    assert (np.ptp(levels, axis=1) < -np.log(1 - FEE)).all()
    for solver in (exact, pairwise):
        assert np.array_equal(over(solver, reserves, weights, prices, FEE), reserves)


@pytest.mark.parametrize("n", [2, 3, 8])
def test_as_the_fee_vanishes_the_trade_becomes_the_frictionless_one(n: int) -> None:
    """R' = w V / p with the invariant kept, and no jump on the way there."""
    reserves, weights, prices = many(n)
    free = over(exact, reserves, weights, prices, 0.0)
    kept = np.exp((weights * np.log(reserves * prices / weights)).sum(-1, keepdims=True))
    np.testing.assert_allclose(free, weights * kept / prices, rtol=1e-13)
    for fee in (1e-15, 1e-12, 1e-9):
        np.testing.assert_allclose(
            over(exact, reserves, weights, prices, fee), free, rtol=20 * fee + 1e-13
        )


@pytest.mark.parametrize(("solver", "n"), [(exact, 2), (exact, 3), (exact, 5), (pairwise, 3)])
def test_gradients_are_those_of_finite_differences(solver: Any, n: int) -> None:
    """With respect to reserves, weights, prices and the fee, wherever the set of
    traded tokens does not change.
    """
    pull = np.random.Generator(np.random.PCG64(0)).standard_normal(n)

    def outcome(
        logs: jax.Array, weights: jax.Array, prices: jax.Array, fee: jax.Array
    ) -> jax.Array:
        return (pull * jnp.log(solver(jnp.exp(logs), weights, jnp.exp(prices), fee))).sum()

    slope, value = jax.jit(jax.grad(outcome, (0, 1, 2, 3))), jax.jit(outcome)
    for seed in range(4):
        reserves, weights, prices = draw(n, seed, 0.05)
        point: list[Any] = [np.log(reserves), weights, np.log(prices), FEE]
        for index, found in enumerate(slope(*point)):
            expected = np.zeros(found.shape)
            for place in np.ndindex(found.shape):
                nudge = np.zeros(found.shape)
                nudge[place] = 1e-6
                ends = [
                    value(*point[:index], point[index] + sign * nudge, *point[index + 1 :])
                    for sign in (1, -1)
                ]
                expected[place] = (ends[0] - ends[1]) / 2e-6
            np.testing.assert_allclose(found, expected, rtol=2e-6, atol=1e-7)


def tick(prices: V, **numbers: float) -> Minute:
    return Minute(
        jnp.asarray(prices),
        **{name: jnp.asarray(number) for name, number in ({"fee": FEE} | numbers).items()},
    )


def visit(pool: tuple[V, ...], **numbers: float) -> tuple[NDArray[Any], float]:
    after, fees, _ = leg("exact", *map(jnp.asarray, pool[:2]), tick(pool[2], **numbers))
    return np.asarray(after), float(fees)


@pytest.fixture
def pool() -> tuple[V, V, V]:
    """Three tokens, some paid in and some taken out."""
    return draw(3, 1, 0.05)


def test_a_trade_happens_while_it_pays_its_gas(pool: tuple[V, ...]) -> None:
    """The profit itself is still enough gas; a hair more and nothing moves."""
    free, _ = visit(pool)
    profit = float(((pool[0] - free) * pool[2]).sum())
    assert profit > 0
    assert np.array_equal(visit(pool, gas_cost=profit * (1 - 1e-12))[0], free)
    after, fees = visit(pool, gas_cost=profit * (1 + 1e-12))
    assert np.array_equal(after, pool[0])
    assert fees == 0


def test_a_trade_happens_while_it_pays_half_the_arbitrage_fee_on_both_sides(
    pool: tuple[V, ...],
) -> None:
    """Profit against a/2 times all that changed hands."""
    free, _ = visit(pool)
    profit = float(((pool[0] - free) * pool[2]).sum())
    least = 2 * profit / float((np.abs(pool[0] - free) * pool[2]).sum())
    assert np.array_equal(visit(pool, arb_fee=least * (1 - 1e-9))[0], free)
    assert np.array_equal(visit(pool, arb_fee=least * (1 + 1e-9))[0], pool[0])
    assert np.array_equal(visit(pool, arb_fee=least / 2, gas_cost=profit * 0.49)[0], free)
    assert np.array_equal(visit(pool, arb_fee=least / 2, gas_cost=profit * 0.51)[0], pool[0])


def test_what_the_protocol_takes_leaves_the_pool(pool: tuple[V, ...]) -> None:
    """Its share of the fee, in the tokens paid in; providers keep the rest."""
    free, fees = visit(pool)
    paid = np.maximum(free - pool[0], 0)
    assert fees == pytest.approx(float((paid * pool[2]).sum()) * FEE, rel=1e-12)
    after, kept = visit(pool, protocol_fee_split=0.25)
    np.testing.assert_allclose(after, free - 0.25 * FEE * paid, rtol=1e-14)
    assert kept == pytest.approx(0.75 * fees, rel=1e-12)


def test_noise_traders_pay_in_proportion_net_of_the_protocols_share(pool: tuple[V, ...]) -> None:
    """Reserves all grow alike, by ρ times the providers' part of the arbitrage fee."""
    free, fees = visit(pool)
    value = float((free * pool[2]).sum())
    after, more = visit(pool, noise_trader_ratio=0.7)
    np.testing.assert_allclose(after, free * (1 + 0.7 * fees / value), rtol=1e-14)
    assert more == pytest.approx(1.7 * fees, rel=1e-12)
    after, more = visit(pool, noise_trader_ratio=0.7, protocol_fee_split=0.25)
    paid = np.maximum(free - pool[0], 0)
    np.testing.assert_allclose(
        after, free * (1 + 0.7 * 0.75 * fees / value) - 0.25 * FEE * paid, rtol=1e-14
    )
    assert more == pytest.approx(1.7 * 0.75 * fees, rel=1e-12)


def test_who_does_not_trade_pays_no_noise_and_no_protocol(pool: tuple[V, ...]) -> None:
    """A refused trade brings nothing to anyone."""
    after, fees = visit(pool, gas_cost=1e9, noise_trader_ratio=3.0, protocol_fee_split=0.5)
    assert np.array_equal(after, pool[0])
    assert fees == 0


def test_value_has_finite_slopes_in_every_friction(pool: tuple[V, ...]) -> None:
    """Fee, gas, arbitrage fee, split and noise: finite; those without an edge
    agree with finite differences.
    """
    numbers = {
        "fee": FEE,
        "gas_cost": 1.0,
        "arb_fee": 1e-4,
        "protocol_fee_split": 0.25,
        "noise_trader_ratio": 0.7,
    }

    def worth(numbers: dict[str, jax.Array]) -> jax.Array:
        after, fees, _ = leg(
            "exact", *map(jnp.asarray, pool[:2]), Minute(jnp.asarray(pool[2]), **numbers)
        )
        return (after * pool[2]).sum() + fees

    value = jax.jit(worth)
    for name, slope in jax.jit(jax.grad(worth))(numbers).items():
        ends = [float(value(numbers | {name: numbers[name] + sign * 1e-6})) for sign in (1, -1)]
        assert float(slope) == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-4, abs=1e-3), name
