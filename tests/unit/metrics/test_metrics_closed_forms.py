"""Metrics where the answer is known without computing it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray

from quantamm_cli.core.types import DAY, Daily, Snapshot, Trajectory
from quantamm_cli.metrics import METRICS, score
from quantamm_cli.metrics.costs import turnover

V = NDArray[np.float64]


def days(value: V, prices: V) -> Daily:
    """A window that is known at its days, which ends with the last of them."""
    value, prices = jnp.asarray(value), jnp.asarray(prices)
    ends = [
        Snapshot(prices[row], value[row] / prices[row] / prices.shape[1], value[row])
        for row in (0, -1)
    ]
    return Daily(*ends, value, prices, (len(value) - 1) * DAY + 1)


def grown(returns: V) -> V:
    return np.concatenate([[1e6], 1e6 * np.cumprod(1 + returns)])


def compute(name: str, path: Trajectory | Daily) -> float:
    return float(METRICS[name].compute(path))


MARKET = np.random.Generator(np.random.PCG64(1)).normal(0, 0.02, 200)
PRICES = (grown(MARKET) / 1e6)[:, None] * [4e4, 2e3]


@pytest.mark.parametrize(("alpha", "beta"), [(2e-4, 0.6), (-1e-3, 1.4), (0.0, -0.5)])
def test_a_line_through_the_market_has_its_alpha_and_beta(alpha: float, beta: float) -> None:
    """x = alpha + beta b, day by day."""
    path = days(grown(alpha + beta * MARKET), PRICES)
    assert compute("daily_beta", path) == pytest.approx(-beta, rel=1e-11)
    assert compute("daily_jensen_alpha", path) == pytest.approx(
        (1 + alpha) ** 365 - 1, rel=1e-10, abs=1e-10
    )
    apart = alpha + (beta - 1) * MARKET
    assert compute("daily_tracking_error", path) == pytest.approx(
        -np.sqrt(365) * abs(beta - 1) * MARKET.std(), rel=1e-11
    )
    assert compute("daily_information_ratio", path) == pytest.approx(
        np.sqrt(365) * apart.mean() / apart.std(), rel=1e-10
    )


@pytest.mark.parametrize("share", [0.5, 1.0, 1.75])
def test_a_share_of_every_day_is_captured_up_and_down(share: float) -> None:
    """x = c b."""
    path = days(grown(share * MARKET), PRICES)
    assert compute("daily_up_capture", path) == pytest.approx(share, rel=1e-12)
    assert compute("daily_down_capture", path) == pytest.approx(-share, rel=1e-12)
    assert compute("daily_capture_ratio", path) == pytest.approx(1, rel=1e-12)


def test_the_market_against_itself() -> None:
    """No alpha, a beta of one, no tracking error, and no information ratio, which would be one of
    roundings.
    """
    path = days(1e6 * (PRICES / PRICES[0]).mean(-1), PRICES)
    assert np.isnan(compute("daily_information_ratio", path))
    assert compute("daily_tracking_error", path) == pytest.approx(0, abs=1e-13)
    assert compute("daily_beta", path) == pytest.approx(-1, rel=1e-13)
    assert compute("daily_jensen_alpha", path) == pytest.approx(0, abs=1e-12)


def test_who_does_not_lose_when_the_market_falls_has_no_capture_ratio() -> None:
    """And a market that never falls has no falls to capture."""
    assert np.isnan(compute("daily_capture_ratio", days(grown(np.abs(MARKET)), PRICES)))
    rising = (grown(np.abs(MARKET)) / 1e6)[:, None] * [4e4, 2e3]
    for name in ("daily_down_capture", "daily_capture_ratio"):
        assert np.isnan(compute(name, days(grown(MARKET), rising)))


def test_gains_and_losses_by_turns() -> None:
    """+2 % and -1 %: Sortino, Omega, volatility and return on value at risk by hand."""
    returns = np.tile([0.02, -0.01], 50)
    path = days(grown(returns), np.ones((101, 2)))
    assert compute("daily_sortino", path) == pytest.approx(
        np.sqrt(365) * 0.005 / np.sqrt(0.01**2 / 2), rel=1e-10
    )
    assert compute("daily_omega", path) == pytest.approx(2, rel=1e-10)
    assert compute("daily_volatility", path) == pytest.approx(-np.sqrt(365) * 0.015, rel=1e-10)
    assert compute("daily_return_on_var", path) == pytest.approx(
        np.sqrt(365) * 0.005 / 0.01, rel=1e-10
    )
    climbing = days(grown(np.abs(returns)), np.ones((101, 2)))
    for name in ("daily_sortino", "daily_omega", "daily_return_on_var"):
        assert np.isnan(compute(name, climbing)), name
    assert np.isnan(compute("daily_beta", path)), "a market that stands still"


def test_the_deepest_twentieth_of_drawdowns() -> None:
    """Of 41 days the two deepest and a twentieth of the third."""
    value = 100 - np.minimum(np.arange(41.0), 80 - np.arange(41.0))
    assert compute("daily_cdar_95%", days(value, np.ones((41, 2)))) == pytest.approx(
        -(0.40 + 0.39 + 0.05 * 0.38) / 2.05, rel=1e-12
    )


def minutes(prices: V, value: V, shares: V) -> Trajectory:
    """A pool that holds given shares of its value."""
    columns = (prices, shares, shares * value[:, None] / prices, value, np.zeros(len(value)))
    return Trajectory(*map(jnp.asarray, columns))


def test_the_greatest_fall_is_from_a_peak() -> None:
    """From 4 to 1, though the window opened at 2."""
    value = np.array([2.0, 4, 3, 1, 3, 5])
    path = minutes(np.ones((6, 2)), value, np.full((6, 2), 0.5))
    assert compute("max_drawdown", path) == -0.75
    assert compute("greatest_draw_down", path) == -0.5


@pytest.mark.parametrize("step", [1.001, 1.1])
def test_a_price_that_goes_to_and_fro(step: float) -> None:
    """Half and half: the free pool ends where it began; rebalancing gains ((1+r)(1+1/r)/4) a round,
    and sells (r-1)/2(r+1) each time; with the pool's reserves it gains (r-1)(1-1/sqrt(r))/2.
    """
    rounds = 30
    moves = np.tile([step, 1 / step], rounds)
    prices = np.stack(
        [np.concatenate([[3.0], 3 * np.cumprod(moves)]), np.ones(2 * rounds + 1)], axis=-1
    )
    path = minutes(prices, 1e6 * np.sqrt(prices[:, 0] / 3), np.full_like(prices, 0.5))
    free = ((1 + step) * (1 + 1 / step) / 4) ** rounds
    paid = free * (1 - 1e-3 * (step - 1) / (2 * (step + 1))) ** (2 * rounds)
    near = {"rel": 1e-9, "abs": 1e-14}
    assert compute("returns_over_constant_weight", path) == pytest.approx(0, abs=1e-13)
    held = rounds * (step - 1) * (1 - step**-0.5) / 2
    assert compute("loss_versus_rebalancing", path) == pytest.approx(-held, **near)
    assert compute("returns_over_rebalancing", path) == pytest.approx(1 / free - 1, **near)
    assert compute("rebalancing_versus_rebalancing", path) == pytest.approx(1 - paid, **near)
    assert compute("returns_over_costly_rebalancing", path) == pytest.approx(1 / paid - 1, **near)


def test_who_holds_has_nothing_to_rebalance() -> None:
    """HODL's shares drift with the prices: followed, they are HODL, and nothing is sold."""
    prices = np.exp(
        np.cumsum(np.random.Generator(np.random.PCG64(2)).normal(0, 1e-3, (3000, 3)), axis=0)
    )
    worth = prices * [3.0, 1.0, 2.0]
    path = minutes(prices, worth.sum(-1), worth / worth.sum(-1, keepdims=True))
    for name in (
        "loss_versus_rebalancing",
        "rebalancing_versus_rebalancing",
        "returns_over_costly_rebalancing",
    ):
        assert compute(name, path) == pytest.approx(0, abs=1e-12)


def test_turnover_is_a_day_of_what_the_penalty_charges_for() -> None:
    """Prices at rest and nothing traded: zero. A tenth that goes to and fro every minute: 0.2 a
    minute, 288 a day. A move once in a day: twice what moves.
    """
    rows = DAY + 1
    prices, value = np.full((rows, 2), 3.0), np.full(rows, 1e6)
    swing = np.where(np.arange(rows) % 2, 0.6, 0.5)
    once = np.where(np.arange(rows) > 700, 0.9, 0.5)
    for first, expected in ((np.full(rows, 0.5), 0.0), (swing, -288.0), (once, -0.8)):
        path = minutes(prices, value, np.stack([first, 1 - first], axis=-1))
        assert compute("turnover", path) == pytest.approx(expected, rel=1e-12, abs=1e-15)
        assert compute("turnover", path) == -DAY * float(turnover(path))


def test_turnover_of_held_reserves_is_that_of_their_prices() -> None:
    """A price that doubles in one of 1440 minutes moves a half to two thirds: twice a sixth."""
    prices = np.where(np.arange(DAY + 1) > 9, 2.0, 1.0)[:, None] * [1.0, 0.0] + [0.0, 1.0]
    worth = prices * 5e5
    path = minutes(prices, worth.sum(-1), worth / worth.sum(-1, keepdims=True))
    assert compute("turnover", path) == pytest.approx(-1 / 3, rel=1e-12)
    assert np.isnan(compute("turnover", path.rows(0, 1)))


NEW = [name for name, definition in METRICS.items() if definition.reads == "days"]


@pytest.mark.parametrize(
    "level",
    [np.zeros(30), np.tile([0.01, 0.02], 15), np.tile([-0.01, -0.02], 15)],
    ids=["still", "up", "down"],
)
def test_gradients_hold_on_days_without_gain_or_loss(level: V) -> None:
    """Where one side of a ratio is missing its gradient is a number all
    the same, if the metric is.
    """
    prices = np.exp(
        np.cumsum(np.random.Generator(np.random.PCG64(3)).normal(0, 0.01, (31, 2)), axis=0)
    )
    safe = [name for name in NEW if name not in ("daily_sharpe", "daily_log_sharpe")]

    def found(value: jax.Array) -> dict[str, jax.Array]:
        path = days(np.ones(31), prices)
        last = path.last._replace(value=value[-1])
        return score(Daily(path.first, last, value, path.day_prices, path.minutes), safe)

    slopes = jax.jit(jax.jacrev(found))(jnp.asarray(grown(level)))
    for name, slope in slopes.items():
        assert np.isfinite(slope).all(), name
