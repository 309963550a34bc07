"""What every pool promises, with and without frictions."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from kinds import DAY, assets_of, components, opening, small, with_rule, world
from numpy.typing import NDArray

from quantamm_cli.core.types import Feed, Trajectory
from quantamm_cli.engine.forward import days, simulate
from quantamm_cli.pools.geometric import GeometricPool

ROWS = 3 * DAY + 500
GROUP = "pool"
POOLS = components(GROUP)
COSTLY = [name for name in POOLS if small("pool", name).takes_frictions]
CHARGING = [name for name in POOLS if small("pool", name).charges]
FRICTIONS = {
    "fee": 0.003,
    "gas_cost": 2.0,
    "arb_fee": 1e-4,
    "protocol_fee_split": 0.25,
    "noise_trader_ratio": 0.7,
}
FEE = {"fee": 0.003}
NONE: dict[str, float] = {}
CASES = [(name, NONE) for name in POOLS] + [(name, FRICTIONS) for name in COSTLY]
worlds = pytest.mark.parametrize(
    ("name", "fees"), CASES, ids=[f"{name}-{'+'.join(fees) or 'free'}" for name, fees in CASES]
)
costly = pytest.mark.parametrize("name", COSTLY)
fee_takers = pytest.mark.parametrize("name", [name for name in COSTLY if name not in CHARGING])
run = jax.jit(simulate, static_argnames="rows")
run_days = jax.jit(days, static_argnames="spans")


def path(
    name: str,
    prices: NDArray[np.float64],
    start: int = 0,
    params: Any = None,
    value: float = 1e6,
    order: Any = None,
    **fees: Any,
) -> Trajectory:
    """A run of the pool on as many of the assets as it takes, in the given ``order`` of them."""
    pool = small("pool", name)
    assets = assets_of(pool)
    order = np.arange(assets) if order is None else order
    tokens = tuple(f"T{asset}" for asset in order)
    feed = world(
        pool, prices[:, :assets][:, order], initial_pool_value=value, tokens=tokens, **fees
    )
    found = run(pool, opening(pool, assets) if params is None else params, feed, start, ROWS)
    return Trajectory(*jax.tree.map(np.asarray, tuple(found)))


@worlds
def test_it_opens_as_told_and_stays_positive(
    name: str, fees: dict[str, float], prices: NDArray[np.float64]
) -> None:
    """The initial weights and value at the first row; value and reserves above
    zero and finite ever after.
    """
    found = path(name, prices, **fees)
    params = opening(small("pool", name), assets := found.prices.shape[1])
    if len(params.get("initial_weights_logits", ())) == assets:
        weights = np.exp(np.asarray(params["initial_weights_logits"]))
        np.testing.assert_allclose(found.weights[0], weights / weights.sum(), rtol=1e-12)
    assert found.value[0] == pytest.approx(1e6, rel=1e-12)
    np.testing.assert_allclose(found.weights.sum(-1), 1, rtol=1e-12)
    np.testing.assert_allclose((found.reserves * found.prices).sum(-1), found.value, rtol=1e-14)
    for column in jax.tree.leaves(found):
        assert np.isfinite(column).all()
    assert (found.reserves > 0).all()
    assert (found.value > 0).all()
    assert (found.fees >= 0).all()
    assert np.array_equal(found.prices, prices[3 * DAY :, :assets][:ROWS])


@worlds
def test_prices_in_another_unit_change_nothing_but_reserves(
    name: str, fees: dict[str, float], prices: NDArray[np.float64]
) -> None:
    """With the same opening value, prices times c leave value,
    weights and fees as they were and divide reserves by c.
    """
    found, scaled = path(name, prices, **fees), path(name, prices * 1e5, **fees)
    np.testing.assert_allclose(scaled.value, found.value, rtol=1e-10)
    np.testing.assert_allclose(scaled.weights, found.weights, rtol=1e-10)
    np.testing.assert_allclose(scaled.reserves * 1e5, found.reserves, rtol=1e-10)
    np.testing.assert_allclose(scaled.fees, found.fees, rtol=1e-6, atol=1e-9)


@worlds
def test_a_larger_pool_is_the_same_pool(
    name: str, fees: dict[str, float], prices: NDArray[np.float64]
) -> None:
    """Value times c if the money in it, and the gas, is times c."""
    bigger = fees | ({"gas_cost": fees["gas_cost"] * 1e3} if "gas_cost" in fees else {})
    found, scaled = path(name, prices, **fees), path(name, prices, value=1e9, **bigger)
    np.testing.assert_allclose(scaled.value, found.value * 1e3, rtol=1e-10)


@worlds
def test_permuted_assets_give_permuted_results(
    name: str, fees: dict[str, float], prices: NDArray[np.float64]
) -> None:
    """With their parameters: the order of tokens means nothing."""
    pool = small("pool", name)
    if "numeraire" in type(pool).model_fields:
        pytest.skip("its price is in one of its tokens; tests/unit/pools turns it round")
    assets = assets_of(pool)
    order, params = np.roll(np.arange(assets), 1), opening(pool, assets)
    found = path(name, prices, **fees)
    own = {spec.name for spec in pool.parameters(assets) if spec.count is None}
    turned = path(
        name,
        prices,
        params={key: value[order] if key in own else value for key, value in params.items()},
        order=order,
        **fees,
    )
    np.testing.assert_allclose(turned.value, found.value, rtol=1e-10)
    np.testing.assert_allclose(turned.weights, found.weights[:, order], rtol=1e-9)
    np.testing.assert_allclose(turned.reserves, found.reserves[:, order], rtol=1e-9)


@worlds
def test_gradients_are_finite_under_jit_and_vmap(
    name: str, fees: dict[str, float], prices: NDArray[np.float64]
) -> None:
    """Of the last log value, for two parameter sets at once, also in every friction;
    vmap gives what each run gives.
    """
    pool = small("pool", name)
    assets = assets_of(pool)
    feed = world(pool, prices[:, :assets], **fees)
    sets = [
        opening(pool, assets),
        {key: value + 0.1 for key, value in opening(pool, assets).items()},
    ]
    if not sets[0]:
        pytest.skip("has no parameters")
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *sets)

    def worth(params: Any, frictions: Any, feed: Feed) -> jax.Array:
        return jnp.log(
            simulate(pool, params, feed._replace(frictions=frictions), 0, ROWS).value[-1]
        )

    both = jax.jit(jax.vmap(jax.value_and_grad(worth, (0, 1)), in_axes=(0, None, None)))
    values, slopes = both(stacked, feed.frictions, feed)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(slopes))
    assert float(jnp.exp(values[0])) == pytest.approx(
        path(name, prices, **fees).value[-1], rel=1e-12
    )
    if "log_k" in sets[0]:
        assert all(np.abs(slopes[0][key]).max() > 0 for key in ("log_k", "logit_lamb"))
    for spec in pool.parameters(assets):
        assert spec.trainable or not slopes[0][spec.name].any(), spec.name
    for corner in corners(prices[:, :assets]):
        values, slopes = both(stacked, feed.frictions, world(pool, corner, **fees))
        assert np.isfinite(values).all()
        assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(slopes))


def corners(prices: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Prices that stand still, fall by half at once, double at once, cost 1e-8 and 1e8."""
    jump = np.where(
        np.arange(len(prices))[:, None] < 4 * DAY, 1.0, [0.5, *[1.0] * (prices.shape[1] - 1)]
    )
    extreme = prices / prices[0] * np.array([1e-8, 1e8, 1.0])[: prices.shape[1]]
    return [np.broadcast_to(prices[0], prices.shape), prices * jump, prices / jump, extreme]


@fee_takers
def test_frictions_that_vanish_leave_the_frictionless_pool(
    name: str, prices: NDArray[np.float64]
) -> None:
    """A fee of 1e-12, minute by minute, is the closed form of no fee at all."""
    free, tiny = path(name, prices), path(name, prices, fee=1e-12)
    np.testing.assert_allclose(tiny.value, free.value, rtol=1e-9)
    np.testing.assert_allclose(tiny.reserves, free.reserves, rtol=1e-8)
    np.testing.assert_allclose(tiny.weights, free.weights, rtol=1e-8)


@costly
def test_an_arbitrageur_never_pays_to_trade(name: str, prices: NDArray[np.float64]) -> None:
    """At every minute's prices the pool is worth no more after the visit than before."""
    found = path(name, prices, **FEE)
    profit = ((found.reserves[:-1] - found.reserves[1:]) * found.prices[1:]).sum(-1)
    assert profit.min() >= -1e-9 * 1e6
    assert (np.diff(found.reserves, axis=0) != 0).any()


def test_under_fixed_weights_fees_never_lower_the_invariant(prices: NDArray[np.float64]) -> None:
    """Every trade leaves Π R^w at least where it was; without fees exactly there."""
    for fees, least in ((FEE, -1e-13), (NONE, -1e-9)):
        found = path("balancer", prices, **fees)
        growth = np.diff((found.weights * np.log(found.reserves)).sum(-1))
        assert growth.min() >= least
        assert (growth.max() > 1e-9) == bool(fees)


@fee_takers
def test_dearer_trades_are_rarer(name: str, prices: NDArray[np.float64]) -> None:
    """The frictions of one program are numbers: more of them, fewer
    trades, none at a fee of 90 %.
    """
    trades = []
    for fee in (0.0005, 0.003, 0.02, 0.9):
        reserves = path(name, prices, fee=fee).reserves
        trades.append(int((np.diff(reserves, axis=0) != 0).any(-1).sum()))
    assert trades == sorted(trades, reverse=True)
    assert trades[0] > trades[1] > trades[2]
    if name == "balancer":
        assert trades[3] == 0


@pytest.mark.parametrize("name", POOLS)
def test_nobody_trades_when_nobody_comes(name: str, prices: NDArray[np.float64]) -> None:
    """``do_arb=false`` keeps the opening reserves, bit for bit; nobody earns fees."""
    found = path(name, prices, do_arb=False)
    assert (found.reserves == found.reserves[0]).all()
    assert not found.fees.any()


@pytest.mark.parametrize("fees", [NONE, FRICTIONS], ids=["free", "costly"])
@costly
def test_between_two_visits_nothing_happens(
    name: str, fees: dict[str, float], prices: NDArray[np.float64]
) -> None:
    """``arb_frequency``: reserves change on every f-th row only, counted from the first."""
    every = 7
    found = path(name, prices, arb_frequency=every, **fees)
    for offset in range(1, every):
        rows = found.reserves[offset::every]
        assert np.array_equal(rows, found.reserves[::every][: len(rows)])
    assert not np.delete(found.fees, np.s_[::every]).any()
    if isinstance(small("pool", name), GeometricPool):
        assert np.array_equal(found.weights, path(name, prices, **fees).weights)
    assert (np.diff(found.reserves[::every], axis=0) != 0).any()


VARIANTS: dict[str, Any] = {name: small("pool", name) for name in POOLS}
VARIANTS |= {
    "temporal-odd": with_rule("momentum", chunk_period=700, weight_interpolation_period=699),
    "temporal-day": with_rule("momentum", chunk_period=DAY, weight_interpolation_period=300),
    "temporal-approx_optimal": with_rule("momentum", weight_interpolation_method="approx_optimal"),
}
SPANS = (
    ("train", 0, 2 * DAY),
    ("validation", 2 * DAY, 2 * DAY + 321),
    ("test", 2 * DAY + 321, ROWS),
)
SHORTCUTS: list[tuple[str, dict[str, Any]]] = [(name, {}) for name in VARIANTS] + [
    (name, {"arb_frequency": 7}) for name in COSTLY
]
SHORTCUTS += [("temporal", FEE), ("temporal", {"do_arb": False})]


@pytest.mark.parametrize(
    ("name", "fees"),
    SHORTCUTS,
    ids=[f"{name}-{'+'.join(fees) or 'free'}" for name, fees in SHORTCUTS],
)
def test_days_are_those_of_the_minutes(
    name: str, fees: dict[str, Any], prices: NDArray[np.float64]
) -> None:
    """What metrics that read days are told agrees with the minute path to 1e-11: part-days,
    odd starts, several periods.
    """
    pool = VARIANTS[name]
    assets = assets_of(pool)
    feed = world(pool, prices[:, :assets], **fees)
    params = opening(pool, assets)
    for start in (0, 777):
        minutes = run(pool, params, feed, start, ROWS)
        short = run_days(pool, params, feed, start, SPANS)
        for span, first, last in SPANS:
            part = minutes.rows(first, last)
            assert short[span].minutes == part.minutes
            np.testing.assert_allclose(short[span].days, part.days, rtol=1e-11)
            for end in ("first", "last"):
                for one, other in zip(getattr(short[span], end), getattr(part, end), strict=True):
                    np.testing.assert_allclose(one, other, rtol=1e-11)


def many(prices: NDArray[np.float64], assets: int) -> NDArray[np.float64]:
    """So many assets, made of three."""
    return np.exp(
        np.log(prices)
        @ np.random.Generator(np.random.PCG64(assets)).uniform(-0.5, 1.0, (3, assets))
    )


@pytest.mark.parametrize("assets", [2, 8])
@pytest.mark.parametrize(
    "name", [name for name in COSTLY if assets_of(small("pool", name)) == 3 and name != "composite"]
)
def test_two_tokens_to_eight(name: str, assets: int, prices: NDArray[np.float64]) -> None:
    """Wherever the pool allows it: with a fee, finite, positive, and the weights a pool's."""
    pool, path = small("pool", name), many(prices, assets)
    found = run(pool, opening(pool, assets), world(pool, path, **FEE), 0, 900)
    np.testing.assert_allclose(found.weights.sum(-1), 1, rtol=1e-12)
    assert np.isfinite(found.value).all()
    assert (found.reserves > 0).all()


@pytest.mark.parametrize("name", components("pool/rule"))
def test_rules_for_eight_tokens(name: str, prices: NDArray[np.float64]) -> None:
    """Every rule moves the weights of as many as there can be, and they stay weights."""
    assets = 8
    pool, path = with_rule(name), many(prices, assets)
    found = run(pool, opening(pool, assets), world(pool, path), 0, ROWS)
    np.testing.assert_allclose(found.weights.sum(-1), 1, rtol=1e-12)
    assert (found.weights > 0).all()
    assert np.isfinite(found.value).all()
    assert np.ptp(np.asarray(found.weights), axis=0).max() > 0
