"""The original challenge's markets: parameters and prices from a seed, orders from the next one."""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.competition.market import challenge_paths as paths
from quantamm_cli.competition.market.settings import Integers, MarketSettings, Span, ends
from quantamm_cli.competition.market.threads import in_threads
from quantamm_cli.competition.types import Floats, Market

Words = NDArray[np.uint64]
Steps = NDArray[np.int32]
Flags = NDArray[np.bool_]
BASIS_POINTS = 10_000.0
_MARGIN = 8
"""Room for orders above their expected number, in standard deviations."""


def market(settings: MarketSettings, sigma_span: Span, seeds: Integers, steps: int) -> Market:
    """The markets of these seeds; negative seeds stand for those from 2^63 on."""
    normaliser = settings.normaliser_fee, settings.normaliser_liquidity
    ranges = (sigma_span, settings.arrival, settings.mean_size, *normaliser)
    spans = np.array([ends(span) for span in ranges])
    words, drawn = seeds.astype(np.uint64), np.empty((len(seeds), 5))
    paths.parameters(words, spans, drawn)
    sigma, arrival, mean_size, fee, liquidity = (np.ascontiguousarray(column) for column in drawn.T)
    prices = np.empty((len(seeds), steps))
    in_threads(lambda rows: paths.prices(words[rows], sigma[rows], prices[rows]), len(seeds))
    lists = _orders(words, steps, arrival, mean_size)
    return Market(seeds, sigma, arrival, mean_size, fee / BASIS_POINTS, liquidity, prices, *lists)


def _orders(
    words: Words, steps: int, arrival: Floats, mean_size: Floats
) -> tuple[Steps, Flags, Floats]:
    """The order lists (s, k): drawn into the expected room and cut to the longest; drawn again in
    the rare case that the room is too small.
    """
    expected = float(arrival.max(initial=0.0)) * steps
    width = int(expected + _MARGIN * np.sqrt(expected)) + _MARGIN
    totals = np.empty(len(words), np.int64)
    while True:
        shape = len(words), width
        step_of, buys, size = np.empty(shape, np.int32), np.empty(shape, np.bool_), np.empty(shape)
        fill = partial(_fill, words, steps, (arrival, mean_size), (step_of, buys, size), totals)
        in_threads(fill, len(words))
        longest = int(totals.max(initial=0))
        if longest <= width:
            return (
                np.ascontiguousarray(step_of[:, :longest]),
                np.ascontiguousarray(buys[:, :longest]),
                np.ascontiguousarray(size[:, :longest]),
            )
        width = longest


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
