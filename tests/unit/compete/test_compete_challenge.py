"""The original's engine under this project's interface: what it plays,
what it books, what it refuses.
"""

import jax.numpy as jnp
import numpy as np
import pytest

from quantamm_cli.competition.challenge import amm, challenge, search
from quantamm_cli.competition.market import markets
from quantamm_cli.competition.market.kinds.challenge import Challenge
from quantamm_cli.competition.strategies.asymmetric import Asymmetric
from quantamm_cli.competition.strategies.fixed_fee import FixedFee
from quantamm_cli.competition.strategies.vol_adaptive import VolAdaptive
from quantamm_cli.competition.strategy import Strategy
from quantamm_cli.competition.types import Entrant, Fault, Market, Outcome
from quantamm_cli.errors import ConfigError

SIMULATIONS, STEPS = 6, 300


class Listening(FixedFee):
    """Hears of its fills, counts them, and asks what it always asked."""

    def init(self):
        return jnp.zeros(())

    def after_swap(self, state, swap):
        return state + 1


class Breaking(Listening):
    """Forgets what to ask at its twenty-first fill."""

    def fees(self, state):
        fee = jnp.where(state > 20, jnp.nan, self.fee_bps / 1e4)
        return fee, fee


class Witness(FixedFee):
    """Asks for a fee that depends on all that it was told last."""

    def init(self):
        return jnp.zeros(())

    def fees(self, state):
        return state, state

    def after_swap(self, state, swap):
        told = [
            swap.buys,
            swap.paid,
            swap.got,
            *swap.reserves,
            swap.step,
            swap.flow_captured,
            swap.competing_spots[0],
        ]
        plausible = (
            (swap.n_strategies == 2) & (swap.capital_weight == 1) & (swap.paid > 0) & (swap.got > 0)
        )
        plausible &= (
            (swap.flow_captured >= 0)
            & (swap.flow_captured <= 1)
            & (swap.step == swap.epoch_step)
            & (swap.index == 0)
        )
        return jnp.where(plausible & jnp.isfinite(jnp.array(told, float)).all(), 0.003, jnp.nan)


class Curve(Strategy):
    """Not a constant product."""

    def quote(self, state, side, amount, reserves):
        return amount


@pytest.fixture(scope="module")
def market() -> Market:
    return markets(Challenge(), range(SIMULATIONS), STEPS)


def played(strategy: Strategy, market: Market) -> Outcome:
    return challenge([Entrant("entrant", strategy)], market)


def test_who_listens_and_asks_the_same_gets_the_same(market: Market) -> None:
    """Stopping at each fill changes no number."""
    silent, listening = (
        played(FixedFee(fee_bps=45.0), market),
        played(Listening(fee_bps=45.0), market),
    )
    for name, one, other in zip(Outcome._fields, silent, listening, strict=True):
        assert np.array_equal(one, other, equal_nan=True), name


def test_books_balance(market: Market) -> None:
    """Tokens only move: of both pools together, edges are what reserves at each
    trade's price were gained.
    """
    found = played(Asymmetric(bid_bps=30.0, ask_bps=70.0), market)
    assert np.allclose(found.edge, found.arb_edge + found.retail_edge, atol=1e-9)
    assert (found.arb_edge <= -0.01 * found.arb_fills).all() and (
        found.fills >= found.arb_fills
    ).all()
    wanted = np.where(market.order_step >= 0, market.order_size, 0).sum(axis=1)
    assert np.allclose(
        found.retail_volume.sum(axis=1), wanted - found.retail_edge.sum(axis=1), rtol=0.02
    )
    opened = 20_000 * np.stack([np.ones(SIMULATIONS), market.normaliser_liquidity], axis=1)
    worth = found.final_reserves[:, :, 0] * market.prices[:, -1:] + found.final_reserves[:, :, 1]
    assert np.allclose(found.capital, opened, rtol=0.5) and np.allclose(worth, opened, rtol=0.5)


def test_strategies_are_told_of_every_fill(market: Market) -> None:
    """Fees without a fee until told; all that is told is there."""
    found = played(Witness(), market)
    assert (found.invalid_step == -1).all() and (found.fills[:, 0] > 10).all()
    adaptive = played(VolAdaptive(), market)
    assert (adaptive.invalid_step == -1).all() and (
        adaptive.edge[:, 0] != played(FixedFee(), market).edge[:, 0]
    ).all()


def test_a_fee_that_is_no_fee_ends_a_strategys_part(market: Market) -> None:
    """It is told with step and inputs; the normaliser and the other simulations go on."""
    found, whole = played(Breaking(), market), played(Listening(), market)
    broke = whole.fills[:, 0] > 20
    assert broke.any() and np.array_equal(found.invalid_step[:, 0] >= 0, broke)
    assert (found.fills[broke, 0] == 21).all() and (
        found.invalid_reason[broke, 0] == Fault.FEE
    ).all()
    assert (
        np.isfinite(found.invalid_input[broke, 0, 2:4]).all()
        and np.isnan(found.invalid_input[broke, 0, 4]).all()
    )
    assert (found.retail_volume[broke, 1] > whole.retail_volume[broke, 1]).all()


def test_no_fee_leaves_no_trade(market: Market) -> None:
    """All of it kept on both sides: nobody trades with it, and the
    normaliser serves every order.
    """
    found = played(FixedFee(fee_bps=10_000.0), market)
    assert (
        not found.fills[:, 0].any() and not found.edge[:, 0].any() and (found.fills[:, 1] > 0).all()
    )


@pytest.mark.parametrize("buys", [True, False])
def test_searches_that_are_skipped_would_find_nothing(buys: bool) -> None:
    """Where the exact optimum gains less than a trade must, no trade of any size gains as much;
    elsewhere some trade does.
    """
    pool = (100.0, 10_000.0, 997 * 10**15, 995 * 10**15)
    sizes = np.geomspace(0.002, 900.0, 2000) * (1.0 if buys else 0.01)
    for price in np.linspace(98.5, 101.5, 61):
        most = max(search.profit(buys, size, pool, price) for size in sizes)
        if search.unprofitable(buys, pool, price):
            assert most < search.LEAST_PROFIT
        else:
            assert most > 0.98 * search.LEAST_PROFIT


def test_products_of_64_bits_are_exact() -> None:
    """Against whole numbers without limit, up to millions of Y in billionths."""
    random = np.random.Generator(np.random.PCG64(5))
    for left, right, more in random.integers(1, 2**52, (300, 3)).tolist():
        assert amm.product_over(left, right, right + more) == left * right // (right + more)
        assert amm.product_over(left, right % 10**18, 10**18) == left * (right % 10**18) // 10**18


@pytest.mark.parametrize(
    ("entrants", "message"),
    [
        (
            [Entrant("a", FixedFee()), Entrant("b", FixedFee())],
            "challenge takes one strategy, got 2",
        ),
        ([Entrant("a", Curve())], "a defines quote"),
    ],
)
def test_what_the_original_cannot_play_is_refused(
    entrants: list[Entrant], message: str, market: Market
) -> None:
    """One line that says why."""
    with pytest.raises(ConfigError, match=message):
        challenge(entrants, market)
