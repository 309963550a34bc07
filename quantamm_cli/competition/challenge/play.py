"""Simulations of the original challenge in machine code: one constant-product
pool against the normaliser.

A simulation can stop at each of the pool's fills, so that what the pool asks may
change, and go on from there.
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
def opened(seeds: Any, draws: Any) -> None:
    """Fill ``draws`` (s, 4) with the states of the streams of start sizes."""
    for row in range(seeds.size):
        draws[row, 0], draws[row, 1], draws[row, 2], draws[row, 3] = seeded(seeds[row] + U64(2))


@jit
def play(
    market: Any, pools: Any, kept: Any, draws: Any, places: Any, booked: Any, fill: Any
) -> Any:
    """Each simulation to its end, or to the strategy's next fill if ``fill`` has rows;
    how many are not at their end.

    Args:
        market: mean size (s,); prices (s, t); step, buys and size of the orders (s, k).
        pools: (s, 2, 3) of the strategy and the normaliser: X, Y,
            and the sum over steps of their value after arbitrage.
        kept: (s, 2, 2) int64: what is left of X and of Y after a pool's fee, in parts of 10^18.
        draws: (s, 4) states of the streams of start sizes.
        places: (s, 3): the step; 1 once the strategy has met the arbitrageur in it; the next order.
        booked: (s, 2, 2, 3): edge, volume and number of fills are added,
            of arbitrage and of retail orders.
        fill: (s, 5) or (0, 5): 1 if the trader buys X, what he pays and gets, the share of the
            order, the step; step -1 at the end.
    """
    mean, prices, at, side, sizes = market
    going_on = 0
    for row in range(prices.shape[0]):
        mine, other = _pool(pools[row, 0], kept[row, 0]), _pool(pools[row, 1], kept[row, 1])
        state, level, books = (
            from_words(draws[row]),
            log(mean[row]) - 0.5 * SPREAD * SPREAD,
            booked[row],
        )
        step, met, k = places[row]
        told, fills = fill.shape[0] > 0, books[0, ARBITRAGE, 2] + books[0, RETAIL, 2]
        while step < prices.shape[1]:
            price = prices[row, step]
            if met == 0:
                met = 1
                state, z = normal(state)
                buys, amount = _wanted(mine, exp(level + SPREAD * z), price)
                if amount > 0.0:
                    mine, out = _traded(buys, amount, mine, price, books[0, ARBITRAGE])
                    if told and out > 0.0:
                        _told(fill[row], buys, amount, out, 0.0, step)
                        break
            if met == 1:
                met = 2
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
                if told and out > 0.0:
                    _told(fill[row], buys, total * share, out, share, step)
                    break
            else:
                step, met = step + 1, 0
        going_on += step < prices.shape[1]
        if told and books[0, ARBITRAGE, 2] + books[0, RETAIL, 2] == fills:
            fill[row, 4] = -1.0
        for part in range(4):
            draws[row, part] = state[part]
        places[row, 0], places[row, 1], places[row, 2] = step, met, k
        pools[row, 0, 0], pools[row, 0, 1] = mine[0], mine[1]
        pools[row, 1, 0], pools[row, 1, 1] = other[0], other[1]
    return going_on


@jit
def _pool(reserves: Any, kept: Any) -> Any:
    return reserves[0], reserves[1], kept[0], kept[1]


@jit
def _wanted(pool: Any, start: Any, price: Any) -> Any:
    """(whether X is bought, amount) of the better side's arbitrage;
    an amount of 0 if neither is worth it.
    """
    bought, sold = arbitrage(True, start, pool, price), arbitrage(False, start / price, pool, price)
    buys = bought[1] >= sold[1]
    amount, gain = bought if buys else sold
    return buys, (amount if gain >= LEAST_PROFIT else 0.0)


@jit
def _traded(buys: Any, amount: Any, pool: Any, price: Any, book: Any) -> Any:
    """The pool after a trade, and what came out; ``book`` (3,) has its
    edge, volume and number added.
    """
    pool, out = filled(buys, amount, pool)
    if out > 0.0:
        paid, got = (amount, out * price) if buys else (amount * price, out)
        book[0] += paid - got
        book[1] += got if buys else paid
        book[2] += 1.0
    return pool, out


@jit
def _told(fill: Any, buys: Any, paid: Any, got: Any, share: Any, step: Any) -> None:
    fill[0], fill[1], fill[2], fill[3], fill[4] = (
        np.float64(buys),
        paid,
        got,
        share,
        np.float64(step),
    )
