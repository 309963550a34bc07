"""The elliptic pool: its curve, its range, its two orientations, its trades."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from compiling import FOR_USERS
from numpy.typing import NDArray

from quantamm_cli.core import eclp
from quantamm_cli.core.params import initial, readable
from quantamm_cli.core.types import Feed, Path, Trading
from quantamm_cli.errors import ConfigError
from quantamm_cli.kernels.operands import Frictions, Trades
from quantamm_cli.pools.gyroscope import Gyroscope

ROWS, FEE = 1500, 0.003
SHAPE = {"alpha": 0.97, "beta": 1.03, "rotation_angle": 0.79, "lam": 20.0}
VISITED = Trading()
run = jax.jit(
    lambda pool, params, feed, start, rows: pool.path(params, feed, start, rows),
    static_argnames="rows",
)


def feed(
    prices: NDArray[np.float64], dtype: Any = float, trading: Trading = VISITED, **more: Any
) -> Feed:
    """Minute prices of two tokens; numbers named like frictions are frictions,
    all else is the feed's own.
    """
    costs = {name: jnp.asarray(more.pop(name), dtype) for name in Frictions._fields if name in more}
    rows = jnp.asarray(prices, dtype)
    zero = jnp.asarray(0)
    value = jnp.asarray(more.pop("value", 1e6), dtype)
    return Feed(
        rows,
        rows[:1],
        zero,
        zero,
        value,
        Frictions(**costs) if costs else None,
        None,
        trading,
        **more,
    )


def params(pool: Gyroscope, **given: float) -> dict[str, Any]:
    raw = initial(pool.parameters(2), given, 1, 2, 0.0, 0)
    return {name: jnp.asarray(value[0]) for name, value in raw.items()}


def follow(
    prices: NDArray[np.float64],
    pool: Gyroscope | None = None,
    shape: dict[str, float] = SHAPE,
    **more: Any,
) -> Path:
    """As NumPy arrays: an operation of JAX on each new shape compiles a program."""
    pool = pool or Gyroscope()
    return jax.device_get(
        run(pool, params(pool, **shape), feed(prices, **more), jnp.asarray(0), len(prices))
    )


def bent(
    alpha: float = 0.97, beta: float = 1.05, lam: float = 20.0, peak: float = 1.03
) -> eclp.Curve:
    return jax.device_get(curve_of(*map(jnp.asarray, (alpha, beta, lam, peak))))


@pytest.fixture(scope="module", name="pair")
def two(prices: NDArray[np.float64]) -> NDArray[np.float64]:
    """The two that move; the range of ``SHAPE`` is left, at both ends, and entered again."""
    found = prices[3000::5][:ROWS, :2]
    ratio = found[:, 0] / found[:, 1] / (found[0, 0] / found[0, 1])
    assert ratio.min() < 0.97 < 1.03 < ratio.max()
    assert (np.diff(np.clip(ratio, 0.97, 1.03)) != 0).sum() > ROWS // 2
    return found


def plainly(text: Any, **options: Any) -> Any:
    """A program that takes and gives NumPy arrays, so that what tests do
    with them compiles nothing.
    """
    program = jax.jit(text, **options)
    return lambda *given: jax.device_get(program(*given))


curve_of = jax.jit(eclp.curve)
reserves_at, quote, invariant = (
    plainly(eclp.reserves_at),
    plainly(eclp.quote),
    plainly(eclp.invariant),
)
out_given_in, in_given_out = plainly(eclp.out_given_in), plainly(eclp.in_given_out)
outs_given_ins = plainly(jax.vmap(eclp.out_given_in, (None, None, None, 0)))
ins_given_outs = plainly(jax.vmap(eclp.in_given_out, (None, None, None, 0)))
slopes = jax.vmap(jax.jacrev(eclp.reserves_at, argnums=1), (None, 0))
slopes_at = plainly(slopes)
SHAPES = [
    {},
    {"alpha": 0.5, "beta": 2.0, "lam": 1.0},
    {"alpha": 1500.0, "beta": 4000.0, "lam": 1000.0, "peak": 2500.0},
    {"lam": 1e4},
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_curve_is_the_one_whose_price_is_its_slope(shape: dict[str, float]) -> None:
    """dV/dp = x, where V = p x + y at r = 1: no other curve with these ends
    sells at its marginal price.
    """
    curve = bent(**shape)
    prices = np.linspace(curve.alpha, curve.beta, 31)[1:-1]
    # At lam=1e4 the slopes keep nine digits only with users' fused multiply-adds,
    # and of a curve that the compiler knows.
    known = plainly(
        lambda prices: slopes(jax.tree.map(jnp.asarray, curve), prices), compiler_options=FOR_USERS
    )
    reserves, rates = (
        reserves_at(curve, prices),
        known(prices) if curve.lam == 1e4 else slopes_at(curve, prices),
    )
    np.testing.assert_allclose(
        prices * rates[:, 0] + reserves[:, 0] + rates[:, 1], reserves[:, 0], rtol=1e-9
    )


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_reserves_tell_their_price_and_invariant(shape: dict[str, float]) -> None:
    """There and back to the last digits, at any size and at the ends, where one token is left."""
    curve = bent(**shape)
    prices = np.linspace(curve.alpha, curve.beta, 41)
    reserves = reserves_at(curve, prices) * 1e7
    np.testing.assert_allclose(quote(curve, reserves), prices, rtol=1e-12)
    np.testing.assert_allclose(invariant(curve, reserves), 1e7, rtol=1e-12)
    assert reserves[0, 1] == reserves[-1, 0] == 0
    assert (reserves[1:-1] > 0).all()
    np.testing.assert_allclose(
        np.stack([reserves[0, 0], reserves[-1, 1]]), curve.most * 1e7, rtol=1e-14
    )


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("pay", [0, 1])
def test_swaps_keep_the_invariant_and_undo_each_other(shape: dict[str, float], pay: int) -> None:
    """From a millionth of a reserve to almost all; a small one gets the price."""
    curve, side = bent(**shape), np.asarray(pay)
    price = 0.3 * curve.alpha + 0.7 * curve.beta
    held = 1e3 * reserves_at(curve, price)
    for part in (1e-6, 1e-2, 0.5, 0.99):
        wanted = part * held[1 - pay]
        paid = in_given_out(curve, held, side, wanted)
        np.testing.assert_allclose(out_given_in(curve, held, side, paid), wanted, rtol=1e-9)
        after = held + np.where(np.arange(2) == pay, paid, -wanted)
        np.testing.assert_allclose(invariant(curve, after), 1e3, rtol=1e-11)
    np.testing.assert_allclose(
        in_given_out(curve, held, side, wanted * 1e-9) / wanted * 1e9,
        price if pay else 1 / price,
        rtol=1e-6,
    )
    everything = in_given_out(curve, held, side, held[1 - pay])
    np.testing.assert_allclose(held[pay] + everything, 1e3 * curve.most[pay], rtol=1e-10)
    assert out_given_in(curve, held, side, everything * 1.01) > held[1 - pay]
    assert out_given_in(curve, held, side, everything * 1e6) == np.inf


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("pay", [0, 1])
def test_more_brings_more_until_there_is_no_more(shape: dict[str, float], pay: int) -> None:
    """Also near the ends, where the ellipse turns back soon after the reserve is gone: no amount
    brings less than a smaller one.
    """
    curve, side = bent(**shape), np.asarray(pay)
    for share in (1e-6, 0.3, 1 - 1e-6):
        held = 1e3 * reserves_at(curve, curve.alpha + share * (curve.beta - curve.alpha))
        amounts = (
            np.geomspace(1e-12, 1e3, 3000)
            * held.sum()
            * max(float(curve.beta), 1 / float(curve.alpha))
        )
        got = outs_given_ins(curve, held, side, amounts)
        assert (np.diff(got[np.isfinite(got)]) >= 0).all() and not np.isfinite(got[-1])
        assert (np.diff(np.isfinite(got).astype(int)) <= 0).all()


def test_it_opens_at_the_markets_price_with_the_money_it_was_given(
    pair: NDArray[np.float64],
) -> None:
    """Or with the reserves it was given, whose invariant it keeps."""
    found = follow(pair)
    assert float((found.reserves[0] * pair[0]).sum()) == pytest.approx(1e6, rel=1e-14)
    again = follow(pair, initial_reserves=2 * found.reserves[0])
    np.testing.assert_allclose(again.reserves, 2 * found.reserves, rtol=1e-12)
    np.testing.assert_allclose(
        found.weights,
        found.reserves * pair / (found.reserves * pair).sum(-1, keepdims=True),
        rtol=1e-14,
    )


def test_beyond_its_range_it_holds_one_token_and_within_it_trades_again(
    pair: NDArray[np.float64],
) -> None:
    """The dear token is sold out above, the other below; the reserves are a
    function of the price alone.
    """
    opening = pair[0, 0] / pair[0, 1]
    ratios = np.array([1.0, 1.02, 1.2, 2.0, 1.2, 1.02, 1.0, 0.98, 0.9, 0.3, 0.98, 1.0])
    prices = np.stack([opening * ratios * 7, np.full(12, 7.0)], -1)
    for more in ({}, {"fee": 0.0}):
        found = np.asarray(follow(prices, **more).reserves)
        assert (np.diff(found[[2, 3, 4]], axis=0) == 0).all()
        np.testing.assert_allclose(found[[2, 3], 0], 0, atol=1e-9)
        np.testing.assert_allclose(found[[8, 9], 1], 0, atol=1e-9)
        for one, other in ((0, 6), (0, 11), (1, 5), (7, 10)):
            np.testing.assert_allclose(found[one], found[other], rtol=1e-10)


def test_minute_by_minute_without_a_fee_it_is_the_closed_form(pair: NDArray[np.float64]) -> None:
    """Also where the arbitrageur comes every seventh minute only,
    and for rows asked for one by one.
    """
    for trading in (Trading(), Trading(every=7)):
        free, stepped = follow(pair, trading=trading), follow(pair, trading=trading, fee=0.0)
        np.testing.assert_allclose(stepped.reserves, free.reserves, rtol=1e-9, atol=1e-9)
        assert not stepped.fees.any()
        pool, rows = Gyroscope(), np.array([0, 13, 14, 700, ROWS - 1])
        sampled = jax.jit(
            lambda pool, params, feed, rows=rows: pool.sampled(
                params, feed, jnp.asarray(0), ROWS, rows
            )
        )
        some = jax.device_get(sampled(pool, params(pool, **SHAPE), feed(pair, trading=trading)))
        np.testing.assert_allclose(some.reserves, free.reserves[rows], rtol=1e-14)
        np.testing.assert_allclose(some.value, (free.reserves * pair).sum(-1)[rows], rtol=1e-14)


def test_fees_never_lower_the_invariant_and_arbitrage_never_gives(
    pair: NDArray[np.float64],
) -> None:
    """Without a fee the invariant stays; with one every trade raises it,
    and takes value from the pool at market prices.
    """
    pool = Gyroscope()
    curve = jax.jit(pool._token_curve)(params(pool, **SHAPE), feed(pair), jnp.asarray(pair[0]))
    for fee in (0.0, FEE):
        found = follow(pair, fee=fee)
        size = invariant(curve.ellipse, curve.to_ellipse(jnp.asarray(found.reserves)))
        moved = (np.diff(found.reserves, axis=0) != 0).any(-1)
        assert moved.sum() > 20
        profit = ((found.reserves[:-1] - found.reserves[1:]) * pair[1:]).sum(-1)
        assert profit.min() >= -1e-9
        assert profit.max() > 0.01
        if fee:
            assert (np.diff(size)[moved] > 0).all()
            assert (found.fees[1:][moved] > 0).all()
            assert not found.fees[1:][~moved].any()
        else:
            np.testing.assert_allclose(size, size[0], rtol=1e-10)


@plainly
def best_trade(curve: eclp.Curve, held: jax.Array, market: jax.Array, fee: jax.Array) -> jax.Array:
    return eclp.best_trade(curve, held, eclp.band(curve, market, fee), fee)


@pytest.mark.parametrize("market", [0.5, 0.96, 0.985, 1.0, 1.02, 1.08, 2.0])
def test_the_trade_is_the_best_there_is(market: float) -> None:
    """No swap of another size earns more at market prices, fee paid;
    none is made inside the band or past the end.
    """
    curve = bent()
    held = 100 * reserves_at(curve, np.asarray(1.0))
    prices = np.asarray([market, 1.0])
    change = best_trade(curve, held, prices[0], np.asarray(FEE))
    earned = float(-(prices * change).sum())
    if 1 - FEE <= market <= 1 / (1 - FEE):
        assert not change.any()
    else:
        paid = 0 if market < 1 else 1
        counted = held + np.where(change > 0, (1 - FEE) * change, change)
        edge = np.clip(market / (1 - FEE) if paid == 0 else market * (1 - FEE), 0.97, 1.05)
        assert float(quote(curve, counted)) == pytest.approx(edge, rel=1e-12)
        assert float(invariant(curve, counted)) == pytest.approx(100, rel=1e-12)
        again = best_trade(curve, held + change, prices[0], np.asarray(FEE))
        assert np.abs(again).max() < 0.01 * np.abs(change).max()
    for pay in (0, 1):
        amounts = held[1 - pay] * np.linspace(1e-4, 1, 999)
        ins = ins_given_outs(curve, held, np.asarray(pay), amounts) / (1 - FEE)
        assert float((amounts * prices[1 - pay] - ins * prices[pay]).max()) <= earned + 1e-9


def test_the_numeraire_decides_what_a_price_is(pair: NDArray[np.float64]) -> None:
    """Tokens in the other order, same numeraire: the same pool.

    The other numeraire: the same after turning the shape over.
    """
    pool = Gyroscope()
    for more in ({}, {"fee": FEE}):
        found, second = follow(pair, **more), feed(pair[:, ::-1], numeraire=jnp.asarray(0), **more)
        for other, shape in ((second, SHAPE), (feed(pair, numeraire=jnp.asarray(0), **more), None)):
            flipped = {
                "alpha": 1 / 1.03,
                "beta": 1 / 0.97,
                "rotation_angle": np.pi / 2 - 0.79,
                "lam": 20.0,
            }
            again = jax.device_get(
                run(pool, params(pool, **(shape or flipped)), other, jnp.asarray(0), ROWS)
            )
            turned = again.reserves[:, ::-1] if shape else again.reserves
            np.testing.assert_allclose(turned, found.reserves, rtol=1e-9, atol=1e-9)
    assert pool.quoted_in(("A", "B")) == 1
    assert Gyroscope(numeraire="A").quoted_in(("A", "B")) == 0


def test_a_reference_price_is_what_the_parameters_count_in(pair: NDArray[np.float64]) -> None:
    """The opening price, given as a number, changes nothing; one takes bounds as prices,
    and opens beyond them too.
    """
    opening = pair[0, 0] / pair[0, 1]
    same = follow(pair, Gyroscope(reference_price=float(opening)))
    np.testing.assert_allclose(same.reserves, follow(pair).reserves, rtol=1e-11, atol=1e-9)
    pool = Gyroscope(reference_price=1.0)
    above = {
        "alpha": opening / 10,
        "beta": opening / 5,
        "rotation_angle": float(np.arctan(opening / 7)),
        "lam": 3.0,
    }
    found = follow(pair[:10], pool, above)
    assert not found.reserves[:, 0].any()
    np.testing.assert_allclose(found.reserves[:, 1], 1e6 / pair[0, 1], rtol=1e-14)
    wrong = follow(pair[:10], pool, {"alpha": 2.0, "beta": 1.0})
    assert np.isnan(wrong.reserves).all()


@pytest.mark.parametrize(
    "more", [{}, {"fee": FEE, "gas_cost": 1.0, "arb_fee": 1e-4}], ids=["free", "costly"]
)
def test_units_of_money_and_of_tokens_mean_nothing(
    pair: NDArray[np.float64], more: dict[str, float]
) -> None:
    """Prices times c divide reserves by c; one token's price times c divides its reserve; c times
    the money, c times the pool.
    """
    found = follow(pair, **more)
    for scale in (np.array([1e5, 1e5]), np.array([1e3, 1.0])):
        np.testing.assert_allclose(
            follow(pair * scale, **more).reserves * scale, found.reserves, rtol=1e-9, atol=1e-8
        )
    bigger = more | ({"gas_cost": 1e3} if more else {})
    np.testing.assert_allclose(
        follow(pair, value=1e9, **bigger).reserves, 1e3 * found.reserves, rtol=1e-9, atol=1e-5
    )


@pytest.mark.parametrize("fee", [None, FEE])
def test_gradients_are_finite_and_right(pair: NDArray[np.float64], fee: float | None) -> None:
    """Of the last value, in every parameter, on a path that leaves the range at an end;
    in fee and prices they are finite.
    """
    pool, start = Gyroscope(), params(Gyroscope(), **SHAPE)
    world = feed(pair[:600], **({} if fee is None else {"fee": fee}))

    def worth(raw: Any, world: Feed) -> jax.Array:
        return jnp.log(
            (run(pool, raw, world, jnp.asarray(0), 600).reserves[-1] * world.prices[599]).sum()
        )

    both = jax.jit(jax.value_and_grad(worth, (0, 1), allow_int=True))
    slopes, of_feed = jax.tree.map(np.asarray, both(start, world)[1])
    assert np.isfinite(of_feed.prices).all()
    assert fee is None or np.isfinite(of_feed.frictions.fee)
    assert all(np.abs(slope).max() > 0 for slope in slopes.values())
    for name, slope in slopes.items():
        ends = [
            float(both(start | {name: np.asarray(start[name]) + sign * 1e-5}, world)[0])
            for sign in (1, -1)
        ]
        assert float(slope[0]) == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-4, abs=1e-9), (
            name
        )


def test_single_precision_is_near(pair: NDArray[np.float64]) -> None:
    """Value to 1e-6; with a fee, where each minute's trade is rounded on top of the last, to as
    many half units in the last place.
    """
    pool = Gyroscope()
    raw = {name: np.asarray(value, np.float32) for name, value in params(pool, **SHAPE).items()}
    for more, within in (({}, 1e-6), ({"fee": FEE}, ROWS * float(np.finfo(np.float32).eps) / 2)):
        found = jax.device_get(
            run(pool, raw, feed(pair, jnp.float32, **more), jnp.asarray(0), ROWS)
        )
        assert found.reserves.dtype == jnp.float32
        np.testing.assert_allclose(
            (found.reserves * pair).sum(-1),
            (follow(pair, **more).reserves * pair).sum(-1),
            rtol=within,
        )


def test_given_trades_are_swaps_and_what_cannot_be_paid_is_refused(
    pair: NDArray[np.float64],
) -> None:
    """Exact in and exact out with the fee on what comes in; a trade for more than there is,
    of either kind, is refused.
    """
    opening = follow(pair[:1]).reserves[0]
    rows, none = 3, np.zeros((3, 2))
    pay, take, amount = none.astype(int) - 1, none.astype(int) - 1, none.copy()
    exact = none.astype(bool)
    pay[0], take[0], amount[0], exact[0] = (
        [0, 1],
        [1, 0],
        [opening[0] / 10, opening[0] / 10],
        [False, True],
    )
    pay[1], take[1], amount[1], exact[1] = (
        [0, 1],
        [1, 0],
        [opening[0] * 1e3, opening[0] * 1.01],
        [False, True],
    )
    trades = Trades(*map(jnp.asarray, (pay, take, amount, exact)))
    still = np.broadcast_to(pair[0], (rows, 2))
    found = follow(still, trades=trades, fee=FEE, trading=Trading(do_arb=False))
    assert found.refused is not None
    assert found.refused.tolist() == [0, 2, 0]
    assert np.array_equal(found.reserves[1], found.reserves[0])
    pool = Gyroscope()
    curve = jax.jit(pool._token_curve)(params(pool, **SHAPE), feed(pair), jnp.asarray(pair[0]))
    held, unit = curve.to_ellipse(jnp.asarray(opening)), curve.unit
    out = out_given_in(curve.ellipse, held, np.asarray(0), amount[0, 0] * (1 - FEE)) * unit[1]
    middle = opening + np.stack([amount[0, 0], -out])
    back = (
        in_given_out(
            curve.ellipse, curve.to_ellipse(jnp.asarray(middle)), np.asarray(1), amount[0, 1]
        )
        * unit[1]
        / (1 - FEE)
    )
    np.testing.assert_allclose(
        found.reserves[0], middle + np.stack([-amount[0, 1], back]), rtol=1e-12
    )
    assert float(found.fees[0]) == pytest.approx(
        FEE * float(amount[0, 0] * pair[0, 0] + back * pair[0, 1]), rel=1e-12
    )


def test_parameters_stay_legal_and_come_back() -> None:
    """Raw and readable both ways, wherever an optimiser goes; what is given outside is
    refused and told how to say it.
    """
    specs = Gyroscope().parameters(2)
    raw = initial(specs, SHAPE | {"lam": 1.0}, 1, 2, 0.0, 0)
    assert {
        name: float(value[0, 0]) for name, value in readable(specs, raw).items()
    } == pytest.approx(SHAPE | {"lam": 1.0}, rel=1e-14)
    far = readable(specs, {spec.name: np.array([-30.0, 0.0, 30.0]) for spec in specs})
    assert (
        (far["alpha"] < 1).all()
        and (far["alpha"] > 0).all()
        and (far["beta"] >= 1).all()
        and (far["lam"] >= 1).all()
    )
    assert {name: value[1] for name, value in far.items()} == pytest.approx(
        {spec.readable: spec.default for spec in specs}
    )
    with pytest.raises(ConfigError, match=r"params\.alpha: 1500.* pool\.reference_price=1"):
        initial(specs, {"alpha": 1500.0}, 1, 2, 0.0, 0)
    with pytest.raises(ConfigError, match=r"params\.lam: 0\.5.* is not 1 or more"):
        initial(specs, {"lam": 0.5}, 1, 2, 0.0, 0)


def test_two_tokens_one_of_which_is_the_numeraire() -> None:
    """Anything else is refused where it is set."""
    with pytest.raises(ConfigError, match=r"tokens: are 3 \(A, B, C\)"):
        Gyroscope().check(("A", "B", "C"), "pool")
    with pytest.raises(ConfigError, match=r"pool\.numeraire: 'ETG' .*did you mean 'ETH'"):
        Gyroscope(numeraire="ETG").check(("BTC", "ETH"), "pool")
    Gyroscope(numeraire="BTC").check(("BTC", "ETH"), "pool")
