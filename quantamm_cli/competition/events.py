"""A market as a list of events: one for each order, and one for each step without orders.

The first event of a step moves the price. Each epoch begins with an event of its own. Simulations
are the last axis.
"""

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.competition.types import Floats, Market
from quantamm_cli.random.compiled import jit

_CACHE_LINE = 8
"""Double precision numbers in a line of the processor's cache."""


class Events(NamedTuple):
    """Events of s simulations: e epochs, m events an epoch at most."""

    price: Floats
    """``(e, m, s)`` fair price; negated where the step is not new."""
    order: Floats
    """``(e, m, s)`` size in Y: above zero the trader buys X, below he sells, zero is no order."""
    counts: NDArray[np.int32]
    """``(e, s)`` number of events of each epoch."""


def counts(market: Market, epoch_length: int) -> NDArray[np.int32]:
    """Number of events of each simulation and epoch, ``(s, e)``: the steps, and the orders that are
    not the first of their step.
    """
    simulations, steps = market.prices.shape
    length = epoch_length or steps
    lengths = np.minimum(length, steps - np.arange(0, steps, length))
    result = np.repeat(lengths[None].astype(np.int32), simulations, 0)
    _compiled(_count_later_orders)(market.order_step, length, result)
    return result


def list_events(
    market: Market, chosen: NDArray[np.int64], count: NDArray[np.int32], room: int
) -> Events:
    """The events of the chosen simulations, with room for ``room`` an epoch.

    ``count`` ``(s, e)``: their numbers of events.
    """
    shape = (count.shape[1], room, len(chosen))
    price, order = np.empty(shape), np.empty(shape)
    orders = market.order_step, market.order_buys, market.order_size
    _compiled(_write_events)(chosen, market.prices, *orders, count, price, order)
    return Events(price, order, np.ascontiguousarray(count.T))


@cache
def _compiled(function: Any) -> Any:
    return jit(function)


def _count_later_orders(
    order_step: NDArray[np.int32], length: int, result: NDArray[np.int32]
) -> None:
    """Add to ``result`` the orders that share their step with the one before."""
    for simulation in range(len(order_step)):
        at, row = order_step[simulation], result[simulation]
        for place in range(1, len(at)):
            if at[place] < 0:
                break
            if at[place] == at[place - 1]:
                row[at[place] // length] += 1


def _write_events(
    chosen: NDArray[np.int64],
    prices: Floats,
    order_step: NDArray[np.int32],
    order_buys: NDArray[np.bool_],
    order_size: Floats,
    count: NDArray[np.int32],
    price: Floats,
    order: Floats,
) -> None:
    """Fill ``price`` and ``order``, ``(e, m, s)``.

    A cache line of simulations at a time is written row by row and then transposed, which is the
    fastest way to write to memory.
    """
    lanes, epochs = count.shape
    room = price.shape[1]
    row_price = np.empty((_CACHE_LINE, epochs * room))
    row_order = np.empty((_CACHE_LINE, epochs * room))
    for first in range(0, lanes, _CACHE_LINE):
        width = min(_CACHE_LINE, lanes - first)
        for lane in range(width):
            simulation, place, step = chosen[first + lane], 0, 0
            fair, at = prices[simulation], order_step[simulation]
            buys, size = order_buys[simulation], order_size[simulation]
            fairs, orders = row_price[lane], row_order[lane]
            for epoch in range(epochs):
                event, end = epoch * room, epoch * room + count[first + lane, epoch]
                while event < end:
                    fairs[event], orders[event] = fair[step], 0.0
                    of_step = 0
                    while place < len(at) and at[place] == step:
                        fairs[event + of_step] = -fair[step]
                        orders[event + of_step] = size[place] if buys[place] else -size[place]
                        of_step, place = of_step + 1, place + 1
                    fairs[event] = fair[step]
                    event, step = event + max(of_step, 1), step + 1
                fairs[end : (epoch + 1) * room], orders[end : (epoch + 1) * room] = -1.0, 0.0
        for epoch in range(epochs):
            to_price, to_order = price[epoch, :, first:], order[epoch, :, first:]
            from_price, from_order = row_price[:, epoch * room :], row_order[:, epoch * room :]
            for event in range(room):
                for lane in range(width):
                    to_price[event, lane] = from_price[lane, event]
                    to_order[event, lane] = from_order[lane, event]
