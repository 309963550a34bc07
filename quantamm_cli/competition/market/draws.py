"""The markets of this project's own streams, from settings and seeds."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.competition.market import paths
from quantamm_cli.competition.market.settings import Integers, MarketSettings, Regime, Span, ends
from quantamm_cli.competition.market.streams import states
from quantamm_cli.competition.market.threads import in_threads
from quantamm_cli.competition.types import Floats, Market

BASIS_POINTS = 10_000.0


class Rates(NamedTuple):
    """The rates in each regime of each simulation, (s, r)."""

    sigma: Floats
    arrival: Floats
    mean_size: Floats


def market(
    settings: MarketSettings, sigma: Span, regimes: dict[str, Regime], seeds: Integers, steps: int
) -> Market:
    """Markets whose fair prices move by independent lognormal steps."""
    spells_of = list(regimes.values()) or [Regime(share=1.0)]
    rates, (fee, liquidity) = parameters(settings, sigma, regimes, seeds)
    chances = transitions(spells_of)
    spells, moves = states(seeds, "spells"), states(seeds, "prices")
    prices, variance = np.empty((len(seeds), steps)), np.empty(len(seeds))

    def walk(rows: slice) -> None:
        paths.prices(
            spells[rows], moves[rows], chances, rates.sigma[rows], prices[rows], variance[rows]
        )

    in_threads(walk, len(seeds))
    realised = rates.sigma[:, 0] if len(spells_of) == 1 else np.sqrt(variance)
    return with_orders(seeds, realised, prices, rates, chances, fee, liquidity)


def parameters(
    settings: MarketSettings, sigma: Span, regimes: dict[str, Regime], seeds: Integers
) -> tuple[Rates, tuple[Floats, Floats]]:
    """The draws of each simulation: the rates of its regimes; the normaliser's fee (a fraction) and
    liquidity (s,).

    A number in place of a range leaves the other draws as they are.
    """
    drawn = fractions(seeds, 5, "parameters")
    market = Rates(
        _between(sigma, drawn[:, 0]),
        _between(settings.arrival, drawn[:, 1]),
        _between(settings.mean_size, drawn[:, 2]),
    )
    by_regime = [_regime_rates(seeds, name, regime, market) for name, regime in regimes.items()]
    rates = Rates(*(np.stack(rate, axis=1) for rate in zip(*(by_regime or [market]), strict=True)))
    fee = _between_integers(settings.normaliser_fee, drawn[:, 3]) / BASIS_POINTS
    return rates, (fee, _between(settings.normaliser_liquidity, drawn[:, 4]))


def _regime_rates(seeds: Integers, name: str, regime: Regime, market: Rates) -> Rates:
    """The rates (s,) of a regime; where it declares none, those of the market."""
    drawn = fractions(seeds, 3, "parameters of regime", name)
    rates = list(market)
    for k, span in enumerate((regime.sigma, regime.arrival, regime.mean_size)):
        if span is not None:
            rates[k] = _between(span, drawn[:, k])
    return Rates(*rates)


def with_orders(
    seeds: Integers,
    sigma: Floats,
    prices: Floats,
    rates: Rates,
    chances: Floats,
    fee: Floats,
    liquidity: Floats,
) -> Market:
    """The market of these prices, with drawn retail orders and the time means of its rates."""
    sides, sizes, spells, arriving = (
        states(seeds, name) for name in ("sides", "sizes", "spells", "arrivals")
    )
    counts = np.empty(prices.shape, np.int32)

    def draw_counts(rows: slice) -> None:
        paths.arrivals(spells[rows], arriving[rows], chances, rates.arrival[rows], counts[rows])

    in_threads(draw_counts, len(seeds))
    totals = (counts & 0xFFFF).sum(axis=1, dtype=np.int64)
    shape = len(seeds), int(totals.max(initial=0))
    step_of, buys, size = np.empty(shape, np.int32), np.empty(shape, np.bool_), np.empty(shape)

    def list_orders(rows: slice) -> None:
        lists = step_of[rows], buys[rows], size[rows]
        paths.orders(counts[rows], sides[rows], sizes[rows], rates.mean_size[rows], *lists)

    in_threads(list_orders, len(seeds))
    arrival, mean_size = (_time_mean(rate, counts) for rate in (rates.arrival, rates.mean_size))
    return Market(seeds, sigma, arrival, mean_size, fee, liquidity, prices, step_of, buys, size)


def transitions(regimes: list[Regime]) -> Floats:
    """The transitions (3, r) that :func:`paths.moved` takes.

    Spells begin in a regime in proportion to share / mean_steps, so that its share of time is
    ``share``.
    """
    share = np.array([regime.share for regime in regimes])
    leave = np.array([1.0 / (regime.mean_steps or np.inf) for regime in regimes])
    begins = share * leave if leave.any() else share
    return np.stack([leave, *(np.cumsum(part) / part.sum() for part in (begins, share))])


def _time_mean(rate: Floats, counts: NDArray[np.int32]) -> Floats:
    """The mean of a rate (s, r) over the steps, whose regimes :func:`paths.arrivals` wrote beside
    the counts. The sum is sequential, so that its bits are the same everywhere.
    """
    regimes = rate.shape[1]
    if regimes == 1:
        return rate[:, 0]
    steps = np.stack([(counts >> 16 == regime).sum(axis=1) for regime in range(regimes)], axis=1)
    summed: Floats = np.cumsum(steps / counts.shape[1] * rate, axis=1)
    return summed[:, -1]


def fractions(seeds: Integers, count: int, *name: str) -> Floats:
    drawn = np.empty((len(seeds), count))
    paths.fractions(states(seeds, *name), drawn)
    return drawn


def _between(span: Span, fraction: Floats) -> Floats:
    low, high = ends(span)
    return low + fraction * (high - low)


def _between_integers(span: Span, fraction: Floats) -> Floats:
    low, high = ends(span)
    if high > low:
        return np.floor(low + fraction * (high - low + 1.0))
    return np.full(fraction.shape, low)
