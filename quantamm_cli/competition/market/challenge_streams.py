"""From seeds to the markets of the original challenge: parameters and prices from a seed,
orders from the seed after it.
"""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.competition.market import challenge_paths as paths
from quantamm_cli.competition.market.settings import Integers, MarketSettings, Span, ends
from quantamm_cli.competition.market.threads import shared_out
from quantamm_cli.competition.types import Floats, Market

Words = NDArray[np.uint64]
Steps = NDArray[np.int32]
Flags = NDArray[np.bool_]
BASIS_POINTS = 10_000.0
_MARGIN = 8
"""Standard deviations by which the number of orders is expected to stay below the room for them."""


def market(settings: MarketSettings, sigma_span: Span, seeds: Integers, steps: int) -> Market:
    """The streams of these seeds, of which negative ones stand for those from 2^63 on."""
    others = (
        settings.arrival,
        settings.mean_size,
        settings.normaliser_fee,
        settings.normaliser_liquidity,
    )
    spans = np.array([ends(span) for span in (sigma_span, *others)])
    words, drawn = seeds.astype(np.uint64), np.empty((len(seeds), 5))
    paths.parameters(words, spans, drawn)
    sigma, arrival, mean_size, fee, liquidity = (np.ascontiguousarray(column) for column in drawn.T)
    prices = np.empty((len(seeds), steps))
    shared_out(lambda rows: paths.prices(words[rows], sigma[rows], prices[rows]), len(seeds))
    lists = _orders(words, steps, arrival, mean_size)
    return Market(seeds, sigma, arrival, mean_size, fee / BASIS_POINTS, liquidity, prices, *lists)


def _orders(
    words: Words, steps: int, arrival: Floats, mean_size: Floats
) -> tuple[Steps, Flags, Floats]:
    """The order lists (s, k): into as much room as they are expected to take, then cut; again in
    the rare case that they take more.
    """
    expected = float(arrival.max(initial=0.0)) * steps
    width, totals = (
        int(expected + _MARGIN * np.sqrt(expected)) + _MARGIN,
        np.empty(len(words), np.int64),
    )
    while True:
        shape = len(words), width
        step_of, buys, size = np.empty(shape, np.int32), np.empty(shape, np.bool_), np.empty(shape)
        fill = partial(_fill, words, steps, (arrival, mean_size), (step_of, buys, size), totals)
        shared_out(fill, len(words))
        most = int(totals.max(initial=0))
        if most <= width:
            return (
                np.ascontiguousarray(step_of[:, :most]),
                np.ascontiguousarray(buys[:, :most]),
                np.ascontiguousarray(size[:, :most]),
            )
        width = most


def _fill(
    words: Words,
    steps: int,
    rates: tuple[Floats, Floats],
    lists: tuple[Steps, Flags, Floats],
    totals: Integers,
    rows: slice,
) -> None:
    paths.orders(
        words[rows],
        steps,
        *(rate[rows] for rate in rates),
        *(part[rows] for part in lists),
        totals[rows],
    )
