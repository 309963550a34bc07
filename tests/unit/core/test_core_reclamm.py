"""Laws of reCLAMM's arithmetic, on two hundred pools of every sort at once."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import Array

from quantamm_cli.core import reclamm
from quantamm_cli.core.arbitrage import exact

COUNT = 200
RANDOM = np.random.Generator(np.random.PCG64(7))
_REAL = 10 ** RANDOM.uniform(-3, 6, (COUNT, 2))
REAL = jnp.asarray(_REAL)
VIRTUAL = jnp.asarray(_REAL.max(1, keepdims=True) * 10 ** RANDOM.uniform(-2, 2, (COUNT, 2)))
"""Narrow and wide ranges, cheap and dear tokens, nearly drained ones."""
EFFECTIVE = REAL + VIRTUAL
QUOTED = jnp.stack([EFFECTIVE[:, 1] / EFFECTIVE[:, 0], jnp.ones(COUNT)], 1)
"""Prices at which nobody trades."""

center = jax.jit(lambda real, virtual: jax.vmap(reclamm.centeredness)(real, virtual)[0])
above = jax.jit(lambda real, virtual: jax.vmap(reclamm.centeredness)(real, virtual)[1])
width = jax.jit(jax.vmap(reclamm.width))
price = jax.jit(jax.vmap(reclamm.price))


def price_range(real: Array, virtual: Array) -> tuple[Array, Array]:
    """Lowest and highest prices of the first token in units of the second."""
    invariant = (real + virtual).prod(1)
    return virtual[:, 1] ** 2 / invariant, invariant / virtual[:, 0] ** 2


def shift(
    real: Array, virtual: Array, seconds: float, version: int = 2, speed: float | None = None
) -> Array:
    """Virtual balances after a shift: geometric, half a day's in a day;
    or of a speed relative to the pool's size.
    """

    @jax.jit
    @jax.vmap
    def one(real: Array, virtual: Array) -> Array:
        time = jnp.asarray(seconds)
        if speed is None:
            over = reclamm.geometric(real, virtual, jnp.log1p(-1.0 / reclamm.SHIFT_DIVISOR), time)
        else:
            effective = real + virtual
            prices = jnp.stack([effective[1] / effective[0], jnp.ones(())])
            over = reclamm.arc_length(real, virtual, prices, speed * jnp.sqrt(effective[1]), time)
        return reclamm.shifted(real, virtual, over, version)

    return one(real, virtual)


@pytest.mark.parametrize("ratio", [1.0001, 1.5, 4.0, 200.0])
def test_a_pool_of_equal_values_is_in_the_middle_of_its_range(ratio: float) -> None:
    """By the published construction: at most a million of the first token,
    then scaled to the value.
    """
    prices, value = np.array([40_000.0, 2_000.0]), 1e6
    target, root = prices[0] / prices[1], math.sqrt(ratio)
    first = 1e6 / (root - 1)
    second = target / root * (first + 1e6)
    real_second = math.sqrt(target * second * (1e6 + first)) - second
    real_first = (real_second + second - first * target) / target
    scale = value / (real_first * prices[0] + real_second * prices[1])
    real = jnp.asarray(value / 2 / prices)
    virtual = reclamm.quoting(real, jnp.asarray(prices), jnp.asarray(root - 1))
    np.testing.assert_allclose(real, np.array([real_first, real_second]) * scale, rtol=1e-9)
    np.testing.assert_allclose(virtual, np.array([first, second]) * scale, rtol=1e-9)
    np.testing.assert_allclose(reclamm.centeredness(real, virtual)[0], 1, rtol=1e-9)


def test_any_reserves_quote_the_market_in_a_range_as_wide_as_told() -> None:
    """Also of one token alone, at the end of its range."""
    prices, ratio = jnp.asarray([3.0, 0.7]), 2.5
    real = jnp.concatenate([REAL, jnp.asarray([[3.0, 0.0], [0.0, 7.0]])])
    virtual = jax.vmap(
        lambda held: reclamm.quoting(held, prices, jnp.asarray(math.sqrt(ratio) - 1))
    )(real)
    assert (virtual > 0).all()
    np.testing.assert_allclose(price(real, virtual), prices[0] / prices[1], rtol=1e-10)
    low, high = price_range(real, virtual)
    np.testing.assert_allclose(high / low, ratio, rtol=1e-9)


@pytest.mark.parametrize("fee", [0.0, 0.003, 0.2])
def test_the_arbitrage_is_the_optimum_of_the_effective_balances_cut_at_the_edge(fee: float) -> None:
    """It never costs the arbitrageur; without a fee the invariant is kept, with one it never falls.

    An edge leaves nothing.
    """
    prices = QUOTED * np.stack([10 ** RANDOM.uniform(-1, 1, COUNT), np.ones(COUNT)], 1)
    charge = jnp.asarray(fee)
    found = jax.jit(jax.vmap(lambda *pool: reclamm.arbitraged(*pool, charge)))(
        REAL, VIRTUAL, prices
    )
    wanted = (
        jax.jit(jax.vmap(lambda held, quoted: exact(held, jnp.full(2, 0.5), quoted, charge)))(
            EFFECTIVE, prices
        )
        - VIRTUAL
    )
    assert (found >= 0).all()
    assert ((prices * (REAL - found)).sum(1) >= -1e-12 * (prices * REAL).sum(1)).all()
    grown = (found + VIRTUAL).prod(1) / EFFECTIVE.prod(1)
    assert (grown >= 1 - 1e-12).all()
    edge = (wanted < 0).any(1)
    assert 20 < edge.sum() < COUNT - 20
    np.testing.assert_allclose((found + VIRTUAL)[~edge], (wanted + VIRTUAL)[~edge], rtol=1e-12)
    assert (found[wanted < 0] == 0).all()
    take = wanted.argmin(1)

    @jax.jit
    @jax.vmap
    def to_drain(real: Array, virtual: Array, out: Array) -> Array:
        return reclamm.swap_with(virtual, charge)(real, 1 - out, out, real[out], jnp.asarray(True))[
            0
        ]

    rows = np.arange(COUNT)
    filled = EFFECTIVE[rows, 1 - take] + to_drain(REAL, VIRTUAL, take)
    np.testing.assert_allclose((found + VIRTUAL)[rows, 1 - take][edge], filled[edge], rtol=1e-12)
    if fee == 0:
        np.testing.assert_allclose(grown, 1, rtol=1e-12)
        ratio = prices[:, :1] / prices[:, 1:]
        closed = jnp.sqrt(EFFECTIVE.prod(1, keepdims=True) * jnp.concatenate([1 / ratio, ratio], 1))
        np.testing.assert_allclose((found + VIRTUAL)[~edge], closed[~edge], rtol=1e-12)


@pytest.mark.parametrize("fee", [0.0, 0.01])
def test_exact_in_and_exact_out_are_inverse_and_a_round_trip_costs_the_fee(fee: float) -> None:
    @jax.jit
    @jax.vmap
    def there_and_back(real: Array, virtual: Array) -> tuple[Array, Array, Array, Array]:
        swap = reclamm.swap_with(virtual, jnp.asarray(fee))
        one, two, yes, no = jnp.asarray(0), jnp.asarray(1), jnp.asarray(True), jnp.asarray(False)
        paid, taken = swap(real, one, two, real[1] / 3, yes)
        again = swap(real, one, two, paid, no)[1]
        after = real + jnp.stack([paid, -taken])
        return (
            paid,
            again,
            swap(after, two, one, taken, no)[1],
            (after + virtual).prod() / (real + virtual).prod(),
        )

    paid, again, back, grown = there_and_back(REAL, VIRTUAL)
    np.testing.assert_allclose(again, REAL[:, 1] / 3, rtol=1e-9)
    assert (grown >= 1 - 1e-13).all()
    if fee:
        assert (back < paid).all()
    else:
        np.testing.assert_allclose(back, paid, rtol=1e-9)


@pytest.mark.parametrize("speed", [None, 1e-7])
@pytest.mark.parametrize("version", [1, 2])
def test_a_shift_centers_the_pool_keeps_its_width_and_moves_its_price_to_the_market(
    version: int, speed: float | None
) -> None:
    """Above the center the first token is too plentiful because it fell:
    its price here goes down, and the range with it.
    """
    after = shift(REAL, VIRTUAL, 60.0, version, speed)
    up = np.asarray(above(REAL, VIRTUAL))
    scarce = np.where(up, 1, 0)
    rows = np.arange(COUNT)
    off = np.asarray(center(REAL, VIRTUAL)) < 0.9
    assert off.sum() > 150
    assert (after[rows, scarce] < VIRTUAL[rows, scarce])[off].all()
    assert (after[rows, 1 - scarce] > VIRTUAL[rows, 1 - scarce])[off].all()
    assert (center(REAL, after) > center(REAL, VIRTUAL))[off].all()
    prices = ((*price_range(REAL, virtual), price(REAL, virtual)) for virtual in (VIRTUAL, after))
    for before, now in zip(*prices, strict=True):
        assert ((now < before) == up)[off].all()
    np.testing.assert_allclose(width(REAL, after), width(REAL, VIRTUAL), rtol=1e-9)


def test_two_geometric_shifts_are_one_of_both_times() -> None:
    np.testing.assert_allclose(
        shift(REAL, shift(REAL, VIRTUAL, 60.0), 300.0), shift(REAL, VIRTUAL, 360.0), rtol=1e-9
    )


def test_one_a_day_halves_the_scarce_tokens_virtual_balance() -> None:
    real, virtual = jnp.asarray([[1000.0, 0.0]]), jnp.asarray([[500.0, 800.0]])
    np.testing.assert_allclose(shift(real, virtual, 86400.0)[0, 1], 400.0, rtol=1e-5)


def test_version_two_stops_at_the_center_and_version_one_before_the_contract_would_revert() -> None:
    np.testing.assert_allclose(center(REAL, shift(REAL, VIRTUAL, 1e9)), 1, rtol=1e-9)
    assert np.array_equal(shift(REAL, VIRTUAL, 1e9, version=1), VIRTUAL)


def test_no_shift_takes_a_drained_tokens_virtual_balance_to_zero() -> None:
    real, virtual = (
        jnp.asarray([[1000.0, 0.0], [0.0, 3.0]]),
        jnp.asarray([[500.0, 800.0], [7.0, 2.0]]),
    )
    for speed in (None, 1e3):
        for version in (1, 2):
            after = shift(real, virtual, 1e9, version, speed)
            assert (after > 0).all()
            assert np.isfinite(after).all()


@pytest.mark.parametrize("margin", [0.05, 0.5, 0.9])
@pytest.mark.parametrize("ratio", [1.05, 4.0])
def test_the_first_arc_length_step_is_the_geometric_one(margin: float, ratio: float) -> None:
    """Where trading has brought the centeredness down to the margin,
    in either order of the tokens.
    """
    base, minute, limit = jnp.asarray(-1e-5), jnp.asarray(60.0), jnp.asarray(margin)
    for prices in (jnp.asarray([30.0, 2.0]), jnp.asarray([2.0, 30.0])):
        real = 5e5 / prices
        virtual = reclamm.quoting(real, prices, jnp.asarray(math.sqrt(ratio) - 1))
        there = reclamm.onset(real, virtual, limit)
        np.testing.assert_allclose(reclamm.centeredness(there, virtual)[0], margin, rtol=1e-12)
        np.testing.assert_allclose((there + virtual).prod(), (real + virtual).prod(), rtol=1e-12)
        speed = reclamm.matching_speed(real, virtual, limit, base, minute, 2)
        quoted = jnp.stack([reclamm.price(there, virtual), jnp.asarray(1.0)]) * 7
        wanted = reclamm.shifted(there, virtual, reclamm.geometric(there, virtual, base, minute), 2)
        found = reclamm.shifted(
            there, virtual, reclamm.arc_length(there, virtual, quoted, speed, minute), 2
        )
        np.testing.assert_allclose(found - virtual, wanted - virtual, rtol=1e-7)


def test_an_arc_length_step_costs_the_same_wherever_it_is_made() -> None:
    """To arbitrage without a fee: the square of speed times seconds,
    in the second token, to the first order.
    """
    speed = 1e-7 * jnp.sqrt(EFFECTIVE[:, 1])
    moved = shift(REAL, VIRTUAL, 60.0, 1, 1e-7)
    after = jax.vmap(lambda *pool: reclamm.arbitraged(*pool, jnp.asarray(0.0)))(REAL, moved, QUOTED)
    cost = (QUOTED * (REAL - after)).sum(1)
    clear = np.asarray((REAL / EFFECTIVE).min(1) > 1e-3)
    assert clear.sum() > 50
    np.testing.assert_allclose(cost[clear], ((60 * speed) ** 2)[clear], rtol=0.05)
