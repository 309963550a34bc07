"""What the parts of a competition hand each other: markets, rules, entrants, outcomes.

Host arrays, double precision.

Axes: s simulations (seeds), t steps, k orders of a simulation, N strategies, a = N + 1 pools (the
strategies in the order given, then the normaliser), e epochs. X is the base token, Y the quote
token, a fair price is in Y per X, edge and volume are in Y.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantamm_cli.competition.strategy import Strategy

Floats = NDArray[np.float64]
Points = Mapping[int, Mapping[str, Floats]]
"""Parameter points: for an entrant (its position from 0) and a float setting of its strategy, one
value a point, ``(p,)``. A setting that is not named keeps its value at every point. All arrays are
equally long."""

MOST_STRATEGIES = 16


class Market(NamedTuple):
    """A batch of simulations without any strategy in it: what happens whoever competes."""

    seeds: NDArray[np.int64]
    """``(s,)``"""
    sigma: Floats
    """``(s,)`` standard deviation of a step's log price."""
    arrival: Floats
    """``(s,)`` mean number of orders a step."""
    mean_size: Floats
    """``(s,)`` mean size of an order, in Y."""
    normaliser_fee: Floats
    """``(s,)`` a fraction of what is paid in."""
    normaliser_liquidity: Floats
    """``(s,)`` multiple of the base reserves."""
    prices: Floats
    """``(s, t)`` fair price of each step, after its move."""
    order_step: NDArray[np.int32]
    """``(s, k)`` step of each order, ascending; -1 where there is none, at the end."""
    order_buys: NDArray[np.bool_]
    """``(s, k)`` whether the trader pays Y and gets X."""
    order_size: Floats
    """``(s, k)`` in Y; a seller brings size / fair price of X."""


@dataclass(frozen=True)
class Rules:
    """What every entrant plays by.

    ``temperature`` of None is that of the noise: the pooled standard error of the scores of an
    epoch, simulation by simulation, each from the squares of the edges of its fills. Scores are in
    bps of the epoch's opening capital, or in Y (``absolute``).
    """

    base: tuple[float, float] = (100.0, 10_000.0)
    """Opening reserves of each strategy, X and Y; their ratio is the
    price before the first step.
    """
    least_profit: float = 0.01
    """Y an arbitrageur must gain to trade."""
    least_notional: float = 0.01
    """Y an arbitrage trade is worth at least."""
    epoch_length: int = 0
    """Steps; 0 for no epochs: capital stays where it is, and the whole is reported as one epoch."""
    temperature: float | None = None
    floor: float = 0.02
    """Least share of the capital."""
    risk_aversion: float = 2.0
    """How much more a loss weighs than a gain."""
    score: Literal["per_capital", "absolute"] = "per_capital"
    weights: Literal["softmax", "spread"] = "softmax"


class Entrant(NamedTuple):
    """A strategy in a line-up, under a name of its own."""

    name: str
    strategy: Strategy


class Fault(IntEnum):
    """Which rule a strategy broke."""

    NONE = 0
    FEE = 1
    """A fee is not a number, or above one."""
    NOT_FINITE = 2
    """A quote, or its slope, is not a number."""
    NEGATIVE = 3
    """A quote is below zero."""
    TOO_MUCH = 4
    """A quote is not below the reserve."""


class Outcome(NamedTuple):
    """What a competition came to. Parameter points, where given,
    are a further axis in front: ``(p, s, …)``.
    """

    edge: Floats
    """``(s, a)`` Y, at the fair price of each fill; the sum of the next two."""
    arb_edge: Floats
    retail_edge: Floats
    arb_volume: Floats
    """``(s, a)`` what was paid in, at the fair price."""
    retail_volume: Floats
    fills: NDArray[np.int64]
    """``(s, a)`` arbitrage trades and parts of orders."""
    arb_fills: NDArray[np.int64]
    """``(s, a)`` arbitrage trades among them."""
    epoch_edge: Floats
    """``(s, e, a)``"""
    epoch_score: Floats
    """``(s, e, N)``"""
    epoch_weight: Floats
    """``(s, e, N)`` the share of capital that follows from the epoch. The last, or part,
    of an epoch moves no reserves.
    """
    capital: Floats
    """``(s, a)`` value of the reserves at the fair price, after each step's
    arbitrage, averaged over the steps.
    """
    final_reserves: Floats
    """``(s, a, 2)``"""
    invalid_step: NDArray[np.int64]
    """``(s, N)`` the step in which a strategy first broke a rule,
    after which it quotes no more; -1 if it never did.
    """
    invalid_reason: NDArray[np.int64]
    """``(s, N)`` a ``Fault``."""
    invalid_input: Floats
    """``(s, N, 5)`` side (1: the trader buys X), amount asked, reserves X and Y, and the answer,
    quote or fee; NaN where valid.
    """
    checked: NDArray[np.int64]
    """``(s,)`` orders whose split was solved for and checked against quotes;
    0 where all is in closed form.
    """
    worse: NDArray[np.int64]
    """``(s,)`` of them, orders for which a split nearby pays more."""
