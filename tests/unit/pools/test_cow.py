"""The batch pool: its trades from first principles, its costs, its two kinds of arbitrageur."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray

from quantamm_cli.core import fm_amm
from quantamm_cli.core.minute import Minute
from quantamm_cli.core.types import Feed, Path, Trading
from quantamm_cli.errors import ConfigError
from quantamm_cli.kernels.operands import Frictions, Trades
from quantamm_cli.pools.cow import Cow, rebalanced

ROWS, FEE = 1500, 0.003
WEIGHTS = np.array([0.7, 0.3])
VISITED = Trading()
run = jax.jit(
    lambda pool, params, feed, start, rows: pool.path(params, feed, start, rows),
    static_argnames="rows",
)
arbitraged = jax.jit(fm_amm.arbitraged)
out_given_in, in_given_out = jax.jit(fm_amm.out_given_in), jax.jit(fm_amm.in_given_out)
outs_given_ins = jax.jit(jax.vmap(fm_amm.out_given_in, (None, None, None, 0)))


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


def follow(
    prices: NDArray[np.float64],
    quality: float = 1.0,
    weights: NDArray[np.float64] = WEIGHTS,
    **more: Any,
) -> Path:
    """As NumPy arrays: an operation of JAX on each new shape compiles a program."""
    params = {"initial_weights_logits": np.log(weights)}
    return jax.device_get(
        run(Cow(arb_quality=quality), params, feed(prices, **more), jnp.asarray(0), len(prices))
    )


def visit(
    market: float, quality: float = 1.0, fee: float = FEE, **costs: float
) -> tuple[NDArray[np.float64], float]:
    """What a visit changes in a pool that quotes one, in values at market prices, and what the
    arbitrageurs earn before costs.
    """
    held, prices = jnp.asarray([0.7e6, 0.3e6]), jnp.asarray([market, 1.0])
    minute = Minute(
        prices,
        *(
            jnp.asarray(costs[name]) if name in costs else None
            for name in ("fee", "gas_cost", "arb_fee")
        ),
    )
    after = arbitraged(held, WEIGHTS, minute._replace(fee=jnp.asarray(fee)), np.asarray(quality))
    change = (np.asarray(after) - np.asarray(held)) * np.asarray(prices)
    return change, -float(change.sum())


@pytest.fixture(scope="module", name="pair")
def two(prices: NDArray[np.float64]) -> NDArray[np.float64]:
    """The two that move most, every fifth minute."""
    return prices[::5][:ROWS, :2]


@pytest.mark.parametrize("pay", [0, 1])
def test_a_batch_pays_the_marginal_price_it_leaves(pay: int) -> None:
    """Average price = marginal price afterwards, at every size;
    exact in and exact out undo each other.
    """
    held, weights, side = np.asarray([300.0, 5e4]), WEIGHTS, np.asarray(pay)
    for part in (1e-9, 1e-3, 0.4, 30.0):
        amount = part * held[pay]
        out = np.asarray(out_given_in(held, weights, side, amount))
        after = held + np.where(np.arange(2) == pay, amount, -out)
        marginal = after[1 - pay] * weights[pay] / (after[pay] * weights[1 - pay])
        np.testing.assert_allclose(out / amount, marginal, rtol=1e-14)
        np.testing.assert_allclose(in_given_out(held, weights, side, out), amount, rtol=1e-12)
    most = weights[pay] * held[1 - pay]
    assert float(in_given_out(held, weights, side, most)) == np.inf
    assert float(out_given_in(held, weights, side, held[pay] * 1e12)) < float(most)


@pytest.mark.parametrize("market", [0.8, 0.99, 1.01, 1.3])
def test_one_arbitrageur_takes_the_best_batch_and_competitors_the_last(market: float) -> None:
    """Alone: no size of batch earns more.

    Competing: the largest batch that costs nobody anything.
    """
    held, weights = np.asarray([0.7e6, 0.3e6]), WEIGHTS
    prices, pay = np.array([market, 1.0]), 0 if market < 1 else 1
    amounts = held[pay] * np.linspace(0, 1, 20_001)[1:]
    outs = np.asarray(outs_given_ins(held, weights, np.asarray(pay), (1 - FEE) * amounts))
    profits = outs * prices[1 - pay] - amounts * prices[pay]
    change, best = visit(market, quality=0.0)
    assert best >= profits.max() > 0
    assert best == pytest.approx(profits.max(), rel=1e-3)
    assert change[pay] > 0 > change[1 - pay]
    change, none = visit(market)
    assert none == pytest.approx(0, abs=1e-9)
    last = np.flatnonzero(profits > 0)[-1]
    assert amounts[last] <= change[pay] / prices[pay] <= amounts[last + 1]


def test_inside_the_band_nobody_trades_outside_only_one_way_pays() -> None:
    """Bit for bit, whatever the quality: a trade in the wrong direction would seem to earn the
    fee instead of paying it.
    """
    for quality in (0.0, 0.4, 1.0):
        for market in (1 - 0.999 * FEE, 1.0, 1 / (1 - 0.999 * FEE)):
            assert not visit(market, quality)[0].any()
        for market, pay in ((1 - 1.01 * FEE, 0), (1 / (1 - 1.01 * FEE), 1)):
            change, profit = visit(market, quality)
            assert change[pay] > 0 > change[1 - pay]
            assert profit >= -1e-9


@pytest.mark.parametrize("market", [0.9, 1.1])
@pytest.mark.parametrize(
    "costs",
    [{"gas_cost": 40.0}, {"arb_fee": 0.004}, {"gas_cost": 40.0, "arb_fee": 0.004}],
    ids="+".join,
)
def test_who_competes_covers_all_costs_and_no_more(market: float, costs: dict[str, float]) -> None:
    """Profit = gas + half the arbitrage fee on both sides; alone,
    the profit is the best, if that covers them.
    """
    change, profit = visit(market, **costs)
    least = costs.get("gas_cost", 0) + costs.get("arb_fee", 0) / 2 * np.abs(change).sum()
    assert profit == pytest.approx(least, rel=1e-9)
    assert np.abs(change).sum() < np.abs(visit(market)[0]).sum()
    assert np.array_equal(visit(market, quality=0.0, **costs)[0], visit(market, quality=0.0)[0])


@pytest.mark.parametrize("market", [0.9, 1.1])
def test_gas_ends_competition_where_it_ends_the_best_trade(market: float) -> None:
    """As long as the best trade pays its gas somebody makes one;
    at that point all make the same; beyond, none.
    """
    best = visit(market, quality=0.0)[1]
    np.testing.assert_allclose(
        visit(market, gas_cost=best * (1 - 1e-12))[0], visit(market, quality=0.0)[0], rtol=1e-4
    )
    for quality in (0.0, 0.4, 1.0):
        assert visit(market, quality, gas_cost=best * (1 - 1e-9))[0].any()
        assert not visit(market, quality, gas_cost=best * (1 + 1e-9))[0].any()
        assert not visit(market, quality, arb_fee=0.5)[0].any()


def test_quality_mixes_the_trades_of_one_state(pair: NDArray[np.float64]) -> None:
    """Every step starts from what the pool really holds; the better the competition,
    the more the pool is worth.
    """
    for more in ({}, {"fee": FEE, "gas_cost": 1.0}):
        found = {quality: follow(pair, quality, **more).reserves for quality in (0.0, 0.4, 1.0)}
        values = [float((found[quality][-1] * pair[-1]).sum()) for quality in (0.0, 0.4, 1.0)]
        assert values[0] < values[1] < values[2]
        minute = Minute(
            jnp.asarray(pair[700]),
            *(jnp.asarray(more[name]) if more else None for name in ("fee", "gas_cost")),
        )
        minute = minute._replace(fee=jnp.asarray(more.get("fee", 0.0)))
        ends = [
            np.asarray(arbitraged(found[0.4][699], WEIGHTS, minute, np.asarray(quality)))
            for quality in (0.0, 1.0)
        ]
        np.testing.assert_allclose(found[0.4][700], 0.6 * ends[0] + 0.4 * ends[1], rtol=1e-12)


def test_the_loop_is_the_closed_form(pair: NDArray[np.float64]) -> None:
    """Perfect competition three ways: one cumulative sum, the loop that any quality takes, and
    minutes with a fee of zero.
    """
    opening = jnp.asarray(WEIGHTS * 1e6 / pair[0])
    closed = jax.jit(rebalanced)(opening, jnp.asarray(WEIGHTS), jnp.asarray(pair))
    looped = jax.jit(lambda pool, *rest: pool._visited(*rest))(
        Cow(), opening, jnp.asarray(WEIGHTS), jnp.asarray(pair)
    )
    for found in (looped, follow(pair).reserves, follow(pair, fee=0.0).reserves):
        np.testing.assert_allclose(found, closed, rtol=1e-11)
    for quality in (0.0, 0.4):
        np.testing.assert_allclose(
            follow(pair, quality, fee=0.0).reserves, follow(pair, quality).reserves, rtol=1e-11
        )
    seldom = follow(pair, trading=Trading(every=7))
    np.testing.assert_allclose(
        seldom.reserves[::7],
        jax.jit(rebalanced)(opening, jnp.asarray(WEIGHTS), jnp.asarray(pair[::7])),
        rtol=1e-11,
    )
    assert np.array_equal(seldom.reserves[7:14], np.broadcast_to(seldom.reserves[7], (7, 2)))
    given = follow(pair, initial_reserves=jnp.asarray([30.0, 10.0]))
    assert float((given.reserves[0] * pair[0]).sum()) == pytest.approx(
        float((np.array([30.0, 10.0]) * pair[0]).sum()), rel=1e-14
    )
    np.testing.assert_allclose(given.weights, np.broadcast_to(WEIGHTS, pair.shape), rtol=1e-12)


@pytest.mark.parametrize("quality", [0.0, 0.4, 1.0])
@pytest.mark.parametrize(
    "more",
    [{}, {"fee": FEE}, {"fee": FEE, "gas_cost": 1.0, "arb_fee": 1e-4}],
    ids=["free", "fee", "costly"],
)
def test_trades_raise_the_invariant_and_arbitrage_never_gives(
    pair: NDArray[np.float64], quality: float, more: dict[str, float]
) -> None:
    """A batch at one price never lowers the product, fee or not,
    and never leaves the pool richer at market prices.
    """
    reserves = np.asarray(follow(pair, quality, **more).reserves)
    growth = np.diff((np.log(reserves) * WEIGHTS).sum(-1))
    profit = ((reserves[:-1] - reserves[1:]) * pair[1:]).sum(-1)
    assert growth.min() >= -1e-15
    assert growth.sum() > 1e-5
    assert profit.min() >= -1e-9
    assert (profit.max() > 1e-3) == (quality < 1 or "gas_cost" in more)
    assert (reserves > 0).all()


@pytest.mark.parametrize("quality", [0.4, 1.0])
@pytest.mark.parametrize(
    "more", [{}, {"fee": FEE, "gas_cost": 1.0, "arb_fee": 1e-4}], ids=["free", "costly"]
)
def test_order_and_units_mean_nothing(
    pair: NDArray[np.float64], quality: float, more: dict[str, float]
) -> None:
    """Tokens turned round; prices, or one of them, times c; money times c."""
    found = follow(pair, quality, **more).reserves
    np.testing.assert_allclose(
        follow(pair[:, ::-1], quality, WEIGHTS[::-1], **more).reserves[:, ::-1], found, rtol=1e-11
    )
    for scale in (np.array([1e5, 1e5]), np.array([1e3, 1.0])):
        np.testing.assert_allclose(
            follow(pair * scale, quality, **more).reserves * scale, found, rtol=1e-11
        )
    bigger = more | ({"gas_cost": 1e3} if more else {})
    np.testing.assert_allclose(
        follow(pair, quality, value=1e9, **bigger).reserves, 1e3 * found, rtol=1e-11
    )


@pytest.mark.parametrize(
    "more", [{}, {"fee": FEE, "gas_cost": 1.0, "arb_fee": 1e-4}], ids=["free", "costly"]
)
def test_gradients_are_finite_and_those_of_quality_right(
    pair: NDArray[np.float64], more: dict[str, float]
) -> None:
    """In quality, weights, prices and every friction."""
    world, logits = (
        feed(pair[:600], **more),
        {"initial_weights_logits": jnp.log(jnp.asarray(WEIGHTS))},
    )

    def worth(quality: jax.Array, params: Any, world: Feed) -> jax.Array:
        pool = jax.tree.map(lambda _: quality, Cow())
        return jnp.log(
            (run(pool, params, world, jnp.asarray(0), 600).reserves[-1] * world.prices[599]).sum()
        )

    both = jax.jit(jax.value_and_grad(worth, (0, 1, 2), allow_int=True))
    slopes = jax.tree.map(np.asarray, both(np.asarray(0.4), logits, world)[1])
    numbers = [leaf for leaf in jax.tree.leaves(slopes) if leaf.dtype == float]
    assert all(np.isfinite(leaf).all() for leaf in numbers)
    ends = [float(both(np.asarray(0.4 + nudge), logits, world)[0]) for nudge in (1e-5, -1e-5)]
    if not more:  # with costs, a trade more or less is a step
        assert float(slopes[0]) == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-4)
    assert float(slopes[0]) > 0


def test_single_precision_is_near(pair: NDArray[np.float64]) -> None:
    """Value to 1e-5 under both programs, and with a fee."""
    logits = {"initial_weights_logits": jnp.log(jnp.asarray(WEIGHTS, jnp.float32))}
    for quality, more in ((1.0, {}), (0.4, {}), (1.0, {"fee": FEE})):
        found = jax.device_get(
            run(
                Cow(arb_quality=quality),
                logits,
                feed(pair, jnp.float32, **more),
                jnp.asarray(0),
                ROWS,
            )
        )
        assert found.reserves.dtype == jnp.float32
        np.testing.assert_allclose(
            (found.reserves * pair).sum(-1),
            (follow(pair, quality, **more).reserves * pair).sum(-1),
            rtol=1e-5,
        )


def test_given_trades_are_batches_of_one(pair: NDArray[np.float64]) -> None:
    """Exact in and exact out with the fee on what comes in; a share of the other token that
    no amount buys is refused.
    """
    opening = np.asarray(follow(pair[:1]).reserves[0])
    pay, take = np.array([[0, 1], [1, -1]]), np.array([[1, 0], [0, -1]])
    amount = np.array([[opening[0] / 10, opening[0] / 10], [opening[0] * 0.31, 0]])
    exact = np.array([[False, True], [True, False]])
    trades = Trades(*map(jnp.asarray, (pay, take, amount, exact)))
    found = follow(
        np.broadcast_to(pair[0], (2, 2)), trades=trades, fee=FEE, trading=Trading(do_arb=False)
    )
    assert found.refused is not None
    assert found.refused.tolist() == [0, 1]
    net, w = amount[0, 0] * (1 - FEE), WEIGHTS
    out = w[0] * net * opening[1] / (w[1] * opening[0] + net)
    middle = opening + np.array([amount[0, 0], -out])
    back = w[0] * middle[1] * amount[0, 1] / (w[1] * middle[0] - amount[0, 1]) / (1 - FEE)
    np.testing.assert_allclose(
        found.reserves,
        np.broadcast_to(middle + np.array([-amount[0, 1], back]), (2, 2)),
        rtol=1e-13,
    )
    assert float(found.fees[0]) == pytest.approx(
        FEE * float(amount[0, 0] * pair[0, 0] + back * pair[0, 1]), rel=1e-12
    )


def test_it_holds_two_tokens() -> None:
    """Others are refused where they are named."""
    with pytest.raises(ConfigError, match=r"tokens: are 3 \(A, B, C\)"):
        Cow().check(("A", "B", "C"), "pool")
    Cow().check(("A", "B"), "pool")
