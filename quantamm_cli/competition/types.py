"""Types shared by the parts of a competition: markets, rules, entrants, outcomes.

Host arrays in double precision. Axes: s simulations (seeds), t steps, k orders of a simulation,
N strategies, a = N + 1 pools (the strategies in their order, then the normaliser), e epochs. X is
the base token, Y the quote token; a fair price is in Y per X, edge and volume are in Y.
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
"""Parameter points: by entrant (its position from 0) and float setting of its strategy, one value a
point, ``(p,)``. Other settings have their own value at every point. All arrays are equally long."""

MOST_STRATEGIES = 16


class Market(NamedTuple):
    """A batch of simulations, independent of the strategies that compete in it."""

    seeds: NDArray[np.int64]
    """``(s,)``"""
    sigma: Floats
    """``(s,)`` standard deviation of a step's log price."""
    arrival: Floats
    """``(s,)`` mean number of orders a step."""
    mean_size: Floats
    """``(s,)`` mean size of an order, in Y."""
    normaliser_fee: Floats
    """``(s,)`` a fraction of the payment."""
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
    """The rules of a competition, the same for every entrant.

    With a ``temperature`` of None it is the pooled standard error of an epoch's scores in each
    simulation, from the squares of the edges of its fills. Scores are in bps of the capital at the
    epoch's beginning (``per_capital``), or in Y (``absolute``).
    """

    base: tuple[float, float] = (100.0, 10_000.0)
    """Opening reserves X and Y of each strategy; their ratio is the price before the first step."""
    least_profit: float = 0.01
    """Smallest profit of an arbitrage trade, in Y."""
    least_notional: float = 0.01
    """Smallest size of an arbitrage trade, in Y."""
    epoch_length: int = 0
    """Steps; 0: capital never moves, and the simulation is reported as one epoch."""
    temperature: float | None = None
    floor: float = 0.02
    """Smallest share of the capital."""
    risk_aversion: float = 2.0
    """Extra weight of a loss in the score: a loss weighs 1 + this, a gain 1."""
    score: Literal["per_capital", "absolute"] = "per_capital"
    weights: Literal["softmax", "spread"] = "softmax"


class Entrant(NamedTuple):
    """A strategy in a line-up, with its name there."""

    name: str
    strategy: Strategy


class Fault(IntEnum):
    """The rule that a strategy broke."""

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
    """The result of a competition. With parameter points, they are a further axis in front:
    ``(p, s, …)``.
    """

    edge: Floats
    """``(s, a)`` Y, at the fair price of each fill; the sum of the next two."""
    arb_edge: Floats
    retail_edge: Floats
    arb_volume: Floats
    """``(s, a)`` payments in Y, at the fair price."""
    retail_volume: Floats
    fills: NDArray[np.int64]
    """``(s, a)`` number of arbitrage trades and parts of orders."""
    arb_fills: NDArray[np.int64]
    """``(s, a)`` number of arbitrage trades."""
    epoch_edge: Floats
    """``(s, e, a)``"""
    epoch_score: Floats
    """``(s, e, N)``"""
    epoch_weight: Floats
    """``(s, e, N)`` the share of capital after the epoch. The last epoch, which may be shorter,
    moves no reserves.
    """
    capital: Floats
    """``(s, a)`` value of the reserves at the fair price after each step's arbitrage, averaged over
    the steps.
    """
    final_reserves: Floats
    """``(s, a, 2)``"""
    invalid_step: NDArray[np.int64]
    """``(s, N)`` the step in which a strategy first broke a rule, after which it quotes no more; -1
    if it broke none.
    """
    invalid_reason: NDArray[np.int64]
    """``(s, N)`` a ``Fault``."""
    invalid_input: Floats
    """``(s, N, 5)`` side (1: the trader buys X), amount, reserves X and Y, and the quote or fee;
    NaN where valid.
    """
    checked: NDArray[np.int64]
    """``(s,)`` number of orders whose split was solved by iteration and checked against quotes; 0
    where all splits are in closed form.
    """
    worse: NDArray[np.int64]
    """``(s,)`` number of these orders for which a split nearby pays more."""
