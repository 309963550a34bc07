"""The original challenge's searches: golden sections that stop early and return the best point."""

import math
from typing import Any

from quantamm_cli.competition.challenge.amm import WAD, quoted
from quantamm_cli.random.compiled import jit

GOLDEN = 0.6180339887498948
LEAST_PROFIT, LEAST_Y, LEAST_X = 0.01, 0.01, 0.001
_DOUBLINGS, _ARBITRAGE_STEPS, _ROUTE_STEPS = 24, 12, 14
_CLOSE, _CLOSE_SHARE, LEAST_LEG = 0.01, 1e-3, 0.001
_CUT = 1e-6
"""Y, far above what rounding of reserves to billionths can add to a profit."""


@jit
def sectioned(low: Any, high: Any) -> Any:
    """Four points: the ends, with the two golden sections between them."""
    return low, high - GOLDEN * (high - low), low + GOLDEN * (high - low), high


@jit
def narrowed(points: Any, rises: Any) -> Any:
    """The points of the part with the maximum: the upper part where the value ``rises`` between the
    inner two. One point is new.
    """
    low, left, right, high = points
    if rises:
        return left, right, left + GOLDEN * (high - left), high
    return low, right - GOLDEN * (right - low), left, right


@jit
def better(amount: Any, value: Any, best: Any) -> Any:
    """The better of a point and the best so far, which wins a tie."""
    return (amount, value) if value > best[1] else best


@jit
def profit(buys: Any, amount: Any, pool: Any, price: Any) -> Any:
    """The profit in Y of paying ``amount`` (Y if ``buys``, else X) and trading back at the fair
    price.
    """
    out = quoted(buys, amount, pool)
    return out * price - amount if buys else out - amount * price


@jit
def least(buys: Any, price: Any) -> Any:
    """The smallest payment of an arbitrage trade."""
    return LEAST_Y if buys else max(LEAST_X, LEAST_Y / price)


@jit
def unprofitable(buys: Any, pool: Any, price: Any) -> Any:
    """Whether even the exact optimum of a side gains too little. Then so does every sampled trade,
    because quotes are rounded down.
    """
    factor = (pool[3] if buys else pool[2]) / WAD
    paid_into, earned = (pool[1], price * pool[0]) if buys else (price * pool[0], pool[1])
    gain = math.sqrt(earned) - math.sqrt(paid_into / factor)
    return gain <= 0.0 or gain * gain < LEAST_PROFIT - _CUT


@jit
def arbitrage(buys: Any, start: Any, pool: Any, price: Any) -> Any:
    """(amount, profit) of a side's best sampled trade: doubled from ``start`` until the profit
    falls, then by golden sections.
    """
    if unprofitable(buys, pool, price):
        return 0.0, 0.0
    low, high = _bracket(buys, max(start, least(buys, price)), pool, price)
    best = better(high, profit(buys, high, pool, price), (low, profit(buys, low, pool, price)))
    points = sectioned(low, high)
    at_left, at_right = profit(buys, points[1], pool, price), profit(buys, points[2], pool, price)
    best = better(points[2], at_right, better(points[1], at_left, best))
    for _ in range(_ARBITRAGE_STEPS):
        if points[3] - points[0] <= _CLOSE * 0.5 * (points[0] + points[3]):
            break
        rises = at_left < at_right
        points = narrowed(points, rises)
        if rises:
            at_left, at_right = at_right, profit(buys, points[2], pool, price)
            best = better(points[2], at_right, best)
        else:
            at_left, at_right = profit(buys, points[1], pool, price), at_left
            best = better(points[1], at_left, best)
    return best


@jit
def _bracket(buys: Any, start: Any, pool: Any, price: Any) -> Any:
    """A bracket of the most profitable amount."""
    low, middle, value = least(buys, price), start, profit(buys, start, pool, price)
    if value <= 0.0:
        return low, start
    for _ in range(_DOUBLINGS):
        high = 2.0 * middle
        next_value = profit(buys, high, pool, price)
        if next_value <= value:
            return low, high
        low, middle, value = middle, high, next_value
    return low, middle


@jit
def closed_form(pool: Any, price: Any) -> Any:
    """(whether X is bought, amount) of the best arbitrage with the normaliser; an amount of 0 where
    there is none.
    """
    x, y, bid, ask = pool
    factor = ask / WAD
    wanted = math.sqrt(price * x * factor * y)
    if wanted > y:
        return True, max((wanted - y) / factor, least(True, price))
    factor = bid / WAD
    wanted = math.sqrt(x * y * factor / price)
    if wanted > x:
        return False, max((wanted - x) / factor, least(False, price))
    return False, 0.0


@jit
def routed(buys: Any, total: Any, pool: Any, normaliser: Any) -> Any:
    """The pool's share of an order.

    The output hardly varies with the share, so the loop rarely runs: five shares are compared.
    """
    best = 0.0, _split_output(buys, total, 0.0, pool, normaliser)
    best = better(1.0, _split_output(buys, total, 1.0, pool, normaliser), best)
    points = sectioned(0.0, 1.0)
    at_left = _split_output(buys, total, points[1], pool, normaliser)
    at_right = _split_output(buys, total, points[2], pool, normaliser)
    best = better(points[2], at_right, better(points[1], at_left, best))
    for _ in range(_ROUTE_STEPS):
        width, middle = points[3] - points[0], 0.5 * (points[0] + points[3])
        if width <= max(_CLOSE_SHARE, _CLOSE * middle):
            break
        if abs(at_left - at_right) <= _CLOSE * max(at_left, at_right):
            break
        rises = at_left < at_right
        points = narrowed(points, rises)
        if rises:
            at_left, at_right = at_right, _split_output(buys, total, points[2], pool, normaliser)
            best = better(points[2], at_right, best)
        else:
            at_left, at_right = _split_output(buys, total, points[1], pool, normaliser), at_left
            best = better(points[1], at_left, best)
    middle = 0.5 * (points[0] + points[3])
    return better(middle, _split_output(buys, total, middle, pool, normaliser), best)[0]


@jit
def _split_output(buys: Any, total: Any, share: Any, pool: Any, normaliser: Any) -> Any:
    """The output of both pools for an order of which the first gets a ``share``."""
    mine, others = total * share, total * (1.0 - share)
    out = quoted(buys, mine, pool) if mine >= LEAST_LEG else 0.0
    return out + (quoted(buys, others, normaliser) if others >= LEAST_LEG else 0.0)
