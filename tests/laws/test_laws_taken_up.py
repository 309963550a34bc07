"""A run that takes a pool up where another left it goes on as if there had been one run: for every
pool, rule and guard, at the end of a block of weights and inside of one.
"""

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from kinds import DAY, assets_of, build, components, opening, small, tree, with_rule, world
from numpy.typing import NDArray

from quantamm_cli.core.types import Feed, Left, Trading
from quantamm_cli.engine.left import PREFIX, flat, nested, start_of
from quantamm_cli.kernels.operands import Trades
from quantamm_cli.settings.run import Simulate

pytestmark = pytest.mark.versions
ROWS, BURN_IN = 800, 3 * DAY
CUTS = (100, 360, 361, 777)
"""In the first block, at the end of one, just after it, and inside of a later one."""
FEES: dict[str, dict[str, float]] = {
    "free": {},
    "costly": {
        "fee": 0.003,
        "gas_cost": 2.0,
        "arb_fee": 1e-4,
        "protocol_fee_split": 0.25,
        "noise_trader_ratio": 0.7,
    },
    "rare": {"fee": 0.003, "arb_frequency": 7},
}
POOLS = [name for name in components("pool") if small("pool", name).goes_on]  # type: ignore[attr-defined]
COSTLY = [name for name in POOLS if small("pool", name).takes_frictions]  # type: ignore[attr-defined]
CASES = [(name, "free") for name in POOLS] + [(name, "costly") for name in COSTLY]
CASES += [("temporal", "rare"), ("reclamm", "rare"), ("balancer", "rare")]
VARIANTS = {
    "odd": {"chunk_period": 250, "weight_interpolation_period": 249},
    "curved": {"weight_interpolation_method": "approx_optimal"},
    "scan": {"weight_calculation_method": "scan"},
    "hybrid": {"weight_calculation_method": "hybrid"},
}


def whole_run(pool: Any, params: Any, feed: Feed, row: Any) -> Any:
    """The path and, as another run finds it, the pool at a row of it."""
    path = pool.path(params, feed, jnp.asarray(0), ROWS)
    left = pool.left(params, feed, jnp.asarray(0), path, row)
    return (path.weights, path.reserves, path.fees), left


def path_of(pool: Any, params: Any, feed: Feed) -> Any:
    path = pool.path(params, feed, jnp.asarray(0), ROWS)
    return path.weights, path.reserves, path.fees


def weights_run(pool: Any, params: Any, feed: Feed, row: Any) -> Any:
    """The same of the weights alone."""
    weights = pool.weights(params, feed, jnp.asarray(0), ROWS)
    still = feed._replace(trading=Trading(do_arb=False))
    path = pool.path(params, still, jnp.asarray(0), ROWS)
    return (weights,), pool.left(params, feed, jnp.asarray(0), path, row)


def weights_of(pool: Any, params: Any, feed: Feed) -> Any:
    return (pool.weights(params, feed, jnp.asarray(0), ROWS),)


@cache
def programs(alone: bool) -> tuple[Any, Any]:
    """Both programs: where a run is cut is a number in them."""
    pair = (weights_run, weights_of) if alone else (whole_run, path_of)
    return jax.jit(pair[0]), jax.jit(pair[1])


def later(pool: Any, feed: Feed, left: Left, row: int) -> Feed:
    """The feed of a run that takes the pool up at a row of another's."""
    chunk, lag = pool.chunk or 1, int(left.lag)
    price = (BURN_IN + row - lag) // chunk
    assert pool.chunk is None or (BURN_IN + row - lag) % chunk == 0

    def moved(column: Any, by: int) -> Any:
        ahead = np.asarray(column)[by:]
        return np.concatenate([ahead, np.repeat(ahead[-1:], by, axis=0)])

    def minutes(part: Any) -> Any:
        return jax.tree.map(lambda column: moved(column, row) if np.ndim(column) else column, part)

    by = price if pool.chunk is not None else 0
    return feed._replace(
        prices=moved(feed.prices, row),
        chunks=moved(feed.chunks, by),
        series={name: moved(column, by) for name, column in feed.series.items()},
        prefix=minutes(feed.prefix),
        frictions=minutes(feed.frictions),
        trades=minutes(feed.trades),
        burn_in=np.asarray(lag, np.int32),
        left=stored(left),
    )


def stored(left: Left) -> Left:
    """As the settings of the next run have it."""
    settings = Simulate(
        data=build("data", "synthetic"),
        pool=small("pool", "hodl"),
        fees=build("fees", "none"),
        initial_state=flat(nested(left, 1)),
    )
    assert all(name.startswith(PREFIX) for name in settings.initial_state)
    start = start_of(settings)
    assert start is not None
    return jax.tree.map(lambda leaf: np.asarray(leaf, np.asarray(leaf).dtype), start.left)


def check(pool: Any, feed: Feed, alone: bool = False, every: int = 1, exact: bool = False) -> None:
    params = opening(pool, assets_of(pool))
    run, go_on = programs(alone)
    for cut in CUTS:
        row = (cut - 1) // every * every
        whole, left = run(pool, params, feed, row)
        rest = go_on(pool, params, later(pool, feed, left, row))
        for name, one, other in zip(("weights", "reserves", "fees"), whole, rest, strict=False):
            one, other = np.asarray(one)[cut:], np.asarray(other)[cut - row : ROWS - row]
            if exact:
                np.testing.assert_array_equal(other, one, err_msg=f"{name} from {cut}")
            else:
                least = {"atol": 1e-9} if name == "fees" else {}
                np.testing.assert_allclose(other, one, rtol=1e-12, err_msg=name, **least)


def feed_of(pool: Any, prices: NDArray[np.float64], **fees: Any) -> Feed:
    return world(pool, prices[: BURN_IN + 2 * ROWS, : assets_of(pool)], BURN_IN, **fees)


@pytest.mark.parametrize(("name", "fees"), CASES)
def test_a_pool_goes_on(name: str, fees: str, prices: NDArray[np.float64]) -> None:
    """Bit for bit where minutes are stepped, to 1e-12 where they are summed, a pool consists of
    others, or XLA rounds the sizes of Gyroscope's trades as it joins their operations.
    """
    pool: Any = small("pool", name)
    stepped = fees != "free" or name in ("hodl", "reclamm")
    check(
        pool,
        feed_of(pool, prices, **FEES[fees]),
        every=int(FEES[fees].get("arb_frequency", 1)),
        exact=stepped and name not in ("composite", "gyroscope"),
    )


@pytest.mark.parametrize("name", components("pool/rule"))
def test_a_rule_goes_on(name: str, prices: NDArray[np.float64]) -> None:
    pool = with_rule(name)
    check(pool, feed_of(pool, prices), alone=True, exact=True)


@pytest.mark.parametrize("name", [*components("pool/guard"), *VARIANTS])
def test_weights_go_on(name: str, prices: NDArray[np.float64]) -> None:
    """Under every guard, and however they are computed: bit for bit where the loop over blocks is
    the compiled one, which every run has by default.
    """
    changes = VARIANTS.get(name)
    if changes is None:
        changes = {"guard": tree("pool/guard", name)}
    pool = with_rule("momentum", **changes)
    check(pool, feed_of(pool, prices), alone=True, exact=name in ("standard", "odd"))


@pytest.mark.parametrize("name", ["temporal", "reclamm"])
@pytest.mark.parametrize("do_arb", [True, False])
def test_supply_and_trades_go_on(name: str, do_arb: bool, prices: NDArray[np.float64]) -> None:
    """Providers who come and go, trades of others, an arbitrageur who comes rarely or never."""
    pool: Any = small("pool", name)
    feed, rows = feed_of(pool, prices, fee=0.003), 2 * ROWS
    pay = np.where(np.arange(rows) % 37 == 5, np.arange(rows) // 37 % 2, -1)[:, None]
    trades = Trades(
        pay.astype(np.int32),
        np.where(pay >= 0, 1 - pay, -1).astype(np.int32),
        np.full((rows, 1), 0.25),
        np.zeros((rows, 1), bool),
    )
    assert feed.frictions is not None
    supply = 1 + (np.arange(rows) // 90 % 3) / 10
    feed = feed._replace(
        trades=trades,
        frictions=feed.frictions._replace(lp_supply=supply),
        trading=Trading(every=5, do_arb=do_arb),
    )
    check(pool, feed, every=5, exact=True)


RESTED = [
    ("hodling_index_market_cap", FEES["free"], {239, 366}),
    ("hodling_index_market_cap", FEES["costly"], {239, 366}),
    ("trad_hodling_index_market_cap", FEES["free"], {239, 366}),
    ("trad_hodling_index_market_cap", {"arb_frequency": 7}, {238, 364}),
]


@pytest.mark.parametrize(("rule", "fees", "expected"), RESTED)
def test_a_rested_pool_goes_on(
    rule: str, fees: dict[str, float], expected: set[int], prices: NDArray[np.float64]
) -> None:
    """One that trades only while weights move is left at the last row it traded at; a fund pays the
    same streaming fee whenever it is taken up.
    """
    pool = with_rule(rule)
    feed = feed_of(pool, prices, **fees)
    rows = {int(pool.anchor(feed, cut)) for cut in (300, 360, 367)}
    assert rows == expected
    goes_on_from(pool, feed, rows)


def test_recorded_weights_go_on(prices: NDArray[np.float64]) -> None:
    """With blocks that do not begin with a chunk."""
    pool = build("pool", "given", chunk_period=250, weight_interpolation_period=100)
    check(pool, feed_of(pool, prices))


@pytest.mark.parametrize("part", ["temporal", "balancer"])
def test_a_composite_of_odd_chunks_goes_on(part: str, prices: NDArray[np.float64]) -> None:
    """Also where the next block of the parent answers a price of shares before the first row."""
    odd: Any = {"chunk_period": 250, "weight_interpolation_period": 200}
    inside = tree("pool", part, **odd if part == "temporal" else {})
    parts = {"pair": {"tokens": ["T0", "T2"], "pool": inside}}
    pool = build("pool", "composite", parent=tree("pool", "temporal", **odd), parts=parts)
    feed = feed_of(pool, prices)
    assert BURN_IN % 250 == 70  # so the block at 750 answers the price at 680
    goes_on_from(pool, feed, {100, 249, 250, 700})


def goes_on_from(pool: Any, feed: Feed, rows: set[int]) -> None:
    """Assert that what comes after each of some rows is the same, to 1e-12."""
    run, go_on = programs(False)
    params = opening(pool, assets_of(pool))
    for row in rows:
        whole, left = run(pool, params, feed, row)
        rest = go_on(pool, params, later(pool, feed, left, row))
        for one, other in zip(whole[:2], rest[:2], strict=True):
            np.testing.assert_allclose(other[1 : ROWS - row], one[row + 1 :], rtol=1e-12)
