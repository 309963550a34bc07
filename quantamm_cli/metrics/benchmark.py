"""Returns over portfolios that rebalance: a pool of constant weights without fees, and
*rebalancing* at the market's prices.

Both portfolios follow from the trajectory. Over each minute, rebalancing holds the shares s of
value that the pool had at the minute's beginning: it has the pool's exposure without its losses to
arbitrage, and reinvests what it gains by that. The strategy of LVR holds the pool's reserves
instead, so that its gains stay in cash.
"""

import jax
import jax.numpy as jnp

from quantamm_cli.core.types import Daily, Trajectory
from quantamm_cli.metrics.base import Scalar, metric
from quantamm_cli.metrics.returns import annual

COST = 0.001
"""The cost of rebalancing as a fraction of the value sold: 10 basis points, the list fee for takers
of a large exchange.
"""


def constant_weight(path: Trajectory | Daily) -> Scalar:
    """Growth prod_i (p_{N-1,i} / p_{0,i})^s_i of a geometric mean pool without fees, whose constant
    weights s are the first row's shares of value.
    """
    values = jax.lax.stop_gradient(path.first.reserves * path.first.prices)
    return jnp.exp((values / values.sum() * jnp.log(path.last.prices / path.first.prices)).sum())


def rebalancing(path: Trajectory, cost: float = 0.0) -> Scalar:
    """Growth prod_t (1 + sum_i s_{t-1,i} r_{t,i}) (1 - cost sold_t), where r are the assets'
    returns and sold_t is the share of value sold.
    """
    shares = path.reserves * path.prices / path.value[:, None]
    gains = shares[:-1] * (path.prices[1:] / path.prices[:-1] - 1)
    growth = jnp.log1p(gains.sum(-1))
    if cost:
        drifted = (shares[:-1] + gains) / (1 + gains.sum(-1, keepdims=True))
        growth = growth + jnp.log1p(-cost * jnp.maximum(drifted - shares[1:], 0).sum(-1))
    return jnp.exp(growth.sum())


def _growth(path: Trajectory | Daily) -> Scalar:
    return path.last.value / path.first.value


@metric(unit="fraction", reads="days", minutes=2)
def returns_over_constant_weight(path: Trajectory | Daily) -> Scalar:
    """Return over a pool without fees whose constant weights are the first row's shares of value.

    V_{N-1} / (V_0 prod_i (p_{N-1,i} / p_{0,i})^s_i) - 1
    """
    return _growth(path) / constant_weight(path) - 1


@metric(unit="fraction a year", reads="days", minutes=2)
def annualised_returns_over_constant_weight(path: Trajectory | Daily) -> Scalar:
    """Return over a pool of constant weights, as a yearly rate."""
    return annual(_growth(path) / constant_weight(path), path.minutes - 1)


@metric(unit="fraction", minutes=2)
def returns_over_rebalancing(path: Trajectory) -> Scalar:
    """Return over a portfolio that rebalances to the pool's shares of value every minute at market
    prices, without costs.

    V_{N-1} / (V_0 prod_t (1 + sum_i s_{t-1,i} r_{t,i})) - 1
    """
    return _growth(path) / rebalancing(path) - 1


@metric(unit="fraction a year", minutes=2)
def annualised_returns_over_rebalancing(path: Trajectory) -> Scalar:
    """Return over rebalancing, as a yearly rate."""
    return annual(_growth(path) / rebalancing(path), path.minutes - 1)


@metric(unit="fraction", minutes=2, meaning=2)
def loss_versus_rebalancing(path: Trajectory) -> Scalar:
    """Minus LVR: the pool's value less that of the strategy that holds the pool's reserves x over
    every minute and trades at market prices, over the first value. [Milionis et al.,
    arXiv:2208.06046]

    (V_{N-1} - R_{N-1}) / V_0 with R_{N-1} = V_0 + sum_t x_{t-1} (p_t - p_{t-1})

    Fees that the pool earns are in V: they make up for LVR.
    """
    # V_t - V_{t-1} - x_{t-1} (p_t - p_{t-1}) without the difference of two large values
    return (path.prices[1:] * jnp.diff(path.reserves, axis=0)).sum() / path.value[0]


@metric(unit="fraction", minutes=2)
def returns_over_costly_rebalancing(path: Trajectory) -> Scalar:
    """Return over rebalancing that pays 10 basis points of the value sold."""
    return _growth(path) / rebalancing(path, COST) - 1


@metric(unit="fraction a year", minutes=2)
def annualised_returns_over_costly_rebalancing(path: Trajectory) -> Scalar:
    """Return over rebalancing at a cost, as a yearly rate."""
    return annual(_growth(path) / rebalancing(path, COST), path.minutes - 1)


@metric(unit="fraction", minutes=2)
def rebalancing_versus_rebalancing(path: Trajectory) -> Scalar:
    """RVR: the pool's growth less that of rebalancing that pays 10 basis points of the value sold.

    [Willetts & Harrington, arXiv:2410.23404]
    """
    return _growth(path) - rebalancing(path, COST)
