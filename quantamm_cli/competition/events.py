"""A market as a list of events: one for each order, and one for each step without any.

The first event of a step moves the price.

Simulations lie side by side; each epoch begins with an event of its own.
"""

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.competition.types import Floats, Market
from quantamm_cli.random.compiled import jit

_SIDE = 8
"""Double precision numbers in a line of the processor's cache."""


class Events(NamedTuple):
    """Events of simulations side by side: e epochs, m events of an epoch at most, s simulations."""

    price: Floats
    """``(e, m, s)`` fair price; negated where the step is not new."""
    order: Floats
    """``(e, m, s)`` size in Y: above zero the trader buys X, below he sells, zero is no order."""
    events: NDArray[np.int32]
    """``(e, s)`` number of events of each epoch."""


def counts(market: Market, epoch_length: int) -> NDArray[np.int32]:
    """Events of each simulation and epoch, ``(s, e)``: steps, and orders that are
    not the first of their step.
    """
    simulations, steps = market.prices.shape
    length = epoch_length or steps
    lengths = np.minimum(length, steps - np.arange(0, steps, length))
    counted = np.repeat(lengths[None].astype(np.int32), simulations, 0)
    _compiled(_counted)(market.order_step, length, counted)
    return counted


def events(
    market: Market, chosen: NDArray[np.int64], count: NDArray[np.int32], room: int
) -> Events:
    """The events of the chosen simulations, with room for ``room`` an epoch.

    ``count`` is theirs, ``(s, e)``.
    """
    shape = (count.shape[1], room, len(chosen))
    price, order = np.empty(shape), np.empty(shape)
    _compiled(_listed)(
        chosen,
        market.prices,
        market.order_step,
        market.order_buys,
        market.order_size,
        count,
        price,
        order,
    )
    return Events(price, order, np.ascontiguousarray(count.T))


@cache
def _compiled(function: Any) -> Any:
    return jit(function)


def _counted(order_step: NDArray[np.int32], length: int, counted: NDArray[np.int32]) -> None:
    """Add to ``counted`` the orders that share their step with the one before."""
    for simulation in range(len(order_step)):
        at, row = order_step[simulation], counted[simulation]
        for place in range(1, len(at)):
            if at[place] < 0:
                break
            if at[place] == at[place - 1]:
                row[at[place] // length] += 1


def _listed(
    chosen: NDArray[np.int64],
    prices: Floats,
    order_step: NDArray[np.int32],
    order_buys: NDArray[np.bool_],
    order_size: Floats,
    count: NDArray[np.int32],
    price: Floats,
    order: Floats,
) -> None:
    """Fill ``price`` and ``order``, ``(e, m, s)``: a few simulations one after the other, then
    turned, as memory is written fastest.
    """
    lanes, epochs = count.shape
    room = price.shape[1]
    row_price, row_order = np.empty((_SIDE, epochs * room)), np.empty((_SIDE, epochs * room))
    for first in range(0, lanes, _SIDE):
        beside = min(_SIDE, lanes - first)
        for lane in range(beside):
            simulation, place, step = chosen[first + lane], 0, 0
            fair, at, buys, size = (
                prices[simulation],
                order_step[simulation],
                order_buys[simulation],
                order_size[simulation],
            )
            fairs, orders = row_price[lane], row_order[lane]
            for epoch in range(epochs):
                event, end = epoch * room, epoch * room + count[first + lane, epoch]
                while event < end:
                    fairs[event], orders[event] = fair[step], 0.0
                    mine = 0
                    while place < len(at) and at[place] == step:
                        fairs[event + mine] = -fair[step]
                        orders[event + mine] = size[place] if buys[place] else -size[place]
                        mine, place = mine + 1, place + 1
                    fairs[event] = fair[step]
                    event, step = event + max(mine, 1), step + 1
                fairs[end : (epoch + 1) * room], orders[end : (epoch + 1) * room] = -1.0, 0.0
        for epoch in range(epochs):
            its_price, its_order = price[epoch, :, first:], order[epoch, :, first:]
            its_fairs, its_orders = row_price[:, epoch * room :], row_order[:, epoch * room :]
            for event in range(room):
                for lane in range(beside):
                    its_price[event, lane] = its_fairs[lane, event]
                    its_order[event, lane] = its_orders[lane, event]
