"""From settings and seeds to the markets of this project's own streams."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.competition.market import paths
from quantamm_cli.competition.market.settings import Integers, MarketSettings, Regime, Span, ends
from quantamm_cli.competition.market.streams import states
from quantamm_cli.competition.market.threads import shared_out
from quantamm_cli.competition.types import Floats, Market

BASIS_POINTS = 10_000.0


class Rates(NamedTuple):
    """What holds in each regime of each simulation, (s, r)."""

    sigma: Floats
    arrival: Floats
    mean_size: Floats


def market(
    settings: MarketSettings, sigma: Span, regimes: dict[str, Regime], seeds: Integers, steps: int
) -> Market:
    """Fair prices that move by independent lognormal steps."""
    spells_of = list(regimes.values()) or [Regime(share=1.0)]
    rates, (fee, liquidity) = parameters(settings, sigma, regimes, seeds)
    chances = transitions(spells_of)
    spells, moves = states(seeds, "spells"), states(seeds, "prices")
    prices, variance = np.empty((len(seeds), steps)), np.empty(len(seeds))

    def walk(rows: slice) -> None:
        paths.prices(
            spells[rows], moves[rows], chances, rates.sigma[rows], prices[rows], variance[rows]
        )

    shared_out(walk, len(seeds))
    realised = rates.sigma[:, 0] if len(spells_of) == 1 else np.sqrt(variance)
    return with_orders(seeds, realised, prices, rates, chances, fee, liquidity)


def parameters(
    settings: MarketSettings, sigma: Span, regimes: dict[str, Regime], seeds: Integers
) -> tuple[Rates, tuple[Floats, Floats]]:
    """What is drawn once a simulation: rates a regime; the normaliser's fee (a
    fraction) and liquidity (s,).

    A number in place of a range leaves the other draws as they are.
    """
    drawn = fractions(seeds, 5, "parameters")
    at_large = (sigma, settings.arrival, settings.mean_size)
    columns = [tuple(_between(span, drawn[:, k]) for k, span in enumerate(at_large))]
    for name, regime in regimes.items():
        own = fractions(seeds, 3, "parameters of regime", name)
        given = (regime.sigma, regime.arrival, regime.mean_size)
        columns.append(
            tuple(
                columns[0][k] if span is None else _between(span, own[:, k])
                for k, span in enumerate(given)
            )
        )
    rates = (np.stack([column[k] for column in columns[1:] or columns], axis=1) for k in range(3))
    fee = _whole_between(settings.normaliser_fee, drawn[:, 3]) / BASIS_POINTS
    return Rates(*rates), (fee, _between(settings.normaliser_liquidity, drawn[:, 4]))


def with_orders(
    seeds: Integers,
    sigma: Floats,
    prices: Floats,
    rates: Rates,
    chances: Floats,
    fee: Floats,
    liquidity: Floats,
) -> Market:
    """The market of these prices: the retail orders drawn, the parameters
    in the mean over the steps.
    """
    sides, sizes, spells, arriving = (
        states(seeds, name) for name in ("sides", "sizes", "spells", "arrivals")
    )
    counts = np.empty(prices.shape, np.int32)
    shared_out(
        lambda rows: paths.arrivals(
            spells[rows], arriving[rows], chances, rates.arrival[rows], counts[rows]
        ),
        len(seeds),
    )
    totals = (counts & 0xFFFF).sum(axis=1, dtype=np.int64)
    shape = len(seeds), int(totals.max(initial=0))
    step_of, buys, size = np.empty(shape, np.int32), np.empty(shape, np.bool_), np.empty(shape)

    def list_orders(rows: slice) -> None:
        paths.orders(
            counts[rows],
            sides[rows],
            sizes[rows],
            rates.mean_size[rows],
            step_of[rows],
            buys[rows],
            size[rows],
        )

    shared_out(list_orders, len(seeds))
    arrival, mean_size = (_time_mean(rate, counts) for rate in (rates.arrival, rates.mean_size))
    return Market(seeds, sigma, arrival, mean_size, fee, liquidity, prices, step_of, buys, size)


def transitions(regimes: list[Regime]) -> Floats:
    """As :func:`paths.moved` has them.

    A spell begins in a regime in proportion to share / mean_steps, so that time is had by share.
    """
    share = np.array([regime.share for regime in regimes])
    leave = np.array(
        [0.0 if regime.mean_steps is None else 1.0 / regime.mean_steps for regime in regimes]
    )
    begins = share * leave if leave.any() else share
    return np.stack([leave, *(np.cumsum(part) / part.sum() for part in (begins, share))])


def _time_mean(rate: Floats, counts: NDArray[np.int32]) -> Floats:
    """Of a rate (s, r), over the steps whose regimes :func:`paths.arrivals` wrote beside the
    counts; summed in sequence.
    """
    if rate.shape[1] == 1:
        return rate[:, 0]
    time = (
        np.stack([(counts >> 16 == regime).sum(axis=1) for regime in range(rate.shape[1])], axis=1)
        / counts.shape[1]
    )
    summed: Floats = np.cumsum(time * rate, axis=1)
    return summed[:, -1]


def fractions(seeds: Integers, count: int, *name: str) -> Floats:
    drawn = np.empty((len(seeds), count))
    paths.fractions(states(seeds, *name), drawn)
    return drawn


def _between(span: Span, fraction: Floats) -> Floats:
    low, high = ends(span)
    return low + fraction * (high - low)


def _whole_between(span: Span, fraction: Floats) -> Floats:
    low, high = ends(span)
    return (
        np.floor(low + fraction * (high - low + 1.0))
        if high > low
        else np.full(fraction.shape, low)
    )
