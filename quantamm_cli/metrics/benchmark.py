"""What was earned against portfolios that rebalance: for nothing inside a pool,
and outside at the market's prices.

The portfolios follow from the trajectory alone. *Rebalancing* holds, over each minute, the shares
$s$ of value that the pool had at its beginning, and so has the pool's exposure without its losses
to arbitrage.
"""

import jax
import jax.numpy as jnp

from quantamm_cli.core.types import Daily, Trajectory
from quantamm_cli.metrics.base import Scalar, metric
from quantamm_cli.metrics.returns import annual

COST = 0.001
"""What rebalancing at a cost pays of all it sells: 10 basis points,
a large exchange's list fee for takers.
"""


def constant_weight(path: Trajectory | Daily) -> Scalar:
    r"""Growth $\prod (p_{N-1}/p_0)^{s_0}$ of a geometric mean pool without fees whose weights
    stay the first row's shares.
    """
    worth = jax.lax.stop_gradient(path.first.reserves * path.first.prices)
    return jnp.exp((worth / worth.sum() * jnp.log(path.last.prices / path.first.prices)).sum())


def rebalancing(path: Trajectory, cost: float = 0.0) -> Scalar:
    r"""Growth $\prod (1 + \sum s_{t-1} r_t)(1 - c\,\sigma_t)$, with $r$ the assets' returns, $c$
    the cost and $\sigma$ the share sold.
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


@metric(unit="fraction", reads="days")
def returns_over_constant_weight(path: Trajectory | Daily) -> Scalar:
    r"""Return over a pool of constant weights, the first row's shares of value,
    that trades without fees.

    $$V_{N-1} / (V_0 \prod (p_{N-1}/p_0)^{s_0}) - 1$$
    """
    return _growth(path) / constant_weight(path) - 1


@metric(unit="fraction a year", reads="days")
def annualised_returns_over_constant_weight(path: Trajectory | Daily) -> Scalar:
    """Return over a pool of constant weights, as a yearly rate."""
    return annual(_growth(path) / constant_weight(path), path.minutes - 1)


@metric(unit="fraction")
def returns_over_rebalancing(path: Trajectory) -> Scalar:
    r"""Return over the portfolio that follows the pool's shares of value, minute by minute, at
    market prices and for nothing.

    $$V_{N-1} / (V_0 \prod (1 + \sum s_{t-1} r_t)) - 1$$
    """
    return _growth(path) / rebalancing(path) - 1


@metric(unit="fraction a year")
def annualised_returns_over_rebalancing(path: Trajectory) -> Scalar:
    """Return over rebalancing, as a yearly rate."""
    return annual(_growth(path) / rebalancing(path), path.minutes - 1)


@metric(unit="fraction")
def loss_versus_rebalancing(path: Trajectory) -> Scalar:
    """Minus LVR: what the pool earned less what rebalancing did, of the first value.
    [Milionis et al., arXiv:2208.06046]
    """
    return _growth(path) - rebalancing(path)


@metric(unit="fraction")
def returns_over_costly_rebalancing(path: Trajectory) -> Scalar:
    """Return over rebalancing that pays 10 basis points of all it sells."""
    return _growth(path) / rebalancing(path, COST) - 1


@metric(unit="fraction a year")
def annualised_returns_over_costly_rebalancing(path: Trajectory) -> Scalar:
    """Return over rebalancing at a cost, as a yearly rate."""
    return annual(_growth(path) / rebalancing(path, COST), path.minutes - 1)


@metric(unit="fraction")
def rebalancing_versus_rebalancing(path: Trajectory) -> Scalar:
    """RVR: what the pool earned less what rebalancing did that pays 10 basis points of all it
    sells, of the first value.

    [Willetts & Harrington, arXiv:2410.23404]
    """
    return _growth(path) - rebalancing(path, COST)
