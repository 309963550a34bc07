"""The original challenge's engine with this project's interface."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.competition.challenge.outcome import outcome
from quantamm_cli.competition.strategy import Strategy
from quantamm_cli.competition.types import Entrant, Floats, Market, Outcome, Rules
from quantamm_cli.errors import ConfigError

_PARTS = 10_000_000_000
"""Fees are rounded to a millionth of a basis point."""


class Books(NamedTuple):
    """The arrays that :func:`quantamm_cli.competition.challenge.play.play` changes."""

    pools: Floats
    factors: NDArray[np.int64]
    draws: NDArray[np.uint64]
    places: NDArray[np.int64]
    booked: Floats


def challenge(entrants: Sequence[Entrant], market: Market, rules: Rules | None = None) -> Outcome:
    """The simulations of a market by the original's rules: one strategy against the normaliser.

    Args:
        entrants: one strategy that defines ``fees``; they may change after its fills.
        market: of the kind ``challenge``, for official scores.
        rules: of which the opening reserves and the score count; the least profit and notional are
            the original's, which has no epochs.

    Raises:
        ConfigError: more than one strategy, or one that defines ``quote`` or ``on_step``.
    """
    if len(entrants) != 1:
        raise ConfigError(
            "compat",
            f"challenge takes one strategy, got {len(entrants)}; name one, or drop compat",
        )
    name, strategy = entrants[0]
    if strategy.is_curve:
        raise ConfigError(
            "compat",
            f"challenge takes constant-product pools only, {name} defines quote; drop compat",
        )
    if strategy.hears_steps:
        raise ConfigError(
            "compat", f"challenge never calls on_step, {name} defines it; drop compat"
        )
    play = play_with_hooks if strategy.hears_swaps else play_fixed
    return play(strategy, market, rules or Rules())


def play_fixed(strategy: Strategy, market: Market, rules: Rules) -> Outcome:
    """Play a strategy whose fees never change."""
    from quantamm_cli.competition.challenge.fees import Fees
    from quantamm_cli.competition.challenge.play import play
    from quantamm_cli.competition.market.threads import in_threads

    books, fees = initial_books(market, rules), Fees(strategy, market.seeds.size)
    books.factors[:, 0] = parts(fees.factors(books.pools))
    no_fills = np.empty((0, 5))

    def play_rows(rows: slice) -> None:
        play(_columns(market, rows), *(part[rows] for part in books), no_fills)

    in_threads(play_rows, market.seeds.size)
    return outcome(books.pools, books.booked, market.prices.shape[1], rules, fees.faults)


def play_with_hooks(strategy: Strategy, market: Market, rules: Rules) -> Outcome:
    """Play a strategy with ``after_swap``: every simulation runs to the strategy's next fill, all
    hooks are called at once, and so on to the end.
    """
    from quantamm_cli.competition.challenge.fees import Fees
    from quantamm_cli.competition.challenge.play import play

    books, fees = initial_books(market, rules), Fees(strategy, market.seeds.size)
    fill, everyone = np.empty((market.seeds.size, 5)), slice(None)
    books.factors[:, 0] = parts(fees.factors(books.pools))
    while play(_columns(market, everyone), *books, fill):
        fees.after_swap(fill, books.pools)
        books.factors[:, 0] = parts(fees.factors(books.pools))
    return outcome(books.pools, books.booked, market.prices.shape[1], rules, fees.faults)


def initial_books(market: Market, rules: Rules) -> Books:
    """Before the first step. The caller fills in the factors of the strategy."""
    from quantamm_cli.competition.challenge.play import start_streams

    count = market.seeds.size
    pools, factors = np.zeros((count, 2, 3)), np.zeros((count, 2, 2), np.int64)
    pools[:, 0, :2] = rules.base
    pools[:, 1, :2] = np.multiply.outer(market.normaliser_liquidity, rules.base)
    factors[:, 1] = parts(1.0 - market.normaliser_fee)[:, None]
    draws = np.empty((count, 4), np.uint64)
    start_streams(market.seeds.astype(np.uint64), draws)
    return Books(pools, factors, draws, np.zeros((count, 3), np.int64), np.zeros((count, 2, 2, 3)))


def parts(share: Floats) -> NDArray[np.int64]:
    """A share in parts of 10^18; exact for whole basis points."""
    return np.rint(share * _PARTS).astype(np.int64) * (10**18 // _PARTS)


def _columns(market: Market, rows: slice) -> tuple[NDArray[np.generic], ...]:
    orders = market.order_step, market.order_buys, market.order_size
    return tuple(column[rows] for column in (market.mean_size, market.prices, *orders))
