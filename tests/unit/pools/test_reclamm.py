"""The reCLAMM pool: its path against the formulas written out plainly, and what it promises."""

import json
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray

from quantamm_cli.core import reclamm
from quantamm_cli.core.bijectors import Interval
from quantamm_cli.core.minute import Minute
from quantamm_cli.core.params import initial
from quantamm_cli.core.types import Feed, Trading, Trajectory
from quantamm_cli.engine.forward import simulate
from quantamm_cli.errors import ConfigError
from quantamm_cli.kernels.operands import Frictions, Trades
from quantamm_cli.pools.reclamm import Reclamm

run = jax.jit(simulate, static_argnames="rows")
ROWS = 1500


@jax.jit
def climb(
    pool: Reclamm, params: dict[str, jax.Array], feed: Feed
) -> tuple[tuple[jax.Array, Trajectory], dict[str, jax.Array]]:
    """The last of ``ROWS`` values, the path there, and the slopes: one program for all that is
    asked of one kind of pool.
    """

    def last(values: dict[str, jax.Array]) -> tuple[jax.Array, Trajectory]:
        found = simulate(pool, values, feed, 0, ROWS)
        return found.value[-1], found

    return jax.value_and_grad(last, has_aux=True)(params)


NARROW = {"price_ratio": 1.2, "centeredness_margin": 0.5, "shift_exponent": 2.0}
COSTS = {
    "fee": 0.003,
    "gas_cost": 2.0,
    "arb_fee": 1e-4,
    "protocol_fee_split": 0.25,
    "noise_trader_ratio": 0.7,
}
KINDS: list[dict[str, Any]] = [
    {},
    {"version": 1},
    {"centeredness_scaling": True},
    {"interpolation": "constant_arc_length"},
    {"interpolation": "constant_arc_length", "centeredness_scaling": True},
    {"interpolation": "constant_arc_length", "arc_length_speed": 3e-4},
    {"learn_fee": True},
]
each_kind = pytest.mark.parametrize("kind", KINDS, ids=json.dumps)
CASES = [({}, {}), *((kind, COSTS) for kind in KINDS)]
each_case = pytest.mark.parametrize(
    ("kind", "fees"),
    CASES,
    ids=[f"{json.dumps(kind)}-{'costs' if fees else 'free'}" for kind, fees in CASES],
)


def market(rows: int = ROWS, scale: float = 2e-3, drift: float = 0.0) -> NDArray[np.float64]:
    """Minute prices of two tokens."""
    random = np.random.Generator(np.random.PCG64(11))
    steps = random.standard_normal((rows, 2)) * [scale, scale / 3] + [drift, 0]
    steps[0] = 0
    return np.exp(np.cumsum(steps, 0)) * [30.0, 2.0]


def world(prices: NDArray[np.float64], value: float = 1e6, every: int = 1, **given: Any) -> Feed:
    """A feed; costs by name, and what else a feed has."""
    costs = {name: jnp.asarray(given.pop(name)) for name in Frictions._fields if name in given}
    dtype = jnp.asarray(prices).dtype
    nothing = jnp.asarray(0, jnp.int32)
    frictions = (
        Frictions(**{"fee": jnp.zeros((), dtype)} | costs) if costs or "trades" in given else None
    )
    return Feed(
        prices=jnp.asarray(prices),
        chunks=jnp.asarray(prices[:1]),
        first_chunk=nothing,
        burn_in=nothing,
        initial_pool_value=jnp.asarray(value, dtype),
        frictions=frictions,
        prefix=None,
        trading=Trading(every=every),
        **given,
    )


def raw(pool: Reclamm, **given: Any) -> dict[str, jax.Array]:
    """Raw parameters by readable name; what the pool does not have is left out."""
    known = {spec.readable for spec in pool.parameters(2)}
    found = initial(
        pool.parameters(2),
        {name: value for name, value in given.items() if name in known},
        1,
        2,
        0.0,
        0,
    )
    return {name: jnp.asarray(value[0]) for name, value in found.items()}


def path(kind: dict[str, Any], feed: Feed, **given: Any) -> Trajectory:
    """As NumPy arrays: an operation of JAX on each new shape compiles a program."""
    pool = Reclamm(**kind)
    return jax.device_get(run(pool, raw(pool, **NARROW | given), feed, 0, len(feed.prices)))


def climbed(
    kind: dict[str, Any], feed: Feed, **given: Any
) -> tuple[Trajectory, dict[str, NDArray[np.float64]]]:
    """The path of ``ROWS`` minutes and the slopes of its last value,
    in the program of the gradients' tests.

    It serves a feed of all ``COSTS`` or of none that is visited every minute.
    """
    pool = Reclamm(**kind)
    (_, found), slopes = jax.device_get(climb(pool, raw(pool, **NARROW | given), feed))
    return found, slopes


def traded(*trades: tuple[int, int, int, float, bool], rows: int = ROWS) -> Trades:
    """Given trades as (minute, pay, take, amount, exact out), one a minute."""
    empty = {
        "pay": np.full((rows, 1), -1),
        "take": np.zeros((rows, 1), int),
        "amount": np.zeros((rows, 1)),
        "exact_out": np.zeros((rows, 1), bool),
    }
    for minute, *values in trades:
        for column, value in zip(empty.values(), values, strict=True):
            column[minute] = value
    return Trades(**{name: jnp.asarray(column) for name, column in empty.items()})


# --- settings and opening


def test_a_pool_of_three_tokens_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"exactly two tokens, got 3 \(BTC, ETH, USDC\)"):
        Reclamm().check(("BTC", "ETH", "USDC"), "pool")
    Reclamm().check(("BTC", "ETH"), "pool")


def test_a_speed_without_arc_length_is_refused() -> None:
    with pytest.raises(
        ConfigError, match="arc_length_speed: is set, but interpolation is geometric"
    ):
        Reclamm(arc_length_speed=1e-4).check(("BTC", "ETH"), "pool")


@each_kind
def test_no_noise_makes_a_parameter_illegal(kind: dict[str, Any]) -> None:
    """However far an optimiser goes or noise throws."""
    specs = Reclamm(**kind).parameters(2)
    found = initial(specs, {}, 64, 2, 30.0, 3)
    for spec in specs:
        readable = spec.bijector.readable(found[spec.name])
        assert np.isfinite(readable).all()
        assert (readable >= (1 if spec.readable == "price_ratio" else 0)).all()
        if spec.readable in ("centeredness_margin", "swap_fee"):
            assert (readable <= 1).all()


def test_an_interval_is_its_own_inverse_and_refuses_its_ends() -> None:
    interval = Interval(1.0, 1e8)
    given = np.array([1 + 1e-6, 1.5, 4.0, 9e7])
    np.testing.assert_allclose(interval.readable(interval.raw(given)) - 1, given - 1, rtol=1e-8)
    assert np.isnan(interval.raw(np.array([1.0, 1e8, -3.0]))).all()
    assert interval.domain == "above 1 and below 1e+08"


def test_given_virtual_balances_are_taken() -> None:
    given = {"virtual_balances": jnp.asarray([50_000.0, 700_000.0])}
    real = jnp.asarray([1e4, 1e5])
    prices = market()
    found = path({}, world(prices, fee=0.0, initial_reserves=real, state=given))
    expected = arbitraged(real, given["virtual_balances"], prices[0], np.asarray(0.0))
    np.testing.assert_allclose(found.reserves[0], expected, rtol=1e-12)


# --- the path


def plain(
    prices: NDArray[np.float64],
    fee: float,
    every: int,
    ratio: float,
    margin: float,
    base: float,
    arc: bool,
    scaling: bool,
) -> NDArray[np.float64]:
    """Reserves at every visit, one number at a time, in the reference's own variables."""
    root = math.sqrt(ratio)
    real = [5e5 / price for price in prices[0]]
    va, vb = (amount / (math.sqrt(root) - 1) for amount in real)
    seconds, month = 60.0 * every, 30 * 86400.0

    def follow(r: float, o: float, vo: float, q: float) -> tuple[float, float]:
        vo = max(vo, o / (math.sqrt(q) - 1))
        return vo, r * (vo + o) / ((q - 1) * vo - o)

    def onset_speed() -> float:
        invariant = (real[0] + va) * (real[1] + vb)
        b, c = va * (1 + margin), va**2 - invariant * va / vb
        ra = (-b + math.sqrt(b * b - 4 * margin * c)) / (2 * margin)
        rb = margin * ra * vb / va
        price = (rb + vb) / (ra + va)
        nb, na = follow(ra, rb, vb * base**seconds, root)
        return (
            abs(math.sqrt(price) * (na - va) - (nb - vb) / math.sqrt(price))
            / (2 * math.sqrt(ra + va))
            / seconds
        )

    speed, out = onset_speed(), []
    for row, (pa, pb) in enumerate(prices[::every]):
        ra, rb = real
        one, two = ra * vb, va * rb
        center, price = min(one, two) / max(one, two), pa / pb
        if center < margin and row:
            q = (ra + va) * (rb + vb) / (va * vb)
            hurry = margin / max(center, 1e-10) if scaling else 1.0
            if not arc:
                decay = base ** min(seconds * hurry, month)
                if one > two:
                    vb, va = follow(ra, rb, vb * decay, q)
                else:
                    va, vb = follow(rb, ra, va * decay, q)
            else:
                z = math.sqrt(price) * va - vb / math.sqrt(price)
                step = 2 * speed * hurry * math.sqrt(ra + va) * min(seconds, month)
                z = z + step if one > two else z - step
                a = -(q - 1) / math.sqrt(price)
                b = math.sqrt(price) * ra + rb / math.sqrt(price) - (q - 1) * z
                c = math.sqrt(price) * ra * rb + z * rb
                roots = [(-b + sign * math.sqrt(b * b - 4 * a * c)) / (2 * a) for sign in (1, -1)]
                nb = max(root for root in roots if root > rb / (q - 1))
                if one > two:
                    vb, va = follow(ra, rb, nb, q)
                else:
                    va, vb = follow(rb, ra, ra * (nb + rb) / ((q - 1) * nb - rb), q)
        held, offset, quoted, gamma = list(real), (va, vb), (pa, pb), 1 - fee
        for i, j in ((0, 1), (1, 0)):
            ei, ej = held[i] + offset[i], held[j] + offset[j]
            paid = (math.sqrt(ei * ej * gamma * quoted[j] / quoted[i]) - ei) / gamma
            left = math.sqrt(ei * ej * quoted[i] / (gamma * quoted[j])) - offset[j]
            if paid > 0:
                if left < 0:
                    paid, left = (ei * ej / offset[j] - ei) / gamma, 0.0
                real[i], real[j] = held[i] + paid, left
        out.append(tuple(real))
    return np.array(out)


@pytest.mark.parametrize("scaling", [False, True])
@pytest.mark.parametrize("arc", [False, True])
@pytest.mark.parametrize(("fee", "every"), [(0.0, 1), (0.003, 7)])
def test_the_path_is_that_of_the_formulas_one_number_at_a_time(
    scaling: bool, arc: bool, fee: float, every: int
) -> None:
    """Shifts, arbitrage and drained tokens over 1500 minutes, to 1e-9."""
    kind = {
        "centeredness_scaling": scaling,
        "interpolation": "constant_arc_length" if arc else "geometric",
    }
    prices = market(drift=4e-5)
    if not scaling:
        prices[1300:, 0] *= 0.6
    found = path(kind, world(prices, every=every, **({"fee": fee} if fee else {})))
    expected = plain(prices, fee, every, 1.2, 0.5, 1 - 2 / reclamm.SHIFT_DIVISOR, arc, scaling)
    np.testing.assert_allclose(found.reserves[::every], expected, rtol=1e-9, atol=1e-7)
    np.testing.assert_allclose(
        found.reserves, np.repeat(found.reserves[::every], every, axis=0)[:ROWS]
    )
    if not scaling:
        assert (expected == 0).any()


def test_nothing_shifts_inside_the_margin() -> None:
    """A pool whose price stays near the center is a pool with a fixed range."""
    prices = np.array([30.0, 2.0]) * np.exp(0.01 * np.sin(np.arange(ROWS) / 20))[:, None] ** [1, 0]
    slow, fast = (
        climbed({}, world(prices), centeredness_margin=0.2, price_ratio=4.0, shift_exponent=speed)[
            0
        ]
        for speed in (1.0, 100.0)
    )
    assert np.array_equal(slow.reserves, fast.reserves)
    np.testing.assert_allclose(found_invariant(slow, prices, 4.0), 1, rtol=1e-12)


quoting, arbitraged = jax.jit(reclamm.quoting), jax.jit(reclamm.arbitraged)


def opening_virtual(prices: NDArray[np.float64], ratio: float) -> NDArray[np.float64]:
    """The virtual balances of a pool of a million."""
    return np.asarray(quoting(5e5 / prices[0], prices[0], np.asarray(math.sqrt(ratio) - 1)))


def found_invariant(
    found: Trajectory, prices: NDArray[np.float64], ratio: float
) -> NDArray[np.float64]:
    """The product of effective balances over the opening one, had the
    virtual balances never moved.
    """
    virtual = opening_virtual(prices, ratio)
    product = (found.reserves + virtual).prod(-1)
    return product / product[0]


def test_fees_never_lower_the_invariant_of_a_range_that_stands() -> None:
    prices = market(scale=5e-4)
    found, _ = climbed({}, world(prices, **COSTS), centeredness_margin=1e-9, price_ratio=9.0)
    assert (np.diff(found_invariant(found, prices, 9.0)) >= -1e-13).all()
    assert found.fees.sum() > 0


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if "arc_length_speed" not in kind], ids=json.dumps
)
def test_the_same_market_in_another_unit_is_the_same_pool(kind: dict[str, Any]) -> None:
    """More money, all costs in proportion, or prices in another currency: the same path, scaled."""
    prices, dear = market(), COSTS | {"gas_cost": 300 * COSTS["gas_cost"]}
    worlds = world(prices, **COSTS), world(prices, value=3e8, **dear), world(prices * 50, **COSTS)
    found, more, dearer = (climbed(kind, each)[0] for each in worlds)
    np.testing.assert_allclose(more.reserves, found.reserves * 300, rtol=1e-8, atol=1e-6)
    np.testing.assert_allclose(dearer.value, found.value, rtol=1e-9)


@pytest.mark.parametrize("kind", KINDS[:3], ids=json.dumps)
def test_the_order_of_the_tokens_does_not_matter(kind: dict[str, Any]) -> None:
    """With all frictions. (An arc length is one in terms of the second token.)"""
    prices = market()
    found, turned = (climbed(kind, world(p, **COSTS))[0] for p in (prices, prices[:, ::-1].copy()))
    np.testing.assert_allclose(turned.reserves[:, ::-1], found.reserves, rtol=1e-8, atol=1e-6)


@pytest.mark.parametrize("price", [8.0, 30.0, 100.0])
def test_the_range_goes_to_the_market(price: float) -> None:
    """After a jump the pool drifts back to the middle, however far the
    price is outside its range.
    """
    prices = np.full((40_000, 2), [30.0, 2.0])
    prices[10:, 0] = price
    found = path(
        {}, world(prices, every=60), price_ratio=2.0, centeredness_margin=0.9, shift_exponent=1.0
    )
    shares = np.asarray(found.weights[:, 0])
    assert shares[61] == pytest.approx({8.0: 1.0, 30.0: 0.5, 100.0: 0.0}[price], abs=1e-9)
    assert shares[-1] == pytest.approx(0.5, abs=0.03)


def test_the_edge_trade_takes_the_profit_test_too() -> None:
    """A drain that gains less than its gas does not happen; one that gains more does,
    and leaves exactly nothing.
    """
    prices, only = np.full((ROWS, 2), [30.0, 2.0]), dict.fromkeys(COSTS, 0.0)
    prices[1:, 0] = 60.0
    dear, cheap = (
        climbed({}, world(prices, **only | {"fee": 0.001, "gas_cost": gas}))[0]
        for gas in (1e6, 1.0)
    )
    assert np.array_equal(dear.reserves[1], dear.reserves[0])
    assert cheap.reserves[1, 0] == 0
    assert cheap.reserves[1, 1] > cheap.reserves[0, 1]


def test_given_trades_are_not_ignored() -> None:
    """They swap on the effective balances, count as use of the pool,
    and are refused where it cannot pay.
    """
    prices = market(rows=60)
    trades = traded((5, 0, 1, 1000.0, False), (6, 1, 0, 50.0, True), (7, 0, 1, 1e9, True), rows=60)
    found = path({}, world(prices, fee=0.003, trades=trades, every=100))
    without = path({}, world(prices, fee=0.003, trades=traded(rows=60), every=100))
    assert np.array_equal(found.reserves[4], without.reserves[4])
    swap = jax.jit(lambda virtual, *told: reclamm.swap_with(virtual, jnp.asarray(0.003))(*told))
    paid, taken = jax.device_get(
        swap(opening_virtual(prices, 1.2), without.reserves[4], 0, 1, 1000.0, False)
    )
    np.testing.assert_allclose(found.reserves[5], without.reserves[4] + [paid, -taken], rtol=1e-12)
    np.testing.assert_allclose(found.fees[5], 1000 * 0.003 * prices[5, 0], rtol=1e-12)
    np.testing.assert_allclose(found.reserves[6, 0], found.reserves[5, 0] - 50, rtol=1e-12)
    assert found.refused is not None
    assert found.refused.tolist() == [0] * 7 + [1] + [0] * 52


@pytest.mark.parametrize(
    "given", [{}, {"fee": 0.01}, {"fee": 0.01, "trades": None}], ids=["none", "flat", "trades"]
)
def test_a_learned_fee_is_charged_whatever_the_fees_say(given: dict[str, Any]) -> None:
    """By the arbitrage and by external trades, with and without other frictions."""
    trades = {"trades": traded((5, 0, 1, 1000.0, False))} if "trades" in given else {}
    prices = market()
    learned = path({"learn_fee": True}, world(prices, **given | trades), swap_fee=0.004)
    told = path({}, world(prices, fee=0.004, **trades))
    np.testing.assert_allclose(learned.reserves, told.reserves, rtol=1e-11)
    np.testing.assert_allclose(learned.fees, told.fees, rtol=1e-9, atol=1e-9)
    assert learned.fees.sum() > 0


@pytest.mark.parametrize("kind", [{}, {"interpolation": "constant_arc_length"}], ids=json.dumps)
def test_providers_who_come_leave_the_price_alone(kind: dict[str, Any]) -> None:
    """Real and virtual balances grow with the supply, and so does what a shift may cost."""
    prices, supply = market(), np.ones(ROWS)
    supply[400:] = 2.5
    still, grown = (
        path(kind, world(prices, fee=0.003, **more)) for more in ({}, {"lp_supply": supply})
    )
    np.testing.assert_allclose(
        grown.reserves, still.reserves * supply[:, None], rtol=1e-8, atol=1e-6
    )


def test_time_counts_from_the_last_use_of_the_pool() -> None:
    """Of visits every ten minutes, and a trade that costs nothing in between."""
    from quantamm_cli.pools.reclamm import _elapsed

    prices = market(rows=25)
    used = np.arange(25) % 10 == 0
    minute = Minute(
        jnp.asarray(prices),
        jnp.asarray(prices[:, 0]),
        visited=jnp.asarray(used),
        trades=traded((13, 0, 1, 1.0, False), rows=25),
    )
    seconds = np.asarray(jax.jit(_elapsed)(world(prices, every=10, trades=minute.trades), minute))
    assert {int(row): seconds[row] / 60 for row in np.flatnonzero(seconds)} == {
        10: 10,
        13: 3,
        20: 7,
    }


# --- gradients and precision


def jumpy() -> NDArray[np.float64]:
    """Prices that drain either token and come back."""
    prices = market()
    prices[100:200, 0] *= 3
    prices[250:300, 0] /= 4
    return prices


@each_case
def test_every_gradient_is_finite_also_when_a_token_is_drained(
    kind: dict[str, Any], fees: dict[str, float]
) -> None:
    found, slopes = climbed(kind, world(jumpy(), **fees))
    assert (found.reserves == 0).any(0).all()
    for column in (found.value, found.reserves, found.weights, found.fees):
        assert np.isfinite(column).all()
    assert all(np.isfinite(slope).all() for slope in slopes.values())


@pytest.mark.parametrize("kind", [KINDS[1], KINDS[4] | {"learn_fee": True}], ids=json.dumps)
def test_gradients_are_those_of_finite_differences(kind: dict[str, Any]) -> None:
    """Where no visit changes sides in between: a path out of the margin and on."""
    prices = np.full((120, 2), [30.0, 2.0])
    prices[:, 0] *= np.exp(np.linspace(0, 0.08, 120))
    pool, feed = Reclamm(**kind), world(prices, fee=0.003)
    params = raw(pool, **NARROW)
    both = jax.jit(
        jax.value_and_grad(lambda values: simulate(pool, values, feed, 0, 120).value[-1] / 1e6)
    )
    slopes = jax.device_get(both(params)[1])
    for name in params:
        if name in ("initial_weights_logits", "logit_centeredness_margin"):
            continue
        around = [float(both(params | {name: params[name] + step})[0]) for step in (1e-5, -1e-5)]
        np.testing.assert_allclose(
            slopes[name][0], (around[0] - around[1]) / 2e-5, rtol=1e-4, atol=1e-9, err_msg=name
        )
        assert name == "logit_swap_fee" or slopes[name][0] != 0


@each_case
def test_single_precision_is_near_double(kind: dict[str, Any], fees: dict[str, float]) -> None:
    pool, prices = Reclamm(**kind), market()
    double = raw(pool, **NARROW | {"price_ratio": 4.0}), world(prices, **fees)
    leaves, tree = jax.tree.flatten(jax.device_get(double))
    params, feed = jax.tree.unflatten(
        tree,
        [jnp.asarray(leaf, np.float32 if leaf.dtype == np.float64 else None) for leaf in leaves],
    )
    found, (exactly, _) = (
        run(pool, params, feed, 0, ROWS),
        climbed(kind, double[1], price_ratio=4.0),
    )
    assert found.value.dtype == jnp.float32
    np.testing.assert_allclose(found.value, exactly.value, rtol=2e-3)
