"""The original's engine under this project's interface."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.competition.challenge.outcome import outcome
from quantamm_cli.competition.strategy import Strategy
from quantamm_cli.competition.types import Entrant, Floats, Market, Outcome, Rules
from quantamm_cli.errors import ConfigError

_PARTS = 10_000_000_000
"""Fees are taken to a millionth of a basis point."""


class Books(NamedTuple):
    """What :func:`play` changes."""

    pools: Floats
    kept: NDArray[np.int64]
    draws: NDArray[np.uint64]
    places: NDArray[np.int64]
    booked: Floats


def challenge(entrants: Sequence[Entrant], market: Market, rules: Rules | None = None) -> Outcome:
    """The simulations of a market as the original challenge plays them:
    one strategy against the normaliser.

    Args:
        entrants: one, which quotes a constant-product curve with fees of its own;
            they may change with its fills.
        market: of the kind ``challenge``, for official scores.
        rules: of these the opening reserves and the score; least profit and notional are the
            original's, and it has no epochs.

    Raises:
        ConfigError: more than one strategy, or one with a curve of its own or
            one that changes with time.
    """
    if len(entrants) != 1:
        raise ConfigError(
            "compat",
            f"challenge plays one strategy against the normaliser, {len(entrants)} came; "
            "name one, or drop compat",
        )
    name, strategy = entrants[0]
    if strategy.is_curve:
        raise ConfigError(
            "compat",
            f"challenge plays constant-product pools, {name} quotes a curve of "
            "its own; drop compat",
        )
    if strategy.hears_steps:
        raise ConfigError(
            "compat",
            f"challenge tells a strategy of its fills only, {name} listens to steps "
            "(on_step); drop compat",
        )
    play = listening if strategy.hears_swaps else fixed
    return play(strategy, market, rules or Rules())


def fixed(strategy: Strategy, market: Market, rules: Rules) -> Outcome:
    """A strategy whose fees never change."""
    from quantamm_cli.competition.challenge.fees import Fees
    from quantamm_cli.competition.challenge.play import play
    from quantamm_cli.competition.market.threads import shared_out

    books, fees = opened(market, rules), Fees(strategy, market.seeds.size)
    books.kept[:, 0] = parts(fees.kept(books.pools))
    silent = np.empty((0, 5))
    shared_out(
        lambda rows: play(_of(market, rows), *(part[rows] for part in books), silent),
        market.seeds.size,
    )
    return outcome(books.pools, books.booked, market.prices.shape[1], rules, fees.broken)


def listening(strategy: Strategy, market: Market, rules: Rules) -> Outcome:
    """A strategy that is told of its fills: all simulations go to their next
    one, are told, and go on.
    """
    from quantamm_cli.competition.challenge.fees import Fees
    from quantamm_cli.competition.challenge.play import play

    books, fees = opened(market, rules), Fees(strategy, market.seeds.size)
    fill, everyone = np.empty((market.seeds.size, 5)), slice(None)
    books.kept[:, 0] = parts(fees.kept(books.pools))
    while play(_of(market, everyone), *books, fill):
        fees.tell(fill, books.pools)
        books.kept[:, 0] = parts(fees.kept(books.pools))
    return outcome(books.pools, books.booked, market.prices.shape[1], rules, fees.broken)


def opened(market: Market, rules: Rules) -> Books:
    """Before the first step. What is left after the strategy's fees is filled in by the caller."""
    from quantamm_cli.competition.challenge.play import opened as drawn

    count = market.seeds.size
    pools, kept = np.zeros((count, 2, 3)), np.zeros((count, 2, 2), np.int64)
    pools[:, 0, :2] = rules.base
    pools[:, 1, :2] = np.multiply.outer(market.normaliser_liquidity, rules.base)
    kept[:, 1] = parts(1.0 - market.normaliser_fee)[:, None]
    draws = np.empty((count, 4), np.uint64)
    drawn(market.seeds.astype(np.uint64), draws)
    return Books(pools, kept, draws, np.zeros((count, 3), np.int64), np.zeros((count, 2, 2, 3)))


def parts(share: Floats) -> NDArray[np.int64]:
    """In parts of 10^18, as whole basis points come out exactly."""
    return np.rint(share * _PARTS).astype(np.int64) * (10**18 // _PARTS)


def _of(market: Market, rows: slice) -> tuple[NDArray[np.generic], ...]:
    columns = (
        market.mean_size,
        market.prices,
        market.order_step,
        market.order_buys,
        market.order_size,
    )
    return tuple(column[rows] for column in columns)
