"""Portfolios that follow a pool's weights at an exchange, step by step in plain numpy,
and against the pool they follow.
"""

from typing import Any

import jax
import numpy as np
import pytest
from kinds import DAY, build, opening, tree, with_rule, world
from numpy.typing import NDArray

from quantamm_cli.core.types import Trajectory
from quantamm_cli.engine.forward import simulate

ROWS, CHUNK, MOVES = 2 * DAY, 360, 240
run = jax.jit(simulate, static_argnames="rows")


def path(pool: Any, prices: NDArray[np.float64], **fees: Any) -> Trajectory:
    found = run(pool, opening(pool, 3), world(pool, prices, **fees), 0, ROWS)
    return Trajectory(*jax.tree.map(np.asarray, tuple(found)))


def following(kind: str, **settings: Any) -> Any:
    quick = {"chunk_period": CHUNK, "weight_interpolation_period": MOVES}
    return build("pool", kind, base=tree("pool", "temporal", **quick), **settings)


def by_hand(
    weights: NDArray[np.float64],
    prices: NDArray[np.float64],
    cost: float,
    spread: float,
    visits: Any,
    leaves: float = 0.0,
) -> Any:
    """The reserves of a portfolio that trades back, then on, and pays
    for both, minute by minute.
    """
    reserves, before = weights[0] * 1e6 / prices[0], weights[0]
    kept = [reserves]
    for minute in range(1, len(prices)):
        if visits[minute]:
            for wanted in (before, weights[minute]):
                value = reserves @ prices[minute]
                moved = reserves * prices[minute] - wanted * value
                value -= cost * np.maximum(moved, 0).sum() + spread / 2 * np.abs(moved).sum()
                reserves = wanted * value / prices[minute]
            before, reserves = weights[minute], reserves * (1 - leaves)
        kept.append(reserves)
    return np.array(kept)


@pytest.mark.parametrize(
    ("kind", "cost", "spread"), [("lvr", 0.0, 0.0), ("lvr", 0.002, 0.0), ("rvr", 0.001, 0.0005)]
)
def test_a_portfolio_pays_for_what_it_trades(
    kind: str, cost: float, spread: float, prices: NDArray[np.float64]
) -> None:
    """As in the definition, to rounding."""
    found = path(
        following(kind, cost=cost, **({"spread": spread} if kind == "rvr" else {})), prices
    )
    expected = by_hand(found.weights, found.prices, cost, spread, np.ones(ROWS, bool))
    np.testing.assert_allclose(found.reserves, expected, rtol=1e-11)


def test_arbitrageurs_take_the_difference(prices: NDArray[np.float64]) -> None:
    """A frictionless pool falls behind the free portfolio of its weights by σ²/8-like
    amounts, and never gains on it.
    """
    pool = path(following("lvr").base, prices)
    free = path(following("lvr"), prices)
    assert np.array_equal(free.weights, pool.weights)
    loss = np.diff(np.log(free.value / pool.value))
    assert loss.min() > -1e-12
    moves = np.diff(np.log(pool.prices), axis=0)
    mean = (pool.weights[:-1] * moves).sum(-1, keepdims=True)
    divergence = (pool.weights[:-1] * (moves - mean) ** 2).sum(
        -1
    ) / 2  # to second order, where weights stand still
    still = (np.diff(pool.weights, axis=0) == 0).all(-1)
    assert loss[still].sum() == pytest.approx(divergence[still].sum(), rel=0.02)


def test_a_series_of_spreads_is_paid_as_a_number_is(prices: NDArray[np.float64]) -> None:
    """The laws' series is 10 bps throughout."""
    series, number = (path(following("rvr", spread=spread), prices) for spread in (None, 1e-3))
    np.testing.assert_allclose(series.value, number.value, rtol=1e-14)


def test_a_fund_rests_between_moves_and_streams_its_fee(prices: NDArray[np.float64]) -> None:
    """The traditional index: trades while weights move, holds for the rest of each chunk, loses the
    fee a year spread over its trades.
    """
    pool = with_rule(
        "trad_hodling_index_market_cap", chunk_period=CHUNK, weight_interpolation_period=MOVES
    )
    found = path(pool, prices)
    visits = np.arange(ROWS) % CHUNK < MOVES
    leaves = 1 - (1 - 0.02) ** (1 / (visits.mean() * 525_600))
    expected = by_hand(found.weights, found.prices, 0.001, 0.0005, visits, leaves)
    np.testing.assert_allclose(found.reserves, expected, rtol=1e-11)
    assert not np.diff(found.reserves, axis=0)[~visits[1:]].any()


@pytest.mark.parametrize("fees", [{}, {"fee": 0.001}], ids=["free", "costly"])
def test_a_hodling_index_rests_between_moves(
    fees: dict[str, float], prices: NDArray[np.float64]
) -> None:
    """Its pool trades while weights move only; when it wakes, what it missed is arbitraged
    at once, as after any wait.
    """
    told = {"chunk_period": CHUNK, "weight_interpolation_period": MOVES}
    found, busy = (
        path(with_rule(name, **told), prices, **fees)
        for name in ("hodling_index_market_cap", "index_market_cap")
    )
    resting = np.arange(ROWS) % CHUNK >= MOVES
    assert not np.diff(found.reserves, axis=0)[resting[1:]].any()
    assert (np.diff(busy.reserves, axis=0)[resting[1:]] != 0).any()
    assert np.array_equal(found.weights, busy.weights)
    if not fees:
        awake = found.reserves * found.prices / found.value[:, None]
        np.testing.assert_allclose(awake[~resting], found.weights[~resting], rtol=1e-12)
        gone = (
            found.weights[MOVES - 1] * np.log(found.prices[CHUNK] / found.prices[MOVES - 1])
        ).sum()
        drop = (
            found.weights[CHUNK] * np.log(found.weights[CHUNK] / found.weights[MOVES - 1])
        ).sum()
        assert np.log(found.value[CHUNK] / found.value[MOVES - 1]) == pytest.approx(
            gone - drop, abs=1e-12
        )
