"""Simulations of the original challenge in compiled code: one constant-product pool against the
normaliser.

A simulation can pause at each of the pool's fills, so that its fees may change, and resume there.
"""

from math import exp, log
from typing import Any

import numpy as np

from quantamm_cli.competition.challenge.amm import filled
from quantamm_cli.competition.challenge.search import (
    LEAST_LEG,
    LEAST_PROFIT,
    arbitrage,
    closed_form,
    profit,
    routed,
)
from quantamm_cli.competition.market.paths import SPREAD
from quantamm_cli.random.compiled import jit
from quantamm_cli.random.pcg import U64, from_words, seeded
from quantamm_cli.random.ziggurat import normal

ARBITRAGE, RETAIL = 0, 1


@jit
def start_streams(seeds: Any, draws: Any) -> None:
    """Fill ``draws`` (s, 4) with the initial states of the streams of start sizes."""
    for row in range(seeds.size):
        draws[row, 0], draws[row, 1], draws[row, 2], draws[row, 3] = seeded(seeds[row] + U64(2))


@jit
def play(
    market: Any, pools: Any, factors: Any, draws: Any, places: Any, booked: Any, fill: Any
) -> Any:
    """Run each simulation to its end, or to the strategy's next fill if ``fill`` has rows; returns
    the number of simulations that are not at their end.

    Args:
        market: mean size (s,); prices (s, t); step, buys and size of the orders (s, k).
        pools: (s, 2, 3) of the strategy and the normaliser: X, Y,
            and the sum over steps of their value after arbitrage.
        factors: (s, 2, 2) int64: one less a pool's fee on X and on Y, in parts of 10^18.
        draws: (s, 4) states of the streams of start sizes.
        places: (s, 3): the step; its phase (0: no arbitrage yet, 1: the strategy's is done, 2: the
            normaliser's too); the next order.
        booked: (s, 2, 2, 3): sums of edge, volume and number of fills, of arbitrage and of retail
            orders, which are added to.
        fill: (s, 5) or (0, 5): 1 if the trader buys X, the payment, the output, the share of the
            order, the step; step -1 at the end.
    """
    mean, prices, at, side, sizes = market
    unfinished = 0
    for row in range(prices.shape[0]):
        mine, other = _pool(pools[row, 0], factors[row, 0]), _pool(pools[row, 1], factors[row, 1])
        state, level, books = (
            from_words(draws[row]),
            log(mean[row]) - 0.5 * SPREAD * SPREAD,
            booked[row],
        )
        step, phase, k = places[row]
        pauses, fills = fill.shape[0] > 0, books[0, ARBITRAGE, 2] + books[0, RETAIL, 2]
        while step < prices.shape[1]:
            price = prices[row, step]
            if phase == 0:
                phase = 1
                state, z = normal(state)
                buys, amount = _wanted(mine, exp(level + SPREAD * z), price)
                if amount > 0.0:
                    mine, out = _traded(buys, amount, mine, price, books[0, ARBITRAGE])
                    if pauses and out > 0.0:
                        _record_fill(fill[row], buys, amount, out, 0.0, step)
                        break
            if phase == 1:
                phase = 2
                buys, amount = closed_form(other, price)
                if amount > 0.0 and profit(buys, amount, other, price) >= LEAST_PROFIT:
                    other, _ = _traded(buys, amount, other, price, books[1, ARBITRAGE])
                pools[row, 0, 2] += mine[0] * price + mine[1]
                pools[row, 1, 2] += other[0] * price + other[1]
            if k < at.shape[1] and at[row, k] == step:
                buys, total = side[row, k], sizes[row, k]
                if not buys:
                    total /= price
                k += 1
                share, out = routed(buys, total, mine, other), 0.0
                if total * share >= LEAST_LEG:
                    mine, out = _traded(buys, total * share, mine, price, books[0, RETAIL])
                if total * (1.0 - share) >= LEAST_LEG:
                    other, _ = _traded(buys, total * (1.0 - share), other, price, books[1, RETAIL])
                if pauses and out > 0.0:
                    _record_fill(fill[row], buys, total * share, out, share, step)
                    break
            else:
                step, phase = step + 1, 0
        unfinished += step < prices.shape[1]
        if pauses and books[0, ARBITRAGE, 2] + books[0, RETAIL, 2] == fills:
            fill[row, 4] = -1.0
        for part in range(4):
            draws[row, part] = state[part]
        places[row, 0], places[row, 1], places[row, 2] = step, phase, k
        pools[row, 0, 0], pools[row, 0, 1] = mine[0], mine[1]
        pools[row, 1, 0], pools[row, 1, 1] = other[0], other[1]
    return unfinished


@jit
def _pool(reserves: Any, factors: Any) -> Any:
    return reserves[0], reserves[1], factors[0], factors[1]


@jit
def _wanted(pool: Any, start: Any, price: Any) -> Any:
    """(whether X is bought, amount) of the arbitrage on the more profitable side; an amount of 0 if
    both gain too little.
    """
    bought, sold = arbitrage(True, start, pool, price), arbitrage(False, start / price, pool, price)
    buys = bought[1] >= sold[1]
    amount, gain = bought if buys else sold
    return buys, (amount if gain >= LEAST_PROFIT else 0.0)


@jit
def _traded(buys: Any, amount: Any, pool: Any, price: Any, book: Any) -> Any:
    """The pool after a trade, and the output; adds edge, volume and number to ``book`` (3,)."""
    pool, out = filled(buys, amount, pool)
    if out > 0.0:
        paid, got = (amount, out * price) if buys else (amount * price, out)
        book[0] += paid - got
        book[1] += got if buys else paid
        book[2] += 1.0
    return pool, out


@jit
def _record_fill(fill: Any, buys: Any, paid: Any, got: Any, share: Any, step: Any) -> None:
    fill[0], fill[4] = np.float64(buys), np.float64(step)
    fill[1], fill[2], fill[3] = paid, got, share
